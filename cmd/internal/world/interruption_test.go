package world

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestAnInterruptionIsToldAsFarAsItCame(t *testing.T) {
	warned := Interruption{Machine: "i-1", Job: 7, Notice: begin()}
	broken := warned
	broken.Interrupted = begin().Add(2 * time.Minute)
	again := broken
	again.Again, again.Rerun = 9, begin().Add(20*time.Minute)
	green := again
	green.Began, green.Done, green.On, green.Market, green.Conclusion = begin().Add(21*time.Minute), begin().Add(25*time.Minute), "i-2", fleet.OnDemand, "success"
	red, spot := green, green
	red.Conclusion, spot.Market = "failure", fleet.Spot
	for _, tt := range []struct {
		name string
		i    Interruption
		want string
	}{
		{"nothing happened", Interruption{}, ""},
		{"a notice only", warned, "Spot gave i-1 notice at 08:00:00 while job 7 ran on it."},
		{"a job that is interrupted", broken, "Spot gave i-1 notice at 08:00:00 while job 7 ran on it. It was interrupted at 08:02:00, and is not run again yet."},
		{"one that is run again", again, "Spot gave i-1 notice at 08:00:00 while job 7 ran on it. It was interrupted at 08:02:00, run again as 9 at 08:20:00, and is not over yet."},
		{"one that is green", green, "Spot gave i-1 notice at 08:00:00 while job 7 ran on it. It was interrupted at 08:02:00, run again as 9 at 08:20:00, and ended as success at 08:25:00 on i-2 on demand: 25m0s from notice to green."},
		{"one that fails again", red, "Spot gave i-1 notice at 08:00:00 while job 7 ran on it. It was interrupted at 08:02:00, run again as 9 at 08:20:00, and ended as failure at 08:25:00 on i-2 on demand."},
		{"one that GitHub gave to a Spot machine", spot, "Spot gave i-1 notice at 08:00:00 while job 7 ran on it. It was interrupted at 08:02:00, run again as 9 at 08:20:00, and ended as success at 08:25:00 on i-2 on Spot: 25m0s from notice to green."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.i.story()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// Of two jobs of a run that are run again, the next life is the one of the same
// name.
func TestAnInterruptionIsFollowedToItsOwnNextLife(t *testing.T) {
	f, types := onePool(fleet.SpotFirst)
	job := Job{Run: 1, After: time.Minute, Duration: 30 * time.Minute, Labels: labels["linux-arm64"]}
	fails := job
	fails.Failed, fails.Duration = true, time.Minute
	w, err := New(t.Context(), Config{
		Seed: 1, Begin: begin(), Fleet: f, Types: types, Script: []Job{fails, job}, Mishaps: Mishaps{Interrupt: 10 * time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Run(t.Context(), 6*time.Hour); err != nil {
		t.Fatal(err)
	}
	i := w.Summary().Interruption
	if i == nil || i.Notice.Sub(begin()) != 10*time.Minute || i.Conclusion != "success" || i.Market != fleet.OnDemand {
		t.Fatalf("interruption: %+v", i)
	}
	// The agent stops its runner a little before the machine goes.
	if gone := i.Interrupted.Sub(i.Notice); gone < time.Minute || gone > fleet.NoticeTime || !i.Rerun.After(i.Interrupted) || i.Done.Sub(i.Began) != 30*time.Minute {
		t.Errorf("interruption: %+v", i)
	}
}
