package world

import (
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// Closing is one closing of a standing pool and what came of it.
type Closing struct {
	Pool   string    `json:"pool"`
	Closed time.Time `json:"closed"`
	Opened time.Time `json:"opened"`
	// Busy counts machines that ran a job at the closing; the last of them was
	// done, and the last machine stopped, at these times.
	Busy    int       `json:"busy"`
	Done    time.Time `json:"done,omitzero"`
	Stopped time.Time `json:"stopped,omitzero"`
	// Queued counts jobs that were queued while it was closed; the last of them
	// began at this time. That may be up to a boot estimate before the opening:
	// machines come up ahead of it, and GitHub gives jobs to any idle runner.
	Queued int       `json:"queued"`
	Began  time.Time `json:"began,omitzero"`
}

// story tells of a closing in a sentence or two.
func (c Closing) story() string {
	clock := func(t time.Time) string { return t.Format("15:04") }
	text := fmt.Sprintf("Pool %s closed at %s", c.Pool, clock(c.Closed))
	if c.Busy > 0 && !c.Stopped.IsZero() {
		text += fmt.Sprintf(" while a job ran: that went on to its end at %s, and only then its machine stopped", clock(c.Done))
	}
	text += fmt.Sprintf(". It opened at %s", clock(c.Opened))
	if c.Queued > 0 && !c.Began.IsZero() {
		text += "; the machines started a boot ahead, and "
		if began := c.Began.Format(time.TimeOnly); c.Began.Before(c.Opened) {
			text += "GitHub gave the job that had waited for it to the first one up, at " + began
		} else {
			text += "the job that had waited for it began at " + began
		}
	}
	return text + "."
}

// closings are those whose opening has come.
func (w *World) closings() (all []Closing) {
	for _, p := range w.cfg.Fleet.Pools {
		windows, timed := w.cfg.Hours[p.Name]
		if !timed || !p.Stands() {
			continue
		}
		before := time.Time{}
		for open := range windows.From(w.cfg.Begin) {
			if !open.Open.Before(w.Now()) {
				break
			}
			if !before.IsZero() && !w.overridden(p.Name, before, open.Open) {
				all = append(all, w.closing(p, before, open.Open))
			}
			before = open.Close
		}
	}
	return all
}

func (w *World) closing(p fleet.Pool, closed, opened time.Time) Closing {
	c := Closing{Pool: p.Name, Closed: closed, Opened: opened}
	for _, o := range w.GitHub.Outcomes() {
		ours := p.Fits(fleet.NewLabels(o.Labels...))
		switch {
		case ours && !o.Created.Before(closed) && o.Created.Before(opened):
			c.Queued++
			c.Began = latest(c.Began, o.Started)
		case w.poolOf(w.jobs[o.ID]) == p.Name && o.Started.Before(closed) && o.Done.After(closed):
			c.Busy++
			c.Done = latest(c.Done, o.Done)
		}
	}
	for _, s := range w.stood.stops {
		if s.pool == p.Name && !s.at.Before(closed) && s.at.Before(opened) {
			c.Stopped = latest(c.Stopped, s.at)
		}
	}
	return c
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// dueFrom is from when a job's wait counts: its queueing, or the opening of the
// pools that fit it, if all were closed then and make jobs wait.
func (w *World) dueFrom(o githubsim.Outcome) time.Time {
	opening := time.Time{}
	for _, p := range w.cfg.Fleet.Pools {
		if !p.Fits(fleet.NewLabels(o.Labels...)) {
			continue
		}
		h := w.hours(p.Name, o.Created)
		waits := slices.Contains([]fleet.ClosedPolicy{fleet.ClosedWait, fleet.ClosedRefuse}, h.Policy)
		if !h.Closed || !waits {
			return o.Created
		}
		opening = latest(opening, h.Until)
	}
	if opening.After(o.Started) {
		return o.Started // machines come up before the opening
	}
	return latest(o.Created, opening)
}
