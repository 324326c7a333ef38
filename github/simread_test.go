package github_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

func TestAJobOfTheSimulationIsReadAsItIsNow(t *testing.T) {
	type seen struct {
		Status             fleet.JobStatus
		Conclusion, Runner string
		Began, Ended       bool
	}
	for name, tt := range map[string]struct {
		do   func(s *simulated, j fleet.Job)
		want seen
	}{
		"waiting for a runner": {func(*simulated, fleet.Job) {}, seen{Status: fleet.Queued}},
		"running": {func(s *simulated, _ fleet.Job) { s.minted(acme, "rf-1"); s.run(time.Minute) },
			seen{Status: fleet.Running, Runner: "rf-1", Began: true}},
		"done": {func(s *simulated, _ fleet.Job) { s.minted(acme, "rf-1"); s.run(time.Hour) },
			seen{fleet.Done, "success", "rf-1", true, true}},
		"cancelled in the queue": {func(s *simulated, j fleet.Job) { s.sim.Cancel(githubsim.JobID(j.Key.ID)) },
			seen{Status: fleet.Done, Conclusion: "cancelled", Ended: true}},
		"lost with its machine": {func(s *simulated, _ fleet.Job) {
			id := s.minted(acme, "rf-1")
			s.run(time.Minute)
			s.sim.Vanish(githubsim.RunnerID(id))
			s.run(10 * time.Minute)
		}, seen{fleet.Done, "failure", "rf-1", true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, nil)
			j := s.queued()
			tt.do(s, j)
			now, err := s.Job(t.Context(), j)
			s.must(err)
			got := seen{now.Status, now.Conclusion, now.Runner, !now.StartedAt.IsZero(), !now.DoneAt.IsZero()}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("job (-want +got):\n%s", diff)
			}
			if now.Key != (fleet.JobKey{ID: j.Key.ID, Attempt: 1}) || now.Class.Labels != "arm64,linux" || !now.QueuedAt.Equal(noon) {
				t.Errorf("job %+v of %s, queued at %s", now.Key, now.Class, now.QueuedAt)
			}
		})
	}
}

func TestAJobThatGitHubDoesNotShowIsAbsent(t *testing.T) {
	s := simulate(t, nil)
	j := s.queued()
	for name, change := range map[string]func(*fleet.Job){
		"an unknown number":      func(j *fleet.Job) { j.Key.ID++ },
		"another repository":     func(j *fleet.Job) { j.Repo = "acme/none" },
		"another's installation": func(j *fleet.Job) { j.Class.Scope = alice },
	} {
		t.Run(name, func(t *testing.T) {
			asked := j
			change(&asked)
			if _, err := s.Job(t.Context(), asked); meaning(err) != "absent" {
				t.Errorf("error %v, want absent", err)
			}
		})
	}
}

func TestLostDeliveriesAreReadBackAsTheyWouldHaveArrived(t *testing.T) {
	const jobs = 60 // with their runs more than a page of deliveries
	day := func(f githubsim.Faults) *simulated {
		s := simulate(t, func(c *githubsim.Config) { c.Faults = f })
		for range jobs {
			s.queued()
		}
		s.run(10 * time.Minute)
		return s
	}
	healthy := day(githubsim.Faults{})
	lossy := day(githubsim.Faults{Loss: githubsim.Chance{Rate: 1}})
	if len(healthy.arrived) != jobs || len(lossy.arrived) != 0 {
		t.Fatalf("%d and %d events arrived, want %d and 0", len(healthy.arrived), len(lossy.arrived), jobs)
	}
	got, upTo, err := lossy.Lost(t.Context(), noon)
	lossy.must(err)
	// Only the instant at which we learned of it differs.
	plain := func(events []fleet.Event) []fleet.Event {
		out := slices.Clone(events)
		for i := range out {
			row := *out[i].Job
			row.RecordedAt, row.ChangedAt = time.Time{}, time.Time{}
			out[i].At, out[i].Job = time.Time{}, &row
		}
		return out
	}
	if diff := cmp.Diff(plain(healthy.arrived), plain(got)); diff != "" {
		t.Errorf("events (-arrived +read back):\n%s", diff)
	}
	if n := lossy.sim.Calls()["list-deliveries"]; n != 2 {
		t.Errorf("the list was read in %d calls, want 2", n)
	}
	if upTo.Before(noon) || upTo.After(noon.Add(2*time.Second)) {
		t.Errorf("read up to %s, want the last delivery", upTo)
	}
	if none, _, err := healthy.Lost(t.Context(), noon); err != nil || len(none) != 0 {
		t.Errorf("of a healthy day %d events were read back, %v", len(none), err)
	}
	if none, _, err := lossy.Lost(t.Context(), upTo.Add(time.Second)); err != nil || len(none) != 0 {
		t.Errorf("after the last one %d events were read back, %v", len(none), err)
	}
}

func TestADeliveryThatArrivedOnceIsNotLost(t *testing.T) {
	s := simulate(t, func(c *githubsim.Config) {
		c.Faults.Double.Rate = 1
		c.Faults.Loss = githubsim.Chance{Rate: 1, During: githubsim.Window{To: noon.Add(2 * time.Second)}}
	})
	for range 20 {
		s.queued()
	}
	s.run(10 * time.Minute)
	arrived := map[string]bool{}
	for _, e := range s.arrived {
		arrived[e.ID] = true
	}
	got, _, err := s.Lost(t.Context(), noon)
	s.must(err)
	for _, e := range got {
		if arrived[e.ID] {
			t.Errorf("%s arrived and was read back", e.ID)
		}
		arrived[e.ID] = true
	}
	if len(arrived) != 20 || len(s.arrived) == 0 {
		t.Errorf("%d events are known, want 20", len(arrived))
	}
}
