package schedule

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestEachPoolStandsByItsOwnHours(t *testing.T) {
	office := windows(t, Rule{Open: "0 8 * * 1-5", Close: "0 20 * * 1-5", Zone: "UTC", Closed: fleet.ClosedWait})
	s := fleet.Snapshot{
		At:    time.Date(2026, 1, 5, 7, 59, 0, 0, time.UTC), // a Monday
		Fleet: fleet.Fleet{Pools: []fleet.Pool{{Name: "slow"}, {Name: "quick"}, {Name: "always"}, {Name: "frozen"}}},
		Boots: map[string]time.Duration{"slow": 2 * time.Minute},
		State: fleet.State{Orders: []fleet.Order{{Kind: fleet.KeepClosed, Subject: "frozen", By: "ann", Reason: "freeze"}, {Kind: fleet.KeepClosed, Subject: "always"}}},
	}
	got := map[string]string{}
	for name, h := range Stand(s, map[string]Windows{"slow": office, "quick": office, "frozen": office}) {
		got[name] = h.String()
		if h.Early {
			got[name] += ", early"
		}
	}
	// always has no hours, so there are none to override.
	want := map[string]string{
		"slow": "closed until Mon 08:00 UTC, early", "quick": "closed until Mon 08:00 UTC", "frozen": "closed (ann: freeze)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hours (-want +got):\n%s", diff)
	}
}
