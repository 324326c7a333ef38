package github_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
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

// validated is every operation that this package may call, by GitHub's name: the
// one test below makes each call, in each of its forms. A test that sees another
// fails.
var validated = []string{
	"actions/create-registration-token-for-org", "actions/create-registration-token-for-repo",
	"actions/delete-self-hosted-runner-from-org", "actions/delete-self-hosted-runner-from-repo",
	"actions/generate-runner-jitconfig-for-org", "actions/generate-runner-jitconfig-for-repo",
	"actions/get-job-for-workflow-run", "actions/get-runner-version-deprecation-for-org",
	"actions/get-runner-version-deprecation-for-repo", "actions/get-workflow-run", "actions/list-jobs-for-workflow-run",
	"actions/list-runner-applications-for-org", "actions/list-runner-applications-for-repo",
	"actions/list-self-hosted-runner-groups-for-org", "actions/list-self-hosted-runners-for-org",
	"actions/list-self-hosted-runners-for-repo", "actions/list-workflow-runs-for-repo", "actions/re-run-workflow-failed-jobs",
	"apps/create-installation-access-token", "apps/get-authenticated", "apps/get-webhook-delivery",
	"apps/list-installations", "apps/list-repos-accessible-to-installation", "apps/list-webhook-deliveries",
}

// shaped is a network that fails the test when a request is not as GitHub's
// OpenAPI says, whatever is answered to it. used counts operations.
type shaped struct {
	t    testing.TB
	next http.RoundTripper
	mu   sync.Mutex
	used map[string]int
}

func shape(t testing.TB, next http.RoundTripper) *shaped {
	return &shaped{t: t, next: next, used: map[string]int{}}
}

func (s *shaped) note(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[operation]++
}

func (s *shaped) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	asked := r.Clone(r.Context())
	if _, below, ok := strings.Cut(asked.URL.Path, "/api/v3"); ok {
		asked.URL.Path = below // a server of one's own has the same API there
	}
	asked.Body, asked.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if string(bytes.TrimSpace(body)) == "null" {
		asked.Body, asked.ContentLength = http.NoBody, 0 // so ghinstallation writes its lack of options, and GitHub takes it
	}
	route, params, err := written().FindRoute(asked)
	if r.Response != nil {
		// It was sent on, to where GitHub said: that is none of our making.
	} else if err != nil {
		s.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	} else {
		s.note(route.Operation.OperationID)
		if !slices.Contains(validated, route.Operation.OperationID) {
			s.t.Errorf("%s %s: operation %s is not in the list of those that are validated", r.Method, r.URL, route.Operation.OperationID)
		}
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

func TestARequestThatIsNotAsGitHubsOpenAPISaysIsReported(t *testing.T) {
	const mint = "/orgs/acme/actions/runners/generate-jitconfig"
	for _, tt := range []struct{ name, method, path, body, want string }{
		{"one as it should be", "POST", mint, `{"name":"one","runner_group_id":1,"labels":["linux"]}`, ""},
		{"one below a path of one's own server", "POST", "/api/v3" + mint, `{"name":"one","runner_group_id":1,"labels":["linux"]}`, ""},
		{"a body that is wrong", "POST", mint, `{"name":"one","runner_group_id":1,"labels":null}`, "refuses this request"},
		{"an operation that no test makes in each form", "GET", "/rate_limit", "", "not in the list"},
		{"an operation that is not cut out", "GET", "/emojis", "", "no matching operation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := &failures{TB: t}
			wire := shape(seen, githubsim.Transport{Server: simulate(t, nil).sim})
			r := httptest.NewRequest(tt.method, "https://api.github.com"+tt.path, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			if _, err := wire.RoundTrip(r); err != nil {
				t.Error(err)
			}
			if got := strings.Join(seen.said, "\n"); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("reported %q, want %q", got, tt.want)
			}
		})
	}
}

// failures keeps what a test would fail with.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

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
	all, err := s.Installations(t.Context())
	s.must(err)
	_, _, err = s.Pushed(t.Context(), all[0], 1)
	s.must(err)
	_ = s.Check(t.Context(), nil, nil)
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
	if diff := cmp.Diff(validated, slices.Sorted(maps.Keys(s.wire.used))); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}
