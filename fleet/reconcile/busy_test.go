package reconcile

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestLooksTellSinceWhenARunnerIsBusy(t *testing.T) {
	r := rigged(t)
	r.machines(1)
	m := r.state().Machines[0]
	m.Scope, m.Try, m.RunnerID, m.MintedAt = acme, 1, 1, noon
	r.has(fleet.Change{Machines: []fleet.Machine{m}})
	for _, tt := range []struct {
		name string
		busy bool
		want time.Duration // after noon; negative: never
	}{
		{"an idle runner is not", false, -1},
		{"the first look that shows it busy", true, time.Minute},
		{"later looks change nothing", true, time.Minute},
		{"once it is idle again it is not", false, -1},
		{"another job, another time", true, 4 * time.Minute},
	} {
		r.hub.runners = []fleet.Runner{{Name: "rf-f-i-1-1", ID: 1, Scope: acme, Online: true, Busy: tt.busy}}
		r.full()
		want := time.Time{}
		if tt.want >= 0 {
			want = noon.Add(tt.want)
		}
		if got := r.state().Runners[0].BusyAt; !got.Equal(want) {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
		r.now = r.now.Add(time.Minute)
	}
}

// A job of an account that the fleet does not hear of runs on its machine, and
// one that it did hear of must not wait for that to end.
func TestAJobDoesNotWaitBehindARunnerThatHasAnother(t *testing.T) {
	r := handed(t)
	r.queue(1, acme)
	r.play(4 * time.Minute)
	if n := len(r.yard.sent); n != 1 {
		t.Errorf("%d launches in four minutes for a job that waits", n)
	}
	r.play(time.Hour)
	for _, line := range r.asked() {
		if line == "end i-9" {
			t.Error("the busy machine was ended")
		}
	}
}
