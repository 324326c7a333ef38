package reconcile

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// meter is what GitHub told of acme's installation just now.
func meter(resource string, limit, remaining int) fleet.Meter {
	return fleet.Meter{
		App: 1, Installation: 7, Account: "acme", Resource: resource, Limit: limit, Remaining: remaining,
		ResetAt: noon.Add(time.Hour), SeenAt: noon,
	}
}

func TestWhenLittleIsLeftWaitingJobsAreServedAndTheRestWaits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		meters fleet.Meters
		want   []string // verbs that GitHub is asked
	}{
		{"GitHub told nothing yet", nil, []string{"job", "mint", "remove", "runners"}},
		{"plenty is left", fleet.Meters{meter(fleet.CoreCalls, 5000, 4000)}, []string{"job", "mint", "remove", "runners"}},
		{"a sixth is left", fleet.Meters{meter(fleet.CoreCalls, 5000, 833)}, []string{"mint", "remove"}},
		{"almost nothing is left", fleet.Meters{meter(fleet.CoreCalls, 5000, 9)}, []string{"mint"}},
		{"no core call is left", fleet.Meters{meter(fleet.CoreCalls, 5000, 0)}, []string{"mint"}},
		{"GitHub allows no registration", fleet.Meters{meter(fleet.Registrations, 100, 0)}, []string{"job", "remove", "runners"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.Meters = func() fleet.Meters { return tt.meters }
			r.machines(1)
			r.queue(1, acme)
			old := fleet.Runner{Name: "rf-f-i-99-1", ID: 5, Scope: acme, FirstAt: noon.Add(-time.Hour), SeenAt: noon.Add(-time.Hour)}
			r.hub.runners = []fleet.Runner{old}
			r.has(fleet.Change{Runners: []fleet.Runner{old}})
			r.memory.ask = r.state().Jobs
			r.memory.ask = slices.DeleteFunc(r.memory.ask, func(j fleet.Job) bool { return r.unanswered(j, noon) })
			r.look()
			_ = r.drop(t.Context(), acme, 5)
			if diff := cmp.Diff(tt.want, r.verbs()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

// verbs is what GitHub was asked so far, each verb once.
func (r *rig) verbs() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, line := range r.calls {
		if verb, _, _ := strings.Cut(line, " "); slices.Contains([]string{"mint", "remove", "runners", "job"}, verb) {
			all = append(all, verb)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestALimitStopsWhatItCounts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		resource string
		mint     bool // a registration was refused
		want     [3]bool
	}{
		{"every call", "", false, [3]bool{}},
		{"core calls", fleet.CoreCalls, false, [3]bool{true, false, false}},
		{"registrations", fleet.Registrations, true, [3]bool{false, true, true}},
		{"core calls, and registrations are such", fleet.CoreCalls, true, [3]bool{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			told := &fleet.LimitedError{Installation: 7, For: time.Minute, Resource: tt.resource}
			if tt.mint {
				r.limitMints(told)
			} else {
				r.limit(told)
			}
			var got [3]bool
			for c := range got {
				err := r.limitOn(7, fleet.Call(c))
				got[c] = err == nil
				r.limit(err) // a limit that is told again spreads no further
				if err != nil && !errors.Is(err, fleet.ErrThrottled) {
					t.Errorf("%v is no limit", err)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("allowed (-want +got):\n%s", diff)
			}
			r.now = r.now.Add(time.Minute)
			if err := errors.Join(r.limitOn(7, fleet.Serving), r.limitOn(7, fleet.Housekeeping)); err != nil {
				t.Errorf("after a minute: %v", err)
			}
		})
	}
}

func TestTheHeadersOfRegistrationsWinOverTheWindow(t *testing.T) {
	second := meter(fleet.Registrations, 10_000, 9_000)
	second.App = 2
	for _, tt := range []struct {
		name   string
		meters fleet.Meters
		used   int
		want   int
	}{
		{"less is left than we registered", fleet.Meters{meter(fleet.Registrations, 10_000, 12)}, 0, 12},
		{"GitHub raised the limit", fleet.Meters{meter(fleet.Registrations, 20_000, 15_000)}, MintsPerHour, 180},
		{"a minute's number holds all the same", fleet.Meters{meter(fleet.Registrations, 10_000, 9_000)}, 0, 180},
		{"two Apps register more a minute, as many as GitHub takes for one account", fleet.Meters{meter(fleet.Registrations, 10_000, 9_000), second}, 0, 300},
		{"without headers the window counts", nil, MintsPerHour - 3, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.Meters = func() fleet.Meters { return tt.meters }
			for range tt.used {
				r.spendMint(7)
			}
			if got := r.mintsAt(7, noon.Add(time.Minute)).Now; got != tt.want {
				t.Errorf("%d may be registered, want %d", got, tt.want)
			}
		})
	}
}

func TestTheAllowancesAreWrittenDownForPeople(t *testing.T) {
	r := rigged(t)
	many := fleet.Meters{}
	for i := range 300 {
		m := meter(fleet.CoreCalls, 5000, 5000-i)
		m.Installation = int64(i)
		many = append(many, m)
	}
	for name, all := range map[string]fleet.Meters{"one": {meter(fleet.CoreCalls, 5000, 9)}, "many": many} {
		r.Meters = func() fleet.Meters { return all }
		r.Full()
		r.look()
		got := MetersIn(r.state().Marks)
		if want := all[max(0, len(all)-metersKept):]; !cmp.Equal(want, got) {
			t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(want, got))
		}
	}
	if got := MetersIn(map[string]string{markMeters: "x"}); got != nil {
		t.Errorf("a mark that cannot be read: %v", got)
	}
}
