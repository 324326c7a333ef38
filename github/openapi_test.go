package github_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// written is what GitHub says its API takes.
var written = sync.OnceValue(func() routers.Router {
	b, err := os.ReadFile("githubsim/testdata/openapi.json")
	if err != nil {
		panic(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		panic(err)
	}
	doc.Servers = nil // any host will do
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return router
})

// shaped is a network that fails the test when a request is not as GitHub's
// OpenAPI says, whatever is answered to it. used counts operations.
type shaped struct {
	t    testing.TB
	next http.RoundTripper
	used map[string]int
}

func (s *shaped) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	asked := r.Clone(r.Context())
	asked.Body, asked.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if string(bytes.TrimSpace(body)) == "null" {
		asked.Body, asked.ContentLength = http.NoBody, 0 // so ghinstallation writes its lack of options, and GitHub takes it
	}
	route, params, err := written().FindRoute(asked)
	if err != nil {
		s.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	} else {
		s.used[route.Operation.OperationID]++
		in := &openapi3filter.RequestValidationInput{
			Request: asked, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
		}
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			s.t.Errorf("%s %s: GitHub's OpenAPI refuses this request: %v", r.Method, r.URL, err)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return s.next.RoundTrip(r)
}

func TestARequestThatGitHubsOpenAPIRefusesIsReported(t *testing.T) {
	for body, want := range map[string]string{
		`{"name":"one","runner_group_id":1,"labels":["linux"]}`: "",
		`{"name":"one","runner_group_id":1,"labels":null}`:      "refuses this request",
	} {
		seen := &failures{TB: t}
		s := simulate(t, nil)
		wire := &shaped{seen, githubsim.Transport{Server: s.sim}, map[string]int{}}
		r, err := http.NewRequest("POST", "https://api.github.com/orgs/acme/actions/runners/generate-jitconfig", strings.NewReader(body))
		s.must(err)
		r.Header.Set("Content-Type", "application/json")
		if _, err := wire.RoundTrip(r); err != nil {
			t.Error(err)
		}
		if got := strings.Join(seen.said, "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: reported %q, want %q", body, got, want)
		}
	}
}

// failures keeps what a test would fail with.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Errorf(format string, args ...any) { f.said = append(f.said, format) }

// Every request that the client can make, each at least once in each form.
func TestEveryCallIsShapedAsGitHubsOpenAPISays(t *testing.T) {
	s := simulate(t, nil)
	j := s.queued()
	s.run(10 * time.Second) // no runner yet
	runs, err := s.Runs(t.Context(), widgets)
	s.must(err)
	jobs, err := s.Jobs(t.Context(), runs[0])
	s.must(err)
	_, err = s.Run(t.Context(), widgets, jobs[0].Run)
	s.must(err)
	for _, at := range []fleet.Scope{acme, alice} {
		s.minted(at, "rf-1")
		s.must(s.Remove(t.Context(), at, s.minted(at, "rf-2")))
		enrolment(t, s.Client, at, "rf-3")
		_, err = s.Runners(t.Context(), at, "rf-")
		s.must(err)
		_, err = s.Job(t.Context(), j)
		s.must(err)
		_, err = s.RunnerRelease(t.Context(), at, "2.337.0")
		s.must(err)
	}
	_, err = s.Scope(t.Context(), "acme")
	s.must(err)
	_ = s.Rerun(t.Context(), fleet.Rerun{Job: fleet.JobKey{ID: j.Key.ID, Attempt: 1}, Run: jobs[0].Run, Scope: acme, Repo: j.Repo})
	s.run(time.Hour)
	s.sim.SetFaults(githubsim.Faults{Loss: githubsim.Chance{Rate: 1}})
	failed, err := s.sim.Queue(githubsim.JobSpec{Repo: "acme/widgets", Labels: []string{"arm64"}, Conclusion: "failure"})
	s.must(err)
	s.minted(acme, "rf-4")
	s.run(time.Hour)
	_, _, err = s.Lost(t.Context(), noon)
	s.must(err)
	again, err := s.Job(t.Context(), fleet.Job{Key: fleet.JobKey{ID: fleet.JobID(failed)}, Repo: j.Repo, Class: j.Class})
	s.must(err)
	s.must(s.Rerun(t.Context(), fleet.Rerun{Job: again.Key, Run: again.Run, Scope: acme, Repo: j.Repo}))
	want := []string{
		"actions/create-registration-token-for-org", "actions/create-registration-token-for-repo",
		"actions/delete-self-hosted-runner-from-org", "actions/delete-self-hosted-runner-from-repo",
		"actions/generate-runner-jitconfig-for-org", "actions/generate-runner-jitconfig-for-repo",
		"actions/get-job-for-workflow-run", "actions/get-runner-version-deprecation-for-org",
		"actions/get-runner-version-deprecation-for-repo", "actions/get-workflow-run", "actions/list-jobs-for-workflow-run",
		"actions/list-runner-applications-for-org", "actions/list-runner-applications-for-repo",
		"actions/list-self-hosted-runner-groups-for-org", "actions/list-self-hosted-runners-for-org",
		"actions/list-self-hosted-runners-for-repo", "actions/list-workflow-runs-for-repo", "actions/re-run-workflow-failed-jobs",
		"apps/create-installation-access-token", "apps/get-org-installation", "apps/get-webhook-delivery", "apps/list-webhook-deliveries",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(s.used))); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}
