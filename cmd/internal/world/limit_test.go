package world

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

// overlong plays one job of seven hours in a pool whose limit is given, 0 for
// the standard one. A half of a second lies between GitHub's clock, of which it
// tells whole seconds, and the job's begin.
func overlong(t *testing.T, limit time.Duration, wrap func(*reconcile.Reconciler)) (Summary, error) {
	t.Helper()
	f, types := onePool(fleet.OnDemand)
	f.Pools[0].JobLimit = limit
	w, err := New(t.Context(), Config{
		Seed: 1, Begin: begin(), Fleet: f, Types: types, Wrap: wrap,
		Script: []Job{{After: 500 * time.Millisecond, Duration: 7 * time.Hour, Labels: []string{"self-hosted", "linux", "arm64"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	err = w.Run(t.Context(), 48*time.Hour)
	return w.Summary(), err
}

func TestAJobOverItsLimitIsEndedAndThatBreaksNothing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit time.Duration
		ended int
	}{
		{"the standard limit", 0, 1},
		{"a shorter one of the pool", time.Hour, 1},
		{"a longer one of the pool", 8 * time.Hour, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := overlong(t, tt.limit, nil)
			if err != nil || !s.Good() || s.Jobs.Completed+s.Jobs.OverLimit != 1 || s.Jobs.OverLimit != tt.ended {
				t.Errorf("error %v, summary %+v", err, s)
			}
		})
	}
}

func TestAMachineThatIsEndedBeforeItsPoolsLimitIsCaught(t *testing.T) {
	_, err := overlong(t, time.Hour, func(r *reconcile.Reconciler) {
		of := r.Fleet
		r.Fleet = func() fleet.Fleet {
			f := of()
			f.Pools = slices.Clone(f.Pools)
			f.Pools[0].JobLimit -= 2 * time.Second
			return f
		}
	})
	if err == nil || !strings.Contains(err.Error(), "was ended while job") {
		t.Errorf("error %v", err)
	}
}

func TestAMachineThatAnOperatorEndsBreaksNothing(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	w, err := New(t.Context(), Config{
		Seed: 1, Begin: begin(), Fleet: f, Types: types,
		Script: []Job{{Duration: time.Hour, Labels: []string{"self-hosted", "linux", "arm64"}}},
		Moments: []Moment{{After: 30 * time.Minute, Do: func(w *World) {
			for id := range w.agents {
				o := fleet.Order{ID: "end " + id, Kind: fleet.Halt, Subject: id, By: "ann", Reason: "it hangs", At: w.Now()}
				if err := w.Store.Place(t.Context(), o); err != nil {
					t.Error(err)
				}
			}
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Run(t.Context(), 48*time.Hour); err != nil {
		t.Error(err)
	}
	if began := w.GitHub.Outcomes()[0]; began.Done.Sub(began.Started) > 45*time.Minute {
		t.Errorf("the job was not ended: %+v", began)
	}
}
