package cli

import (
	"cmp"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// meterView is one allowance of GitHub's; see the other views.
type meterView struct {
	App          int64     `json:"app"`
	Installation int64     `json:"installation,omitempty"` // left out: the App itself
	Account      string    `json:"account,omitempty"`
	Resource     string    `json:"resource"` // core, actions_runner_registration and others; all: a pause of everything
	Limit        *int      `json:"limit,omitempty"`
	Left         *int      `json:"left,omitempty"`
	Resets       time.Time `json:"resets_at,omitzero"`
	Paused       time.Time `json:"paused_until,omitzero"` // left out once it is over
	Seen         time.Time `json:"seen_at,omitzero"`
}

// viewMeters leaves out pauses that are over: they say nothing any more.
func viewMeters(all fleet.Meters, at time.Time) []meterView {
	out := []meterView{}
	for _, m := range all {
		if m.SeenAt.IsZero() {
			continue
		}
		v := meterView{App: m.App, Installation: m.Installation, Account: m.Account, Resource: cmp.Or(m.Resource, "all"), Seen: m.SeenAt.UTC()}
		if m.PausedUntil.After(at) {
			v.Paused = m.PausedUntil.UTC()
		}
		if m.Resource != "" {
			left := m.Left(at)
			v.Limit, v.Left = &m.Limit, &left
		} else if v.Paused.IsZero() {
			continue
		}
		if m.ResetAt.After(at) {
			v.Resets = m.ResetAt.UTC()
		}
		out = append(out, v)
	}
	return out
}

// String is the allowance as a person reads it.
func (v meterView) String() string {
	who := "the App itself"
	if v.Installation != 0 {
		who = clean(cmp.Or(v.Account, fmt.Sprint("installation ", v.Installation)))
	}
	if v.Limit == nil {
		return fmt.Sprintf("GitHub wants a pause of %s until %s", who, when(v.Paused))
	}
	what := map[string]string{fleet.CoreCalls: "calls", fleet.Registrations: "registrations"}[v.Resource]
	text := fmt.Sprintf("GitHub allows %s %s of %s %s", who, grouped(*v.Left), grouped(*v.Limit), cmp.Or(what, clean(v.Resource)))
	if !v.Resets.IsZero() {
		text += " until " + when(v.Resets)
	}
	return text
}
