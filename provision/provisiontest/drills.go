package provisiontest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/faults"
)

// drills are those of a process that knows nothing of others.
func (e Env) drills() *faults.Drills {
	return &faults.Drills{
		FIS: e.FIS, Cloud: provision.New(e.config()), Fleet: e.Fleet,
		Role: e.DrillRole, Tags: map[string]string{"team": "ci"},
	}
}

// drill is two victims of the first pool, three minutes ahead.
func drill(id string) fleet.Drill {
	return fleet.Drill{ID: id, Pool: "arm64", Count: 2, Notice: 3 * time.Minute}
}

// runs launches machines that run: so many on spot, and one on demand.
func (e Env) runs(t *testing.T, spot int) (onSpot, onDemand []fleet.Machine) {
	t.Helper()
	c := provision.New(e.config())
	onSpot = e.must(t, c, e.intent("spot"), e.launch(t, c, fleet.Spot, spot))
	onDemand = e.must(t, c, e.intent("demand"), e.launch(t, c, fleet.OnDemand, 1))
	e.pass()
	return onSpot, onDemand
}

// start starts a drill that must start.
func (e Env) start(t *testing.T, d fleet.Drill) fleet.Experiment {
	t.Helper()
	got, err := e.drills().Start(t.Context(), d)
	if err != nil || got.ID == "" || got.State == "" {
		t.Fatalf("started %+v, error %v", got, err)
	}
	return got
}

// end follows an experiment until it is over.
func (e Env) end(t *testing.T, id string) fleet.Experiment {
	t.Helper()
	for range 20 {
		got, err := e.drills().Follow(t.Context(), id)
		if err != nil || got.ID != id {
			t.Fatalf("followed %+v, error %v", got, err)
		}
		if got.State.Over() {
			if got.StartedAt.IsZero() || got.EndedAt.Before(got.StartedAt) {
				t.Errorf("from %s to %s", got.StartedAt, got.EndedAt)
			}
			return got
		}
		e.pass()
	}
	t.Fatalf("experiment %s does not end", id)
	return fleet.Experiment{}
}

func compare(a, b fleet.MachineID) int {
	if a < b {
		return -1
	}
	return 1
}

func once(t *testing.T, e Env) {
	e.runs(t, 2)
	first := e.start(t, drill("drill-1"))
	if again := e.start(t, drill("drill-1")); again.ID != first.ID {
		t.Errorf("experiments %s and %s", first.ID, again.ID)
	}
	e.pass()
	e.end(t, first.ID)
	for range 2 { // to clean up twice is no error
		if err := e.drills().Clean(t.Context(), "drill-1"); err != nil {
			t.Error(err)
		}
	}
	e.pass()
	if again := e.start(t, drill("drill-1")); again.ID != first.ID || !again.State.Over() {
		t.Errorf("after all is over: %+v, it was %s", again, first.ID)
	}
	if left, err := e.drills().Left(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("left %v, error %v", left, err)
	}
}

// resumed loses each answer of a start in turn, and starts anew each time, as
// a process does after a crash.
func resumed(t *testing.T, e Env) {
	need(t, e.Lose != nil, "a lost answer")
	e.runs(t, 2)
	for _, op := range []string{"ListExperiments", "ListExperimentTemplates", "CreateExperimentTemplate", "StartExperiment"} {
		e.Lose(op)
		if got, err := e.drills().Start(t.Context(), drill("drill-1")); !errors.Is(err, fleet.ErrUnknownOutcome) {
			t.Fatalf("without the answer of %s: %+v, error %v", op, got, err)
		}
	}
	first := e.start(t, drill("drill-1"))
	e.pass()
	if again := e.start(t, drill("drill-1")); again.ID != first.ID {
		t.Errorf("experiments %s and %s", first.ID, again.ID)
	}
	if left, err := e.drills().Left(t.Context()); err != nil || len(left) != 1 || left["drill-1"].IsZero() {
		t.Errorf("left %v, error %v", left, err)
	}
	e.Lose("DeleteExperimentTemplate")
	if err := e.drills().Clean(t.Context(), "drill-1"); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("cleaned up without an answer: error %v", err)
	}
	if err := e.drills().Clean(t.Context(), "drill-1"); err != nil {
		t.Error(err)
	}
}

func drillsThrottled(t *testing.T, e Env) {
	need(t, e.Throttle != nil, "throttling")
	e.runs(t, 2)
	d := drill("drill-1")
	for _, op := range []string{"ListExperiments", "ListExperimentTemplates", "CreateExperimentTemplate", "StartExperiment"} {
		e.Throttle(op)
		if _, err := e.drills().Start(t.Context(), d); !errors.Is(err, fleet.ErrThrottled) {
			t.Errorf("%s throttled: error %v", op, err)
		}
	}
	id := e.start(t, d).ID
	e.pass()
	for op, call := range map[string]func(context.Context) error{
		"GetExperiment": func(ctx context.Context) error { _, err := e.drills().Follow(ctx, id); return err },
		"ListExperimentResolvedTargets": func(ctx context.Context) error {
			e.end(t, id)
			e.Throttle("ListExperimentResolvedTargets")
			_, err := e.drills().Follow(ctx, id)
			return err
		},
		"StopExperiment":           func(ctx context.Context) error { _, err := e.drills().Stop(ctx, id); return err },
		"DeleteExperimentTemplate": func(ctx context.Context) error { return e.drills().Clean(ctx, d.ID) },
	} {
		if op != "ListExperimentResolvedTargets" {
			e.Throttle(op)
		}
		if err := call(t.Context()); !errors.Is(err, fleet.ErrThrottled) {
			t.Errorf("%s throttled: error %v", op, err)
		}
	}
}

func stopped(t *testing.T, e Env) {
	onSpot, _ := e.runs(t, 2)
	id := e.start(t, drill("drill-1")).ID
	if got, err := e.drills().Stop(t.Context(), id); err != nil || got.State != fleet.ExperimentStopping && got.State != fleet.ExperimentStopped {
		t.Errorf("stopped %+v, error %v", got, err)
	}
	e.pass()
	if got := e.end(t, id); got.State != fleet.ExperimentStopped {
		t.Errorf("ended %+v", got)
	}
	if got, err := e.drills().Stop(t.Context(), id); err != nil || got.State != fleet.ExperimentStopped {
		t.Errorf("stopped again: %+v, error %v", got, err)
	}
	if e.Pass != nil {
		e.Pass(5 * time.Minute)
	}
	if got := alive(t, provision.New(e.config())); len(got) != len(onSpot)+1 {
		t.Errorf("alive: %s", ids(got))
	}
	if _, err := e.drills().Stop(t.Context(), "EXPunknown0000000"); !errors.Is(err, fleet.ErrAbsent) {
		t.Errorf("stop of what is not there: %v", err)
	}
	if _, err := e.drills().Follow(t.Context(), "EXPunknown0000000"); !errors.Is(err, fleet.ErrAbsent) {
		t.Errorf("follow of what is not there: %v", err)
	}
}

func nobody(t *testing.T, e Env) {
	c := provision.New(e.config())
	e.must(t, c, e.intent("demand"), e.launch(t, c, fleet.OnDemand, 3))
	e.pass()
	if got, err := e.drills().Preview(t.Context(), drill("drill-1")); !errors.Is(err, fleet.ErrAbsent) {
		t.Errorf("candidates %s, error %v", ids(got), err)
	}
	if !e.right(t, NobodyInterrupted) {
		return
	}
	got := e.end(t, e.start(t, drill("drill-1")).ID)
	if got.State != fleet.ExperimentFailed || got.Reason == "" || len(got.Victims) != 0 {
		t.Errorf("ended %+v", got)
	}
	e.Pass(5 * time.Minute)
	if got := alive(t, c); len(got) != 3 {
		t.Errorf("alive: %s", ids(got))
	}
}

func conflicted(t *testing.T, e Env) {
	e.mustBeRight(t, OldTemplates)
	need(t, e.Lose != nil, "a lost answer")
	e.runs(t, 2)
	e.Lose("CreateExperimentTemplate")
	if _, err := e.drills().Start(t.Context(), drill("drill-1")); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Fatal(err)
	}
	d := drill("drill-1")
	d.Count = 1
	// The list does not show the template yet, so the token has to say it.
	if got, err := e.drills().Start(t.Context(), d); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("another drill under the same id: %+v, error %v", got, err)
	}
}

func manyDrills(t *testing.T, e Env) {
	e.cheap(t)
	e.runs(t, 2)
	want := map[string]bool{}
	for n := range 101 { // one more than a page
		d := drill(fmt.Sprint("drill-", n))
		d.Notice = fleet.LeastNotice
		id := e.start(t, d).ID
		if _, err := e.drills().Stop(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		want[d.ID] = true
		e.pass()
	}
	left, err := e.drills().Left(t.Context())
	if err != nil || len(left) != len(want) {
		t.Errorf("left %d of %d drills, error %v", len(left), len(want), err)
	}
	other := e.drills()
	other.Fleet = e.Fleet + "-other"
	if left, err := other.Left(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("another fleet has %v, error %v", left, err)
	}
	if err := other.Clean(t.Context(), "drill-7"); err != nil {
		t.Error(err)
	}
	if err := e.drills().Clean(t.Context(), "drill-100"); err != nil {
		t.Error(err)
	}
	e.pass()
	left, err = e.drills().Left(t.Context())
	_, seventh := left["drill-7"]
	_, last := left["drill-100"]
	if err != nil || len(left) != len(want)-1 || !seventh || last {
		t.Errorf("left %d drills, error %v", len(left), err)
	}
}
