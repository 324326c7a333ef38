package reconcile

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// TestAnOutcomeThatComesTooLateIsDropped is a process that stands still between an
// act's answer and its record: another takes the intent up and goes on from there.
func TestAnOutcomeThatComesTooLateIsDropped(t *testing.T) {
	for _, tt := range []struct {
		name   string
		with   func(*rig)
		rivals []string // rows as the other leaves them
	}{
		{"a registration", func(r *rig) {
			r.machines(1)
			r.queue(1, acme)
		}, []string{"i-1, try 1, runner 1 of acme, taken, resent, tried"}}, // its agent may have the config
		{"a launch", func(r *rig) { r.queue(1, acme) }, []string{"i-1, try 1, runner 1 of acme"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEachLedger(t, func(t *testing.T, r *rig, rival *Reconciler) {
				tt.with(r)
				said := &bytes.Buffer{}
				r.Log = slog.New(slog.NewTextHandler(said, nil))
				var left []string
				late := &meeting{GitHub: r.GitHub, Cloud: r.Cloud}
				late.acted = func() {
					late.acted = func() {}
					r.now = r.now.Add(fleet.ResendAfter + time.Second)
					for range 4 { // it sends again, and goes on
						if _, err := rival.Once(t.Context()); err != nil {
							t.Error(err)
						}
						r.now = r.now.Add(mintPause)
					}
					left = r.machineRows()
				}
				r.GitHub, r.Cloud = late, late
				if _, err := r.Once(t.Context()); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.rivals, left); diff != "" {
					t.Errorf("machines as the other left them (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(left, r.machineRows()); diff != "" {
					t.Errorf("machines (-before the late outcome +after):\n%s", diff)
				}
				if !strings.Contains(said.String(), `msg="outcome dropped: it came too late" intents=1`) {
					t.Errorf("the log says: %s", said)
				}
			})
		})
	}
}

// mintPause is more than what a mint that came to nothing waits for.
const mintPause = 10 * time.Second

// held is a FIS whose answer arrives when another manager has acted.
type held struct {
	*fis
	during func()
}

func (f *held) Follow(ctx context.Context, id string) (fleet.Experiment, error) {
	e, err := f.fis.Follow(ctx, id)
	e.Victims = []fleet.MachineID{"i-1"}
	if f.during != nil {
		during := f.during
		f.during = nil
		during()
	}
	return e, err
}

func TestFollowingADrillUndoesNothing(t *testing.T) {
	onEachLedger(t, func(t *testing.T, r *rig, rival *Reconciler) {
		run := fleet.DrillRun{
			Drill: fleet.Drill{ID: "d1", Pool: "arm", Count: 1}, At: noon, SeenAt: noon.Add(-time.Minute),
			Experiment: fleet.Experiment{ID: "EXP1", State: fleet.ExperimentRunning, Victims: []fleet.MachineID{"i-1"}},
		}
		r.has(fleet.Change{Drills: []fleet.DrillRun{run}})
		f := &held{fis: &fis{state: fleet.ExperimentRunning}}
		f.during = func() {
			// The other hears that the victim has its notice, and that FIS is done.
			n := fleet.Notice{Machine: "i-1", Kind: fleet.Interruption, At: noon}
			r.hears(fleet.Event{ID: "n", At: noon, Notice: &n})
			f.state = fleet.ExperimentCompleted
			for range 3 {
				if _, err := rival.Once(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
		r.Faults, rival.Faults = f, f
		if _, err := r.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := r.state().Drills[0]
		if len(d.Notices) != 1 || d.Experiment.State != fleet.ExperimentCompleted || !d.Cleaned {
			t.Errorf("row %+v", d)
		}
	})
}

func TestADrillsRowIsLeftToWhoTakesItsStep(t *testing.T) {
	s := fleet.Snapshot{At: noon, Fleet: fleet.Fleet{Name: "f"}, State: fleet.State{
		Drills:  []fleet.DrillRun{{Drill: fleet.Drill{ID: "d1"}, At: noon, Experiment: fleet.Experiment{ID: "EXP1", State: fleet.ExperimentCompleted, Victims: []fleet.MachineID{"i-1"}}}},
		Notices: []fleet.Notice{{Machine: "i-1", Kind: fleet.Interruption, At: noon}},
		Intents: []fleet.Intent{{ID: "x", ReservedAt: noon, SentAt: noon, Drill: &fleet.DrillStep{Drill: fleet.Drill{ID: "d1"}, Clean: true}}},
	}}
	if p := fleet.Decide(s); len(p.Drills) != 0 {
		t.Errorf("a plan writes %+v", p.Drills)
	}
	s.State.Intents = nil
	if p := fleet.Decide(s); len(p.Drills) != 1 || len(p.Drills[0].Notices) != 1 {
		t.Errorf("when the step is over a plan writes %+v", p.Drills)
	}
}
