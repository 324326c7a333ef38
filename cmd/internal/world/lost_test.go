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
	} {
		t.Run(name, func(t *testing.T) {
			if got := served(t, c); got > lostWithin {
				t.Errorf("a job waited %s", got)
			}
		})
	}
}

// lostWithin is how long a job of which every event is lost waits at most, from
// its being queued at GitHub to its first step. It counts a delivery of 2 s that
// fails, 15 s until it counts as lost, up to 30 s until the list is read, a boot
// of up to 20 s: and all that again where another job, of which nobody knows yet,
// takes the runner. It does not count a GitHub that is down or limits the App,
// nor a fleet at its caps.
const lostWithin = 3 * time.Minute

func TestAJobWhoseDeliveryIsLostRunsWithinThreeMinutesWhateverCallDies(t *testing.T) {
	for seed := range uint64(10) {
		c := Config{Seed: seed, Script: spread(30), GitHub: githubsim.Faults{Loss: githubsim.Chance{Rate: 1}}, Crash: 0.02}
		if got := served(t, c); got > lostWithin {
			t.Errorf("seed %d: a job waited %s", seed, got)
		}
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

func (deafToLost) Senders() []int64 { return []int64{appID} }

func (deafToLost) Lost(_ context.Context, _ int64, since time.Time) ([]fleet.Event, time.Time, error) {
	return nil, since, nil
}

// unmade is a GitHub that makes no delivery at all, from two minutes after the
// begin on: it lists none as failed either.
func unmade(rate float64) githubsim.Faults {
	return githubsim.Faults{Unmade: githubsim.Chance{Rate: rate, During: githubsim.Window{From: begin().Add(2 * time.Minute)}}}
}

// foundWithin is how long a job of a repository with few runs waits at most of
// which GitHub never made a delivery: a round of the search, and a boot.
const foundWithin = 7 * time.Minute

func TestAJobOfWhichNoDeliveryWasEverMadeRunsWithinSevenMinutes(t *testing.T) {
	for name, c := range map[string]Config{
		"none is made": {Seed: 1, Script: spread(30), GitHub: unmade(1)},
		"and the manager dies after each job is queued": {Seed: 2, Script: spread(30), GitHub: unmade(1), Moments: deaths(30)},
		"half of them are made, and some of those lost": {Seed: 3, Script: spread(30), GitHub: halfMade()},
		"and it dies in its calls":                      {Seed: 4, Script: spread(30), GitHub: unmade(1), Crash: 0.02},
	} {
		t.Run(name, func(t *testing.T) {
			if got := served(t, c); got > foundWithin {
				t.Errorf("a job waited %s", got)
			}
		})
	}
}

// Nothing of the repository is known then but that it was pushed to.
func TestTheFirstJobOfARepositoryIsFoundWithoutAnyDelivery(t *testing.T) {
	for seed := range uint64(5) {
		none := githubsim.Faults{Unmade: githubsim.Chance{Rate: 1}}
		if got := served(t, Config{Seed: seed, Script: spread(1), GitHub: none, Crash: 0.02}); got > foundWithin {
			t.Errorf("seed %d: the job waited %s", seed, got)
		}
	}
}

func halfMade() githubsim.Faults {
	f := unmade(0.5)
	f.Loss.Rate = 0.3
	return f
}

// searchless knows of no runs.
type searchless struct{ reconcile.Search }

func (searchless) Pushed(context.Context, fleet.Installation, int) ([]fleet.Pushed, bool, error) {
	return nil, false, nil
}

func (searchless) Runs(context.Context, fleet.Repository) ([]fleet.Run, error) { return nil, nil }

func TestWithoutTheSearchAJobOfWhichNoDeliveryWasMadeIsMissed(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	s := play(t, Config{
		Seed: 1, Fleet: f, Types: types, Script: spread(3), GitHub: unmade(1),
		Wrap: func(r *reconcile.Reconciler) { r.Search = searchless{r.Search} },
	})
	if s.Good() || s.Jobs.Unserved != 2 {
		t.Errorf("nothing was missed: %+v", s)
	}
}

func TestWithoutTheReadBackALostDeliveryIsMissed(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	s := play(t, Config{
		Seed: 1, Fleet: f, Types: types, Script: spread(3), GitHub: githubsim.Faults{Loss: githubsim.Chance{Rate: 1}},
		Wrap: func(r *reconcile.Reconciler) { r.Deliveries, r.Search = deafToLost{}, nil },
	})
	if s.Good() {
		t.Errorf("nothing was missed: %+v", s)
	}
}
