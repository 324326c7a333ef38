package world

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/chaos"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// drilled plays three long jobs on Spot and a drill on two of them.
func drilled(t *testing.T, crash float64) (*World, fleet.State) {
	t.Helper()
	f, types := onePool(fleet.SpotFirst)
	job := Job{After: time.Minute, Duration: 40 * time.Minute, Labels: labels["linux-arm64"]}
	script := []Job{job, job, job}
	for i := range script {
		script[i].Run = i
	}
	drill := fleet.Drill{ID: "d1", Pool: "arm64", Count: 2, Notice: 4 * time.Minute}
	w, err := New(t.Context(), Config{
		Seed: 3, Begin: begin(), Fleet: f, Types: types, Script: script, Crash: crash,
		Moments: []Moment{{After: 10 * time.Minute, Do: func(w *World) {
			o := fleet.Order{ID: drill.ID, Kind: fleet.Inject, Subject: drill.Pool, By: "ann", Reason: "practice", At: w.Now(), Drill: &drill}
			if err := w.Store.Place(t.Context(), o); err != nil {
				t.Error(err)
			}
			w.wake()
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Run(t.Context(), 6*time.Hour); err != nil {
		t.Fatal(err)
	}
	state, err := w.Store.Read(t.Context())
	if err != nil || len(state.Drills) != 1 {
		t.Fatalf("%d drills, error %v", len(state.Drills), err)
	}
	return w, state
}

func TestEveryJobThatADrillInterruptsEndsGreen(t *testing.T) {
	for name, crash := range map[string]float64{"by a manager that lives": 0, "by one that dies now and then": 0.05} {
		t.Run(name, func(t *testing.T) {
			w, state := drilled(t, crash)
			d := state.Drills[0]
			jobs, err := w.Store.Jobs(t.Context(), ledger.Query{})
			if err != nil {
				t.Fatal(err)
			}
			v := chaos.Judge(chaos.See(fleet.Snapshot{At: w.Now(), Fleet: w.cfg.Fleet, State: state}, d, jobs))
			if v.Result != chaos.Passed || len(v.Fates) != 2 || len(d.Experiment.Victims) != 2 || len(d.RanBefore) != 3 || d.AfterAt.IsZero() || len(d.Runs) != 2 {
				t.Errorf("%s %q: %+v of %+v", v.Result, v.Why, v.Fates, d)
			}
			for _, f := range v.Fates {
				if f.Outcome != chaos.Rerun || f.Again.Job.Attempt != 2 || f.Again.Market != fleet.OnDemand {
					t.Errorf("fate: %+v", f)
				}
			}
			if n := w.AWS.Calls()["fis"]["StartExperiment"]; n != 1 && crash == 0 {
				t.Errorf("%d experiments were started", n)
			}
			if s := w.Summary(); !s.Good() || s.Interrupted.Again != 2 {
				t.Errorf("summary: %+v", s)
			}
		})
	}
}
