//go:build !lambda

package wire

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

const dayAhead = ahead(24 * time.Hour)

var (
	worlds = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	fleets = worlds.Add(24 * time.Hour)
)

// outside is GitHub and AWS, where all there is to tell happened at one instant.
type outside struct {
	reconcile.GitHub
	reconcile.Switch
	t *testing.T
}

// told is a value all of whose instants, however deep, are the world's. Pointers
// point to one of their own.
func told[T any]() (v T) {
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(worlds))
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case v.Kind() == reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		}
	}
	fill(reflect.ValueOf(&v).Elem())
	return v
}

func machineThere() fleet.Machine { return fleet.Machine{ID: "i-1", LaunchedAt: worlds} }

func (outside) Launch(context.Context, fleet.IntentID, fleet.Launch) (fleet.Launched, error) {
	return fleet.Launched{Machines: []fleet.Machine{machineThere()}}, nil
}
func (outside) End(context.Context, []fleet.MachineID) map[fleet.MachineID]error { return nil }
func (outside) Machines(context.Context) ([]fleet.Machine, error) {
	return []fleet.Machine{machineThere()}, nil
}
func (outside) Recipes(context.Context) ([]fleet.Recipe, error) { return nil, nil }
func (outside) Leftovers(context.Context) (ec2Fleets, templates map[string]time.Time, err error) {
	return map[string]time.Time{"fleet-1": worlds}, map[string]time.Time{"lt-1": worlds}, nil
}
func (outside) Sweep(context.Context, []string, []string) error                 { return nil }
func (outside) Put(context.Context, fleet.MachineID, string) error              { return nil }
func (outside) Withdraw(context.Context, fleet.MachineID) (bool, error)         { return false, nil }
func (outside) Rerun(context.Context, fleet.Rerun) error                        { return nil }
func (outside) Clean(context.Context, string) error                             { return nil }
func (outside) Scope(context.Context, fleet.Account) (s fleet.Scope, err error) { return s, nil }
func (outside) Open(context.Context, fleet.Scope, string) (bool, error)         { return false, nil }
func (outside) Runs(context.Context, fleet.Repository) ([]fleet.Run, error)     { return nil, nil }
func (outside) Run(context.Context, fleet.Repository, fleet.RunID) (r fleet.Run, err error) {
	return r, nil
}

func (outside) Stored(context.Context) (map[fleet.MachineID]time.Time, error) {
	return map[fleet.MachineID]time.Time{"i-1": worlds}, nil
}
func (outside) Enrolment(context.Context, fleet.Scope) (fleet.Enrolment, time.Time, error) {
	return fleet.Enrolment{}, worlds, nil
}
func (outside) Jobs(context.Context, fleet.Run) ([]fleet.Job, error) {
	return []fleet.Job{told[fleet.Job]()}, nil
}
func (outside) RunnerRelease(context.Context, fleet.Scope, string) (fleet.RunnerRelease, error) {
	return told[fleet.RunnerRelease](), nil
}
func (outside) Follow(context.Context, string) (fleet.Experiment, error) {
	return told[fleet.Experiment](), nil
}

// Job tells nothing that is not known: what it is asked about comes back.
func (o outside) Job(_ context.Context, j fleet.Job) (fleet.Job, error) {
	if diff := cmp.Diff(told[fleet.Job](), j); diff != "" {
		o.t.Errorf("GitHub is asked about a job (-want +got):\n%s", diff)
	}
	return j, nil
}

func (outside) Senders() []int64 { return []int64{1} }

func (o outside) Pushed(context.Context, fleet.Installation, int) ([]fleet.Pushed, bool, error) {
	return []fleet.Pushed{told[fleet.Pushed]()}, false, nil
}

func (o outside) Lost(_ context.Context, _ int64, since time.Time) ([]fleet.Event, time.Time, error) {
	if !since.Equal(worlds) {
		o.t.Errorf("deliveries are read back from %s", since)
	}
	return []fleet.Event{told[fleet.Event]()}, worlds, nil
}

// breaks are AWS's; Start is of the switch there.
type breaks struct{ outside }

func (breaks) Start(context.Context, fleet.Drill) (fleet.Experiment, error) {
	return told[fleet.Experiment](), nil
}

// events is a ledger that keeps what is recorded.
type events struct{ kept []fleet.Event }

func (e *events) Record(_ context.Context, list ...fleet.Event) ([]bool, error) {
	e.kept = append(e.kept, list...)
	return nil, nil
}

// TestWhatTheWorldTellsIsPutByTheFleetsClock asks all that is told to a core whose
// clock is a day ahead.
func TestWhatTheWorldTellsIsPutByTheFleetsClock(t *testing.T) {
	o, ctx := outside{t: t}, t.Context()
	r := &reconcile.Reconciler{
		Cloud: o, Sweeper: o, Configs: o, Runs: o, Accounts: o, Deliveries: o, Search: o, Guards: o, Faults: breaks{o},
		Meters: func() fleet.Meters { return fleet.Meters{told[fleet.Meter]()} },
	}
	dayAhead.shift(r)
	heard := &events{}
	if _, err := dayAhead.heard(heard).Record(ctx, told[fleet.Event]()); err != nil {
		t.Fatal(err)
	}
	launched, _ := r.Cloud.Launch(ctx, "", fleet.Launch{})
	machines, _ := r.Cloud.Machines(ctx)
	ec2Fleets, templates, _ := r.Sweeper.Leftovers(ctx)
	stored, _ := r.Configs.Stored(ctx)
	asked, _ := r.Runs.Job(ctx, dayAhead.job(told[fleet.Job]()))
	_, until, _ := r.Accounts.Enrolment(ctx, fleet.Scope{})
	lost, upTo, _ := r.Deliveries.Lost(ctx, 1, fleets)
	pushed, _, _ := r.Search.Pushed(ctx, fleet.Installation{}, 1)
	found, _ := r.Search.Jobs(ctx, fleet.Run{})
	release, _ := r.Guards.RunnerRelease(ctx, fleet.Scope{}, "")
	begun, _ := r.Faults.Start(ctx, fleet.Drill{})
	followed, _ := r.Faults.Follow(ctx, "")
	all := []any{
		heard.kept, launched.Machines[0].LaunchedAt, machines[0].LaunchedAt, ec2Fleets, templates, stored, asked, until, lost, upTo,
		pushed, found, release, begun, followed, r.Meters(),
	}
	instants := 0
	for i, v := range all {
		visit(reflect.ValueOf(v), func(at time.Time) {
			if instants++; !at.Equal(fleets) {
				t.Errorf("answer %d (%T) has %s", i, v, at)
			}
		})
	}
	if instants < len(all) {
		t.Errorf("%d answers have %d instants", len(all), instants)
	}
	if d := time.Until(r.Now()); d < 23*time.Hour || d > 25*time.Hour {
		t.Errorf("the core's clock is %s ahead", d)
	}
}

// visit calls see with each instant in a value.
func visit(v reflect.Value, see func(time.Time)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Elem(), see)
		}
	case reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), see)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			visit(v.MapIndex(k), see)
		}
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			see(at)
			return
		}
		for i := range v.NumField() {
			visit(v.Field(i), see)
		}
	}
}

func TestAnInstantThatNeverWasStaysSo(t *testing.T) {
	for _, at := range []time.Time{{}, worlds} {
		if got := dayAhead.theirs(dayAhead.ours(at)); !got.Equal(at) || got.IsZero() != at.IsZero() {
			t.Errorf("%s there and back is %s", at, got)
		}
	}
	if got := dayAhead.ours(time.Time{}); !got.IsZero() {
		t.Errorf("no instant became %s", got)
	}
	if got := dayAhead.event(fleet.Event{}); got != (fleet.Event{}) {
		t.Errorf("no event became %+v", got)
	}
}

func TestAFleetOnTheHostsClockHasItsPortsAsTheyAre(t *testing.T) {
	o, kept := outside{t: t}, &events{}
	r := &reconcile.Reconciler{Cloud: o, Runs: o}
	ahead(0).shift(r)
	if r.Cloud != reconcile.Cloud(o) || r.Runs != reconcile.Runs(o) || ahead(0).heard(kept) != kept {
		t.Errorf("ports are wrapped: %T, %T", r.Cloud, r.Runs)
	}
}
