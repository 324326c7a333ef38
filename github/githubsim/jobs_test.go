package githubsim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

type lifeCase struct {
	name string
	do   func(s *sim, id githubsim.JobID) // with a connected runner, number 1, if the job is to have one
	spec githubsim.JobSpec
	bare bool // no runner
	want []string
}

var lifeCases = []lifeCase{
	{
		name: "a job runs on a fitting runner, and the runner is gone",
		want: []string{"queued", "in_progress", "completed success"},
	},
	{
		name: "labels are matched whatever their case",
		spec: githubsim.JobSpec{Labels: []string{"Self-Hosted", "LINUX"}},
		want: []string{"queued", "in_progress", "completed success"},
	},
	{
		name: "a job that asks for one label more waits a day and is cancelled",
		spec: githubsim.JobSpec{Labels: []string{"self-hosted", "gpu"}},
		want: []string{"queued", "completed cancelled"},
	},
	{
		name: "a job without labels and group is never served",
		spec: githubsim.JobSpec{Labels: []string{}},
		want: []string{"queued", "completed cancelled"},
	},
	{
		name: "a job cancelled in the queue ends at once, without in_progress",
		bare: true,
		do:   func(s *sim, id githubsim.JobID) { s.run(time.Minute); s.Cancel(id) },
		want: []string{"queued", "completed cancelled"},
	},
	{
		name: "a job cancelled while it runs ends when its runner has stopped it",
		do:   func(s *sim, id githubsim.JobID) { s.run(time.Minute); s.Cancel(id) },
		want: []string{"queued", "in_progress", "completed cancelled"},
	},
	{
		name: "a machine that vanishes leaves a failed job and an offline runner, which goes after a day",
		do:   func(s *sim, _ githubsim.JobID) { s.run(time.Minute); s.Vanish(1) },
		want: []string{"queued", "in_progress", "completed failure"},
	},
	{
		name: "a machine that is shut down reports its job as failed",
		do:   func(s *sim, _ githubsim.JobID) { s.run(time.Minute); s.Shutdown(1) },
		want: []string{"queued", "in_progress", "completed failure"},
	},
	{
		name: "a job behind a gate is announced as waiting, then as queued",
		spec: githubsim.JobSpec{Environment: "production", ApproveAfter: 30 * time.Second},
		want: []string{"waiting", "queued", "in_progress", "completed success"},
	},
}

func TestLifeOfAJob(t *testing.T) {
	for _, tt := range lifeCases {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, nil)
			if !tt.bare {
				s.connected("one", "self-hosted", "linux", "arm64")
			}
			id := s.queued(tt.spec)
			if tt.do != nil {
				tt.do(s, id)
			}
			s.run(49 * time.Hour)
			if diff := cmp.Diff(tt.want, s.take("workflow_job")); diff != "" {
				t.Errorf("webhooks (-want +got):\n%s", diff)
			}
			if n := len(s.Runners()); n != 0 {
				t.Errorf("%d runners are left", n)
			}
		})
	}
}

func TestAVanishedRunnersJobEndsWhenItsLockRunsOut(t *testing.T) {
	s := newSim(t, nil)
	runner := s.connected("one", "self-hosted", "linux")
	id := s.queued(githubsim.JobSpec{Duration: time.Hour})
	s.run(10 * time.Minute)
	at := fmt.Sprintf("/orgs/acme/actions/runners/%d", runner)
	s.Vanish(runner)
	died := s.now
	s.run(5 * time.Minute)
	var shown struct {
		Status string
		Busy   bool
	}
	s.call("GET", at, nil, 200, &shown)
	if shown.Status != "offline" || !shown.Busy {
		t.Errorf("runner is %+v, want offline and busy", shown)
	}
	s.call("DELETE", at, nil, 422, nil)
	s.run(10 * time.Minute)
	o := s.outcome(id)
	if after := o.Done.Sub(died); o.Conclusion != "failure" || after < 9*time.Minute || after > 10*time.Minute {
		t.Errorf("job ended with %q %s after the machine, want failure after 9 to 10 minutes", o.Conclusion, after)
	}
	s.call("DELETE", at, nil, 204, nil)
}

func TestAnyFittingIdleRunnerTakesTheOldestJob(t *testing.T) {
	s := newSim(t, nil)
	first := s.queued(githubsim.JobSpec{Labels: []string{"linux"}})
	second := s.queued(githubsim.JobSpec{Labels: []string{"linux", "arm64"}})
	s.run(time.Minute)
	s.connected("for the second", "linux", "arm64")
	s.run(time.Minute)
	if diff := cmp.Diff([]githubsim.JobID{first}, s.assigned); diff != "" {
		t.Errorf("assigned (-want +got):\n%s", diff)
	}
	if got := s.outcome(second).Status; got != "queued" {
		t.Errorf("second job is %s", got)
	}
}

func TestAJobThatNobodyPicksUpIsQueuedAgain(t *testing.T) {
	s := newSim(t, nil)
	s.Vanish(s.connected("dead", "self-hosted", "linux")) // still shown online
	id := s.queued(githubsim.JobSpec{})
	s.run(10 * time.Second)
	if s.Runners()[0].Job != id {
		t.Fatal("the dead runner was not assigned the job")
	}
	s.run(time.Minute)
	s.connected("alive", "self-hosted", "linux")
	s.run(10 * time.Minute)
	if o := s.outcome(id); o.Runner != "alive" || o.Conclusion != "success" {
		t.Errorf("outcome: %+v", o)
	}
}

func TestARepositorysRunnersServeOnlyThatRepository(t *testing.T) {
	s := newSim(t, nil)
	s.use(8)
	var minted jit
	s.call("POST", "/repos/mona/toys/actions/runners/generate-jitconfig", jitBody("toy", "linux"), 201, &minted)
	_, err := s.Connect(minted.Config)
	s.must(err)
	other := s.queued(githubsim.JobSpec{Labels: []string{"linux"}})
	own := s.queued(githubsim.JobSpec{Repo: "mona/toys", Labels: []string{"linux"}})
	s.run(time.Minute)
	if diff := cmp.Diff([]githubsim.JobID{own}, s.assigned); diff != "" {
		t.Errorf("assigned (-want +got):\n%s", diff)
	}
	if got := s.outcome(other).Status; got != "queued" {
		t.Errorf("job of another repository is %s", got)
	}
}

func TestAGroupServesItsRepositoriesOnly(t *testing.T) {
	s := newSim(t, nil)
	s.must(s.AddGroup("acme", githubsim.Group{ID: 4, Name: "private", Repositories: []string{"widgets"}}))
	var minted jit
	body := map[string]any{"name": "one", "runner_group_id": 4, "labels": []string{"linux"}}
	s.call("POST", "/orgs/acme/actions/runners/generate-jitconfig", body, 201, &minted)
	_, err := s.Connect(minted.Config)
	s.must(err)
	s.queued(githubsim.JobSpec{Repo: "acme/site", Labels: []string{"linux"}})
	s.queued(githubsim.JobSpec{Labels: []string{"linux"}, Group: "Default"})
	want := s.queued(githubsim.JobSpec{Labels: []string{}, Group: "private"})
	s.run(time.Minute)
	if diff := cmp.Diff([]githubsim.JobID{want}, s.assigned); diff != "" {
		t.Errorf("assigned (-want +got):\n%s", diff)
	}
}

func TestAStandingRunnerServesManyJobs(t *testing.T) {
	s := newSim(t, nil)
	var token struct{ Token string }
	s.call("POST", "/orgs/acme/actions/runners/registration-token", nil, 201, &token)
	id, err := s.Register(token.Token, githubsim.Registration{Name: "standing", Labels: []string{"self-hosted", "linux"}})
	s.must(err)
	s.must(s.Listen(id))
	for range 3 {
		s.queued(githubsim.JobSpec{})
	}
	s.run(time.Hour)
	s.Shutdown(id)
	s.run(48 * time.Hour)
	s.must(s.Listen(id))
	last := s.queued(githubsim.JobSpec{})
	s.run(time.Hour)
	if len(s.assigned) != 4 || s.outcome(last).Conclusion != "success" || len(s.released) != 0 {
		t.Errorf("assigned %v, released %v", s.assigned, s.released)
	}
}

func TestWhatMayBeRunAgain(t *testing.T) {
	s := newSim(t, nil)
	honest := s.queued(githubsim.JobSpec{Name: "honest", Conclusion: "failure"})
	run := s.outcome(honest).Run
	broken := s.queued(githubsim.JobSpec{Name: "broken", Run: run})
	good := s.queued(githubsim.JobSpec{Name: "good", Run: run})
	actions := "/repos/acme/widgets/actions"
	for i := range 3 {
		s.connected(fmt.Sprint("first", i), "self-hosted", "linux")
	}
	s.run(2 * time.Minute)
	s.call("POST", fmt.Sprintf("%s/runs/%d/rerun-failed-jobs", actions, run), nil, 403, nil)
	for _, r := range s.Runners() {
		if r.Job == broken {
			s.Vanish(r.ID)
		}
	}
	s.run(time.Hour)
	s.take("")

	s.call("POST", fmt.Sprintf("%s/jobs/%d/rerun", actions, broken), nil, 201, nil)
	s.call("POST", fmt.Sprintf("%s/jobs/%d/rerun", actions, honest), nil, 403, nil)
	s.connected("second", "self-hosted", "linux")
	s.run(time.Hour)
	// Both jobs that were not run again are announced once more.
	if diff := cmp.Diff(map[string]int{
		"completed failure": 1, "completed success": 2, "queued": 1, "in_progress": 1,
	}, counts(s.take("workflow_job"))); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
	s.call("POST", fmt.Sprintf("%s/jobs/%d/rerun", actions, good), nil, 403, nil)

	var seen struct {
		Jobs []struct {
			Name, Conclusion string
			Attempt          int `json:"run_attempt"`
		}
	}
	s.call("GET", fmt.Sprintf("%s/runs/%d/jobs", actions, run), nil, 200, &seen)
	got := map[string]string{}
	for _, j := range seen.Jobs {
		got[j.Name] = fmt.Sprint(j.Attempt, " ", j.Conclusion)
	}
	if diff := cmp.Diff(map[string]string{"honest": "1 failure", "good": "1 success", "broken": "2 success"}, got); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

func counts(all []string) map[string]int {
	out := map[string]int{}
	for _, one := range all {
		out[one]++
	}
	return out
}

func TestARunIsRunAgainFiftyTimesAtMost(t *testing.T) {
	s := newSim(t, nil)
	id := s.queued(githubsim.JobSpec{})
	path := fmt.Sprintf("/repos/acme/widgets/actions/runs/%d/rerun-failed-jobs", s.outcome(id).Run)
	for n := range 51 {
		for _, o := range s.Outcomes() {
			s.Cancel(o.ID)
		}
		s.run(time.Minute)
		want := 201
		if n == 50 {
			want = 403
		}
		s.call("POST", path, nil, want, nil)
	}
}
