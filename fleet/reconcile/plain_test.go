package reconcile

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

var ghNames = fleet.Plain{URL: "gh-url", Token: "gh-token"}

// plainly is a rig with a standing pool that has a plain form, and its log.
func plainly(t *testing.T) (r *rig, log *bytes.Buffer) {
	t.Helper()
	r, log = standing(t), &bytes.Buffer{}
	f := r.Fleet()
	f.Pools = slices.Clone(f.Pools)
	f.Pools[0].Plain = ghNames
	r.Fleet = func() fleet.Fleet { return f }
	r.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return r, log
}

// scoped is the rig's snapshot with the scope of its pool.
func (r *rig) scoped() fleet.Snapshot {
	s := r.snapshot()
	s.Scopes = map[string]fleet.Scope{"arm": acme}
	return s
}

func launches() []fleet.Intent {
	return []fleet.Intent{{ID: "l", Tries: 1, Launch: &fleet.Launch{
		Pool: "arm", Template: "lt-1:1", Market: fleet.OnDemand, Offers: []fleet.Offer{odA}, Count: 1, Standing: true,
	}}}
}

func TestThePlainFormIsFreshBeforeALaunchOrStart(t *testing.T) {
	r, log := plainly(t)
	r.down()
	for _, tt := range []struct {
		name  string
		after time.Duration
		mine  []fleet.Intent
		want  []string
	}{
		{"before a start", 0, starts("i-1"), []string{"enrolment acme", "plain gh-url gh-token https://github.com/acme", "start i-1"}},
		{"once, while the token is good", 44 * time.Minute, launches(), []string{"launch 1 on-demand"}},
		{"and again when it is not", 45 * time.Minute, launches(), []string{"enrolment acme", "plain gh-url gh-token https://github.com/acme", "launch 1 on-demand"}},
		{"not for a stop", 3 * time.Hour, stops("i-1"), []string{"stop i-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.now = noon.Add(tt.after)
			r.act(t.Context(), r.scoped(), tt.mine)
			if diff := cmp.Diff(tt.want, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
	if strings.Contains(log.String(), "hush") {
		t.Error("the token is in the log")
	}
}

func TestALaunchWaitsForThePlainForm(t *testing.T) {
	for _, tt := range []struct {
		name        string
		call        string
		err         error
		mine        []fleet.Intent
		calls, told []string
	}{
		{"GitHub does not answer", "enrolment", fleet.ErrUnknownOutcome, launches(), []string{"enrolment acme"}, []string{"settle l"}},
		{"SSM does not answer", "plain", fleet.ErrUnknownOutcome, launches(),
			[]string{"enrolment acme", "plain gh-url gh-token https://github.com/acme"}, []string{"settle l"}},
		{"the manager may not write there", "plain", fleet.ErrConfig, launches(),
			[]string{"enrolment acme", "plain gh-url gh-token https://github.com/acme"}, []string{"settle l", "strike 1 launch arm/lt-1:1"}},
		{"a start does not wait", "plain", fleet.ErrConfig, starts("i-1"),
			[]string{"enrolment acme", "plain gh-url gh-token https://github.com/acme", "start i-1"},
			[]string{"settle si-1", "i-1, try 1, runner 1 of acme, taken, started"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := plainly(t)
			r.down()
			r.refuse[tt.call] = tt.err
			got := told(r.act(t.Context(), r.scoped(), tt.mine))
			if diff := cmp.Diff(tt.calls, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.told, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALaunchThatIsSentAgainIsSentWhateverThePlainForm(t *testing.T) {
	r, _ := plainly(t)
	r.refuse["plain"] = fleet.ErrConfig
	mine := launches()
	mine[0].Tries = 2
	r.act(t.Context(), r.scoped(), mine)
	if got := r.asked(); !slices.Contains(got, "launch 1 on-demand") {
		t.Errorf("calls %q", got)
	}
}
