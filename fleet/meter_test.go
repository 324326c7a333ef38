package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

func TestHousekeepingGivesWayFirstAndServingLast(t *testing.T) {
	core := func(remaining int, reset time.Duration) fleet.Meter {
		return fleet.Meter{Installation: 7, Resource: fleet.CoreCalls, Limit: 5000, Remaining: remaining, ResetAt: noon.Add(reset), SeenAt: noon}
	}
	other := func(remaining int) fleet.Meter {
		m := core(remaining, time.Hour)
		m.App = 2
		return m
	}
	for _, tt := range []struct {
		name   string
		meters fleet.Meters
		want   [3]bool // serving, releasing, housekeeping
	}{
		{"GitHub said nothing yet", nil, [3]bool{true, true, true}},
		{"most of the hour's calls are left", fleet.Meters{core(4000, time.Hour)}, [3]bool{true, true, true}},
		{"a fifth is left, of a whole hour", fleet.Meters{core(1000, time.Hour)}, [3]bool{true, true, false}},
		{"a fifth is left, and half of the hour is over", fleet.Meters{core(1000, 30*time.Minute)}, [3]bool{true, true, true}},
		{"a twentieth is left, of a whole hour", fleet.Meters{core(250, time.Hour)}, [3]bool{true, false, false}},
		{"little is left, and the hour ends in a minute", fleet.Meters{core(20, time.Minute)}, [3]bool{true, true, true}},
		{"nothing is left", fleet.Meters{core(0, time.Minute)}, [3]bool{false, false, false}},
		{"nothing was left, and the hour is over", fleet.Meters{core(0, 0)}, [3]bool{true, true, true}},
		{"a reset that is further off than any hour", fleet.Meters{core(1001, 9*time.Hour)}, [3]bool{true, true, true}},
		{"nothing is left, and another App has plenty", fleet.Meters{core(0, time.Hour), other(4000)}, [3]bool{true, true, true}},
		{"nothing is left, and another App has little", fleet.Meters{core(0, time.Hour), other(250)}, [3]bool{true, false, false}},
		{"nothing is left, and another App was not used yet", fleet.Meters{core(0, time.Hour), {App: 2, Installation: 7, Resource: fleet.CoreCalls}}, [3]bool{true, true, true}},
		{"GitHub wants a pause of one App, and another has plenty", fleet.Meters{core(4000, time.Hour), {Installation: 7, PausedUntil: noon.Add(time.Second)}, other(4000)}, [3]bool{true, true, true}},
		{"GitHub wants a pause", fleet.Meters{{Installation: 7, PausedUntil: noon.Add(time.Second)}}, [3]bool{false, false, false}},
		{"a pause is over", fleet.Meters{{Installation: 7, PausedUntil: noon}}, [3]bool{true, true, true}},
		{"another installation has nothing left", fleet.Meters{{Installation: 8, Resource: fleet.CoreCalls, Limit: 5000, ResetAt: noon.Add(time.Hour)}},
			[3]bool{true, true, true}},
		{"registrations are counted apart", fleet.Meters{{Installation: 7, Resource: fleet.Registrations, Limit: 100, ResetAt: noon.Add(time.Hour)}},
			[3]bool{true, true, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got [3]bool
			for c := range got {
				got[c] = tt.meters.Allow(7, fleet.Call(c), noon)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("allowed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRegistrationsAreWhatTheHeadersSay(t *testing.T) {
	of := func(app int64, remaining int, reset time.Duration) fleet.Meter {
		return fleet.Meter{App: app, Installation: 7, Resource: fleet.Registrations, Limit: 10_000, Remaining: remaining, ResetAt: noon.Add(reset)}
	}
	for _, tt := range []struct {
		name   string
		meters fleet.Meters
		left   int
		known  bool
	}{
		{"nothing was told", nil, 0, false},
		{"the rest of the hour", fleet.Meters{of(1, 12, time.Minute)}, 12, true},
		{"a new hour", fleet.Meters{of(1, 12, 0)}, 10_000, true},
		{"two Apps", fleet.Meters{of(1, 12, time.Minute), of(2, 30, time.Minute)}, 42, true},
		{"core calls are no registrations", fleet.Meters{{Installation: 7, Resource: fleet.CoreCalls, Limit: 5, Remaining: 5}}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			left, known := tt.meters.Registrations(7, noon)
			if left != tt.left || known != tt.known {
				t.Errorf("%d, %t; want %d, %t", left, known, tt.left, tt.known)
			}
		})
	}
}

func TestWhoeverMayCallLetsThoseBeforeItCallToo(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		limit := rapid.IntRange(1, 15_000).Draw(r, "limit")
		m := fleet.Meter{
			Installation: 7, Resource: fleet.CoreCalls, Limit: limit, Remaining: rapid.IntRange(0, limit).Draw(r, "remaining"),
			SeenAt: noon, ResetAt: noon.Add(time.Duration(rapid.IntRange(-100, 4000).Draw(r, "reset")) * time.Second),
		}
		for c := fleet.Releasing; c <= fleet.Housekeeping; c++ {
			ms := fleet.Meters{m}
			if ms.Allow(7, c, noon) && !ms.Allow(7, c-1, noon) {
				r.Fatalf("%s is allowed and %s is not: %+v", c, c-1, m)
			}
			if ms.Allow(7, c, noon) && m.Left(noon) <= m.Reserve(c, noon) {
				r.Fatalf("%s goes into its reserve: %+v", c, m)
			}
		}
	})
}
