package github_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// widgets is the organisation's repository, as the ledger knows it.
var widgets = fleet.Repository{Scope: acme, OwnerID: 1007, Name: "acme/widgets"}

func TestRunsThatAreNotOverAreFoundWithTheirJobs(t *testing.T) {
	s := simulate(t, nil)
	queue := func(spec githubsim.JobSpec) fleet.Job {
		t.Helper()
		spec.Repo, spec.Workflow = "acme/widgets", "ci"
		id, err := s.sim.Queue(spec)
		s.must(err)
		for _, o := range s.sim.Outcomes() {
			if o.ID == id {
				return fleet.Job{
					Key: fleet.JobKey{ID: fleet.JobID(id), Attempt: 1}, Run: fleet.RunID(o.Run), OwnerID: 1007, Repo: "acme/widgets",
					Class: fleet.Class{Scope: acme, Labels: fleet.NewLabels(spec.Labels...)}, Name: spec.Name, Workflow: "ci",
					Status: fleet.Queued, QueuedAt: noon, Origin: fleet.Own, Found: true,
				}
			}
		}
		t.Fatal("no such job")
		return fleet.Job{}
	}
	first := queue(githubsim.JobSpec{Name: "build", Labels: []string{"Linux", "arm64"}, Duration: time.Hour})
	second := queue(githubsim.JobSpec{Name: "test", Labels: []string{"gpu"}, Run: githubsim.RunID(first.Run)})
	fork := queue(githubsim.JobSpec{Name: "lint\n\tall", Labels: []string{"gpu"}, Fork: "eve/widgets", Event: "pull_request"})
	fork.Origin, fork.Name = fleet.Fork, "lint all"
	s.minted(acme, "rf-1")
	s.run(time.Minute)
	first.Status, first.Runner = fleet.Running, "rf-1"
	runs, err := s.Runs(t.Context(), widgets)
	s.must(err)
	wantRuns := []fleet.Run{
		{ID: fork.Run, Repository: widgets, Origin: fleet.Fork}, {ID: first.Run, Repository: widgets, Origin: fleet.Own},
	}
	if diff := cmp.Diff(wantRuns, runs); diff != "" {
		t.Fatalf("runs (-want +got):\n%s", diff)
	}
	var got []fleet.Job
	for _, r := range runs {
		jobs, err := s.Jobs(t.Context(), r)
		s.must(err)
		got = append(got, jobs...)
	}
	if diff := cmp.Diff([]fleet.Job{fork, first, second}, got, cmpopts.IgnoreFields(fleet.Job{}, "StartedAt")); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	one, err := s.Run(t.Context(), widgets, fork.Run)
	s.must(err)
	if diff := cmp.Diff(wantRuns[0], one); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
}

func TestAHundredAndFiftyRunsAreFoundInThreeRequests(t *testing.T) {
	s := simulate(t, nil)
	for range 150 {
		s.queued()
	}
	runs, err := s.Runs(t.Context(), widgets)
	s.must(err)
	if n := s.sim.Calls()["list-runs"]; len(runs) != 150 || n != 3 {
		t.Errorf("%d runs in %d calls", len(runs), n)
	}
}

func TestWhereGitHubLeavesSomethingOutOfARunItIsTheCarefulCase(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want fleet.Run
	}{
		"nothing but its number": {`{"id":9}`, fleet.Run{ID: 9, Repository: widgets, Public: true, Origin: fleet.Fork}},
		"the fork is gone": {`{"id":9,"repository":{"id":4,"private":true,"owner":{"id":12}},"head_repository":null}`,
			fleet.Run{ID: 9, Repository: fleet.Repository{Scope: acme, OwnerID: 12, Name: "acme/widgets"}, Origin: fleet.Fork}},
		"all of it, of a public one": {`{"id":9,"repository":{"id":4,"private":false,"owner":{"id":1007}},"head_repository":{"id":4}}`,
			fleet.Run{ID: 9, Repository: widgets, Public: true, Origin: fleet.Own}},
	} {
		r := rigged(t)
		r.on("GET /repos/acme/widgets/actions/runs/9", 200, tt.body)
		got, err := r.Run(t.Context(), widgets, 9)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s (-want +got):\n%s\nerror %v", name, diff, err)
		}
	}
}

func TestAJobInAWordThatWeDoNotKnowHidesNoOther(t *testing.T) {
	r := rigged(t)
	r.on("GET /repos/acme/widgets/actions/runs/9/jobs", 200, `{"total_count":3,"jobs":[
		{"id":1,"run_id":9,"run_attempt":2,"status":"dreaming"},
		{"id":2,"run_id":9,"run_attempt":2,"status":"queued","labels":["x"],"created_at":"2026-11-25T12:00:00Z"},
		{"id":3,"run_id":9,"status":"queued"}]}`)
	got, err := r.Jobs(t.Context(), fleet.Run{ID: 9, Repository: widgets, Public: true})
	if err != nil || len(got) != 1 || got[0].Key != (fleet.JobKey{ID: 2, Attempt: 2}) || !got[0].Public {
		t.Errorf("jobs %+v, error %v", got, err)
	}
}

func TestWhatSearchesThatFailMean(t *testing.T) {
	for status, want := range map[int]string{404: "absent", 403: "config", 429: "throttled", 500: "unknown"} {
		r := rigged(t)
		r.on("/repos/", status, `{}`)
		_, err := r.Runs(t.Context(), widgets)
		_, one := r.Run(t.Context(), widgets, 9)
		_, jobs := r.Jobs(t.Context(), fleet.Run{ID: 9, Repository: widgets})
		for _, err := range []error{err, one, jobs} {
			if meaning(err) != want {
				t.Errorf("%d: %v", status, err)
			}
		}
	}
}

func TestAnUnfitNameReachesNoPath(t *testing.T) {
	for _, name := range []string{"", "acme", "acme/..", "../widgets", "acme/wid gets", "acme/widgets/../../x", "acme/wi?dgets", "acme/"} {
		r := rigged(t)
		of := fleet.Repository{Scope: acme, Name: name}
		_, err := r.Runs(t.Context(), of)
		_, one := r.Run(t.Context(), of, 9)
		_, jobs := r.Jobs(t.Context(), fleet.Run{ID: 9, Repository: of})
		for _, err := range []error{err, one, jobs} {
			if meaning(err) != "config" {
				t.Errorf("%q: %v", name, err)
			}
		}
		if len(r.wire.asked) > 0 {
			t.Errorf("%q: asked %s", name, strings.Join(r.wire.asked, ", "))
		}
	}
}
