package world

import (
	"context"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/github/githubsim"
)

// spread is n jobs, each of a run of its own, at odd times over an hour.
func spread(n int) (jobs []Job) {
	for i := range n {
		jobs = append(jobs, Job{
			Run: i, After: time.Minute + time.Duration(i)*97*time.Second, Duration: 4 * time.Minute,
			Labels: []string{"self-hosted", "linux", "arm64"},
		})
	}
	return jobs
}

// served plays a day and is the longest time that a job waited for its runner.
func served(t *testing.T, c Config) time.Duration {
	t.Helper()
	c.Fleet, c.Types = onePool(fleet.OnDemand)
	s := play(t, c)
	if !s.Good() || s.Jobs.Completed != len(c.Script) {
		t.Fatalf("summary: %+v", s)
	}
	return time.Duration(s.Wait.Max * float64(time.Second))
}

func TestAJobWhoseDeliveryIsLostRunsWithinThreeMinutesWhateverDies(t *testing.T) {
	all := githubsim.Faults{Loss: githubsim.Chance{Rate: 1}}
	for name, c := range map[string]Config{
		"no delivery arrives":                           {Seed: 1, Script: spread(30), GitHub: all},
		"and the manager dies after each job is queued": {Seed: 2, Script: spread(30), GitHub: all, Moments: deaths(30)},
		"and it dies in its calls":                      {Seed: 3, Script: spread(30), GitHub: all, Crash: 0.02},
	} {
		t.Run(name, func(t *testing.T) {
			if got := served(t, c); got > 3*time.Minute {
				t.Errorf("a job waited %s", got)
			}
		})
	}
}

// deaths are as many, ten seconds after each job of spread.
func deaths(n int) (all []Moment) {
	for _, j := range spread(n) {
		all = append(all, Moment{After: j.After + 10*time.Second, Do: func(w *World) {
			w.restart()
			w.setLook(w.Now().Add(2 * time.Second))
		}})
	}
	return all
}

// deafToLost hears of no lost delivery.
type deafToLost struct{}

func (deafToLost) Lost(_ context.Context, since time.Time) ([]fleet.Event, time.Time, error) {
	return nil, since, nil
}

func TestWithoutTheReadBackALostDeliveryIsMissed(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	s := play(t, Config{
		Seed: 1, Fleet: f, Types: types, Script: spread(3), GitHub: githubsim.Faults{Loss: githubsim.Chance{Rate: 1}},
		Wrap: func(r *reconcile.Reconciler) { r.Deliveries = deafToLost{} },
	})
	if s.Good() {
		t.Errorf("nothing was missed: %+v", s)
	}
}
