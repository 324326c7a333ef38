package githubsim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

// everyOperation calls each operation at least once with success.
func everyOperation(s *sim) {
	s.t.Helper()
	everyAppOperation(s)
	for installation, at := range map[int]string{7: "/orgs/acme", 8: "/repos/mona/toys"} {
		s.use(installation)
		everyRunnerOperation(s, at+"/actions/runners")
	}
	s.use(7)
	everyActionsOperation(s, "/repos/acme/widgets")
	s.call("GET", "/installation/repositories", nil, 200, nil)
	s.call("GET", "/orgs/acme/actions/runner-groups?visible_to_repository=widgets", nil, 200, nil)
	s.call("GET", "/rate_limit", nil, 200, nil)
}

func everyAppOperation(s *sim) {
	s.t.Helper()
	s.Ping()
	s.queued(githubsim.JobSpec{})
	s.run(time.Minute)
	s.asApp("GET", "/app", 200, nil)
	s.asApp("GET", "/app/installations", 200, nil)
	s.Suspend(7, true)
	s.asApp("GET", "/app/installations/7", 200, nil)
	s.Suspend(7, false)
	s.asApp("GET", "/orgs/acme/installation", 200, nil)
	s.asApp("GET", "/orgs/mona/installation", 404, nil)
	s.asApp("GET", "/orgs/nobody/installation", 404, nil)
	var list []struct{ ID int64 }
	s.asApp("GET", "/app/hook/deliveries", 200, &list)
	for _, d := range list {
		s.asApp("GET", fmt.Sprintf("/app/hook/deliveries/%d", d.ID), 200, nil)
		s.asApp("POST", fmt.Sprintf("/app/hook/deliveries/%d/attempts", d.ID), 202, nil)
	}
}

func everyRunnerOperation(s *sim, at string) {
	s.t.Helper()
	s.call("POST", at+"/registration-token", nil, 201, nil)
	s.call("POST", at+"/remove-token", nil, 201, nil)
	s.call("GET", at+"/downloads", nil, 200, nil)
	s.call("GET", at+"/deprecations/2.300.0", nil, 404, nil)
	s.SetRunners("2.338.0", map[string]time.Time{"2.300.0": s.now})
	s.call("GET", at+"/deprecations/2.300.0", nil, 200, nil)
	s.call("GET", at+"/deprecations/2.338.0", nil, 200, nil)
	s.SetRunners("2.338.0", nil)
	var minted jit
	s.call("POST", at+"/generate-jitconfig", jitBody("one", "self-hosted"), 201, &minted)
	_, err := s.Connect(minted.Config)
	s.must(err)
	s.call("GET", at+"?name=one", nil, 200, nil)
	s.call("GET", fmt.Sprintf("%s/%d", at, minted.Runner.ID), nil, 200, nil)
	s.call("DELETE", fmt.Sprintf("%s/%d", at, minted.Runner.ID), nil, 204, nil)
	s.call("DELETE", fmt.Sprintf("%s/%d", at, minted.Runner.ID), nil, 404, nil)
}

func everyActionsOperation(s *sim, repo string) {
	s.t.Helper()
	s.connected("two", "x64")
	id := s.queued(githubsim.JobSpec{Conclusion: "failure", Labels: []string{"x64"}})
	run := s.outcome(id).Run
	check := func() {
		s.t.Helper()
		s.call("GET", fmt.Sprintf("%s/actions/jobs/%d", repo, id), nil, 200, nil)
		s.call("GET", repo+"/actions/runs?status=in_progress&per_page=100", nil, 200, nil)
		s.call("GET", fmt.Sprintf("%s/actions/runs/%d", repo, run), nil, 200, nil)
		s.call("GET", fmt.Sprintf("%s/actions/runs/%d/jobs?filter=all", repo, run), nil, 200, nil)
	}
	s.call("GET", repo, nil, 200, nil)
	check()
	s.run(time.Minute)
	check()
	s.run(time.Hour)
	check()
	s.call("POST", fmt.Sprintf("%s/actions/jobs/%d/rerun", repo, id), nil, 201, nil)
	s.call("POST", fmt.Sprintf("%s/actions/runs/%d/cancel", repo, run), nil, 202, nil)
	s.call("POST", fmt.Sprintf("%s/actions/runs/%d/cancel", repo, run), nil, 409, nil)
	s.call("POST", fmt.Sprintf("%s/actions/runs/%d/rerun-failed-jobs", repo, run), map[string]any{}, 201, nil)
	s.call("POST", fmt.Sprintf("%s/actions/runs/%d/rerun-failed-jobs", repo, run), nil, 403, nil)
	check()
}

func TestCallsAreCountedByOperation(t *testing.T) {
	s := newSim(t, nil)
	s.mint("one", "x")
	s.call("GET", "/orgs/acme/actions/runners", nil, 200, nil)
	s.call("GET", "/orgs/acme/actions/runners/99", nil, 404, nil)
	want := map[string]int{"access-token": 1, "generate-jitconfig": 1, "list-runners": 1, "get-runner": 1}
	if diff := cmp.Diff(want, s.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
