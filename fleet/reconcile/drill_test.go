package reconcile

import (
	"context"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

// fis is a fault injection that answers with one experiment, or an error.
type fis struct {
	state fleet.ExperimentState
	err   error
	asked []string
}

func (f *fis) Start(_ context.Context, d fleet.Drill) (fleet.Experiment, error) {
	f.asked = append(f.asked, "start "+d.ID)
	return fleet.Experiment{ID: "EXP1", State: f.state}, f.err
}

func (f *fis) Follow(_ context.Context, id string) (fleet.Experiment, error) {
	f.asked = append(f.asked, "follow "+id)
	return fleet.Experiment{ID: id, State: f.state}, f.err
}

func (f *fis) Clean(_ context.Context, id string) error {
	f.asked = append(f.asked, "clean "+id)
	return f.err
}

func TestWhatComesOfADrillsStep(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults *fis
		clean  bool
		want   func(fleet.DrillRun) bool
	}{
		{"it is started", &fis{state: fleet.ExperimentPending}, false, func(d fleet.DrillRun) bool {
			return d.Experiment.ID == "EXP1" && d.SeenAt.Equal(noon) && !d.Over()
		}},
		{"a start that is not answered is tried again", &fis{err: fleet.ErrUnknownOutcome}, false, func(d fleet.DrillRun) bool {
			return d.Experiment.ID == "" && d.TriedAt.Equal(noon) && !d.Over()
		}},
		{"what FIS refuses is not run", &fis{err: fleet.ErrConfig}, false, func(d fleet.DrillRun) bool { return d.Refused == fleet.ErrConfig.Error() }},
		{"without a role it is refused", nil, false, func(d fleet.DrillRun) bool { return d.Refused == noDrills }},
		{"it is cleaned up", &fis{}, true, func(d fleet.DrillRun) bool { return d.Cleaned && d.Over() }},
		{"a clean-up that failed is tried again", &fis{err: fleet.ErrThrottled}, true, func(d fleet.DrillRun) bool {
			return !d.Cleaned && d.TriedAt.Equal(noon)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			if tt.faults != nil {
				r.Faults = tt.faults
			}
			drill := fleet.Drill{ID: "d1", Pool: "arm", Count: 1}
			r.has(fleet.Change{Drills: []fleet.DrillRun{{Drill: fleet.Drill{ID: "d0"}}, {Drill: drill}}})
			o := r.drill(t.Context(), r.snapshot(), fleet.Intent{ID: "x", Drill: &fleet.DrillStep{Drill: drill, Clean: tt.clean}})
			if len(o.Drills) != 1 || o.Drills[0].Drill.ID != "d1" || !tt.want(o.Drills[0]) || len(o.Settle) != 1 {
				t.Errorf("outcome: %+v", o)
			}
		})
	}
}

func TestAnExperimentIsFollowedToItsEndAndNoFurther(t *testing.T) {
	r := rigged(t)
	f := &fis{state: fleet.ExperimentRunning}
	r.Faults = f
	r.has(fleet.Change{Drills: []fleet.DrillRun{{Drill: fleet.Drill{ID: "d1", Pool: "arm", Count: 1}, At: noon, Experiment: fleet.Experiment{ID: "EXP1", State: fleet.ExperimentPending}}}})
	r.due = r.now
	r.play(3 * fleet.FollowEvery)
	if n := len(f.asked); n != 3 && n != 4 {
		t.Errorf("asked %d times in %s: %q", n, 3*fleet.FollowEvery, f.asked)
	}
	f.state, f.asked = fleet.ExperimentCompleted, nil
	r.play(2 * fleet.FollowEvery)
	if len(f.asked) != 2 || f.asked[1] != "clean d1" {
		t.Errorf("asked %q", f.asked)
	}
	if d := r.state().Drills[0]; !d.Cleaned || d.Experiment.State != fleet.ExperimentCompleted {
		t.Errorf("row: %+v", d)
	}
}
