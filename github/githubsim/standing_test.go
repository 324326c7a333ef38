package githubsim_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

func TestAStandingRunnerListensOnUntilItIsAskedToStop(t *testing.T) {
	var told []string
	s := newSim(t, func(c *githubsim.Config) {
		c.OnAssign = func(githubsim.RunnerID, githubsim.JobID) { told = append(told, "assigned") }
		c.OnFree = func(githubsim.RunnerID, githubsim.JobID) { told = append(told, "free") }
		c.OnRelease = func(_ githubsim.RunnerID, why githubsim.Release) { told = append(told, "released") }
	})
	s.use(7)
	var token struct{ Token string }
	s.call("POST", "/orgs/acme/actions/runners/registration-token", nil, 201, &token)
	id, err := s.Register(token.Token, githubsim.Registration{Name: "stands", Labels: []string{"x64"}})
	s.must(err)
	s.must(s.Listen(id))
	s.queued(githubsim.JobSpec{Labels: []string{"x64"}, Duration: time.Minute})
	s.run(5 * time.Minute)
	cut := s.queued(githubsim.JobSpec{Labels: []string{"x64"}, Duration: time.Hour})
	s.run(5 * time.Minute)
	s.Shutdown(id)
	s.run(time.Minute)
	if diff := cmp.Diff([]string{"assigned", "free", "assigned", "released"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if o := s.outcome(cut); o.Conclusion != "failure" {
		t.Errorf("the job that was cut: %+v", o)
	}
	if all := s.Runners(); len(all) != 1 || all[0].Online || all[0].Job != 0 {
		t.Errorf("runners %+v", all)
	}
	s.must(s.Listen(id))
	again := s.queued(githubsim.JobSpec{Labels: []string{"x64"}, Duration: time.Minute})
	s.run(5 * time.Minute)
	if o := s.outcome(again); o.Conclusion != "success" {
		t.Errorf("the job after the start: %+v", o)
	}
}
