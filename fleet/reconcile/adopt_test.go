package reconcile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// handed is a fleet that a new ledger adopts: one machine that runs a job of
// which the new ledger knows nothing.
func handed(t *testing.T) *rig {
	t.Helper()
	r := rigged(t)
	r.yard.shown = []fleet.Machine{{
		ID: "i-9", Pool: "arm", Ledger: "lost", Template: "lt-1:1", Offer: odA, LaunchedAt: noon.Add(-time.Hour), State: fleet.Up,
	}}
	r.hub.runners = []fleet.Runner{{Name: "rf-f-i-9-1", ID: 50, Scope: acme, Online: true, Busy: true}}
	r.hub.next = 50
	r.due = noon
	return r
}

func TestAnAdoptedMachineIsFoundWhereJobsComeFrom(t *testing.T) {
	r := handed(t)
	r.queue(1, acme)
	want := []string{"i-9, try 1, runner 50 of acme, taken, ready, adopted", "rf-f-i-9-1, new, seen"}
	if diff := cmp.Diff(want, r.full()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestAJobThatRunsAtAnAdoptionRunsToItsEnd(t *testing.T) {
	for _, tt := range []struct {
		name string
		jobs func(*rig)
	}{
		{"when no job is known", func(*rig) {}},
		{"when a job of its scope waits", func(r *rig) { r.queue(1, acme) }},
		{"when a job of another scope waits", func(r *rig) { r.queue(1, zeta) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := handed(t)
			tt.jobs(r)
			r.play(2 * time.Hour)
			for _, line := range r.asked() {
				if strings.HasPrefix(line, "end ") && strings.Contains(line, "i-9") {
					t.Errorf("it was ended in the middle of its job: %s", line)
				}
			}
		})
	}
}
