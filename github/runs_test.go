package github_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

func TestARunIsReRunOnce(t *testing.T) {
	again := fleet.Rerun{Job: fleet.JobKey{ID: 5, Attempt: 1}, Run: 9, Scope: acme, Repo: "acme/web"}
	for _, tt := range []struct {
		name, run, want string
		status          int
		body            string
		posts           int
	}{
		{"when it is over", `{"id":9,"run_attempt":1,"status":"completed"}`, "nothing", 201, `{}`, 1},
		{"not while it goes on", `{"id":9,"run_attempt":1,"status":"in_progress"}`, "busy", 201, `{}`, 0},
		{"not where an earlier reply was lost", `{"id":9,"run_attempt":2,"status":"queued"}`, "nothing", 201, `{}`, 0},
		{"not where it began anew just now", `{"id":9,"run_attempt":1,"status":"completed"}`, "busy", 403, `{"message":"This workflow is already running"}`, 1},
		{"not where GitHub refuses it", `{"id":9,"run_attempt":1,"status":"completed"}`, "config", 403, `{"message":"This workflow run cannot be retried"}`, 1},
		{"and nobody knows where GitHub fails", `{"id":9,"run_attempt":1,"status":"completed"}`, "unknown", 502, `{}`, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, posts := rigged(t), 0
			r.on("GET /repos/acme/web/actions/runs/9", 200, tt.run)
			r.mux.HandleFunc("POST /repos/acme/web/actions/runs/9/rerun-failed-jobs", func(w http.ResponseWriter, _ *http.Request) {
				posts++
				reply(w, tt.status, tt.body)
			})
			if got := meaning(r.Rerun(t.Context(), again)); got != tt.want || posts != tt.posts {
				t.Errorf("%q after %d posts, want %q after %d", got, posts, tt.want, tt.posts)
			}
		})
	}
}

func TestAFailedJobOfTheSimulatedGitHubRunsAgain(t *testing.T) {
	s := simulate(t, nil)
	id, err := s.sim.Queue(githubsim.JobSpec{Repo: "acme/widgets", Labels: []string{"a"}, Duration: time.Minute})
	s.must(err)
	first := s.sim.Outcomes()[0]
	again := fleet.Rerun{Job: fleet.JobKey{ID: fleet.JobID(id), Attempt: 1}, Run: fleet.RunID(first.Run), Scope: acme, Repo: "acme/widgets"}
	if got := meaning(s.Rerun(t.Context(), again)); got != "busy" {
		t.Errorf("while it waits: %q", got)
	}
	s.sim.Cancel(id)
	for range 2 {
		if err := s.Rerun(t.Context(), again); err != nil {
			t.Fatal(err)
		}
	}
	all := s.sim.Outcomes()
	if len(all) != 2 || all[1].Run != first.Run || all[1].Attempt != 2 {
		t.Errorf("jobs: %+v", all)
	}
}
