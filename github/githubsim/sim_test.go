package githubsim_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/github/githubsim"
)

// sim is a GitHub on a virtual clock, with one organisation, one person, and a client in process. Every call is
// checked against GitHub's OpenAPI.
type sim struct {
	*githubsim.Server
	t     *testing.T
	now   time.Time
	queue []later
	order int
	token string

	hooks    []hook
	answers  func(hook) (int, error)
	assigned []githubsim.JobID
	released []string
}

type later struct {
	at    time.Time
	order int
	f     func()
}

// hook is one webhook that arrived.
type hook struct {
	header http.Header
	body   []byte
	action string
	job    struct {
		ID         githubsim.JobID
		Attempt    int `json:"run_attempt"`
		Status     string
		Conclusion string
		RunnerID   *int64 `json:"runner_id"`
		Labels     []string
	}
	run struct {
		ID         githubsim.RunID
		Conclusion string
		Attempt    int `json:"run_attempt"`
	}
	deployment bool
}

// String is what most tests compare.
func (h hook) String() string {
	event := h.header.Get("X-Github-Event")
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", event, h.action, h.job.Conclusion+h.run.Conclusion))
}

// newSim gives a GitHub that takes any JWT, signed in as acme's installation.
func newSim(t *testing.T, change func(*githubsim.Config)) *sim {
	t.Helper()
	s := newSimWith(t, change)
	s.use(7)
	return s
}

func newSimWith(t *testing.T, change func(*githubsim.Config)) *sim {
	t.Helper()
	s := &sim{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s.answers = func(hook) (int, error) { return http.StatusAccepted, nil }
	c := githubsim.Config{
		Seed: 1, Now: func() time.Time { return s.now }, WebhookSecret: "hush", Deliver: s.deliver,
		After: func(d time.Duration, f func()) {
			s.order++
			s.queue = append(s.queue, later{s.now.Add(d), s.order, f})
		},
		OnAssign: func(_ githubsim.RunnerID, j githubsim.JobID) { s.assigned = append(s.assigned, j) },
		OnRelease: func(r githubsim.RunnerID, why githubsim.Release) {
			s.released = append(s.released, fmt.Sprintf("%d %s", r, why))
		},
	}
	if change != nil {
		change(&c)
	}
	s.Server = githubsim.New(c)
	s.AddInstallation(githubsim.Installation{ID: 7, Account: "acme"})
	s.AddInstallation(githubsim.Installation{ID: 8, Account: "mona", Person: true})
	s.must(s.AddRepository(githubsim.Repository{Owner: "acme", Name: "widgets", Private: true}))
	s.must(s.AddRepository(githubsim.Repository{Owner: "acme", Name: "site"}))
	s.must(s.AddRepository(githubsim.Repository{Owner: "mona", Name: "toys", Private: true}))
	return s
}

func (s *sim) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// run lets d pass.
func (s *sim) run(d time.Duration) {
	end := s.now.Add(d)
	for {
		due := -1
		for i, l := range s.queue {
			if !l.at.After(end) && (due < 0 || cmp.Or(l.at.Compare(s.queue[due].at), cmp.Compare(l.order, s.queue[due].order)) < 0) {
				due = i
			}
		}
		if due < 0 {
			s.now = end
			return
		}
		next := s.queue[due]
		s.queue = slices.Delete(s.queue, due, due+1)
		s.now = next.at
		next.f()
	}
}

func (s *sim) deliver(d githubsim.Delivery) (int, error) {
	h := hook{header: d.Header, body: d.Body}
	var body struct {
		Action     string
		Job        json.RawMessage `json:"workflow_job"`
		Run        json.RawMessage `json:"workflow_run"`
		Deployment json.RawMessage
	}
	s.must(json.Unmarshal(d.Body, &body))
	h.action, h.deployment = body.Action, body.Deployment != nil
	if body.Job != nil {
		s.must(json.Unmarshal(body.Job, &h.job))
	}
	if body.Run != nil {
		s.must(json.Unmarshal(body.Run, &h.run))
	}
	s.hooks = append(s.hooks, h)
	return s.answers(h)
}

// take gives the webhooks so far in the order of what happened, and forgets them.
func (s *sim) take(event string) []string {
	var out []string
	for _, h := range s.hooks {
		if h.header.Get("X-Github-Event") == event {
			out = append(out, strings.TrimPrefix(h.String(), event+" "))
		}
	}
	s.hooks = nil
	return out
}

// use signs in as an installation.
func (s *sim) use(id int) {
	s.t.Helper()
	s.token = "app"
	var out struct{ Token string }
	s.call("POST", fmt.Sprintf("/app/installations/%d/access_tokens", id), nil, 201, &out)
	s.token = out.Token
}

// asApp makes one call with a JWT.
func (s *sim) asApp(method, path string, want int, into any) http.Header {
	s.t.Helper()
	token := s.token
	defer func() { s.token = token }()
	s.token = "app"
	return s.call(method, path, nil, want, into)
}

// call makes one call, checks it against the OpenAPI, and decodes the answer.
func (s *sim) call(method, path string, body any, want int, into any) http.Header {
	s.t.Helper()
	w := s.try(method, path, body)
	if w.Code != want {
		s.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	if into != nil {
		s.must(json.Unmarshal(w.Body.Bytes(), into))
	}
	return w.Header()
}

// wrong makes one call whose request is meant to be invalid.
func (s *sim) wrong(method, path string, body any, want int) {
	s.t.Helper()
	if w := s.send(checkedWrong(s.t, s.Server), method, path, body); w.Code != want {
		s.t.Errorf("%s %s: status %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
}

func (s *sim) try(method, path string, body any) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.send(checked(s.t, s.Server), method, path, body)
}

func (s *sim) send(to http.Handler, method, path string, body any) *httptest.ResponseRecorder {
	s.t.Helper()
	var sent []byte
	if body != nil {
		b, err := json.Marshal(body)
		s.must(err)
		sent = b
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(sent))
	r.Header.Set("Authorization", "Bearer "+s.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	to.ServeHTTP(w, r)
	return w
}

type jit struct {
	Runner struct{ ID githubsim.RunnerID }
	Config string `json:"encoded_jit_config"`
}

func jitBody(name string, labels ...string) map[string]any {
	return map[string]any{"name": name, "runner_group_id": 1, "labels": labels}
}

// mint registers a runner of acme.
func (s *sim) mint(name string, labels ...string) jit {
	s.t.Helper()
	var out jit
	s.call("POST", "/orgs/acme/actions/runners/generate-jitconfig", jitBody(name, labels...), 201, &out)
	return out
}

// connected registers a runner and starts its listener.
func (s *sim) connected(name string, labels ...string) githubsim.RunnerID {
	s.t.Helper()
	id, err := s.Connect(s.mint(name, labels...).Config)
	s.must(err)
	return id
}

func (s *sim) queued(spec githubsim.JobSpec) githubsim.JobID {
	s.t.Helper()
	spec.Repo = cmp.Or(spec.Repo, "acme/widgets")
	if spec.Labels == nil {
		spec.Labels = []string{"self-hosted", "linux"}
	}
	spec.Duration = cmp.Or(spec.Duration, 5*time.Minute)
	id, err := s.Queue(spec)
	s.must(err)
	return id
}

func (s *sim) outcome(id githubsim.JobID) githubsim.Outcome {
	s.t.Helper()
	for _, o := range s.Outcomes() {
		if o.ID == id {
			return o
		}
	}
	s.t.Fatalf("no job %d", id)
	return githubsim.Outcome{}
}
