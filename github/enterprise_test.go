package github_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/webhooks"
)

const server = "https://ghes.example"

// onServer is a network that fails the test when a request goes elsewhere than
// below the API of the Enterprise Server. What is below is handed on to next as
// a call of api.github.com, so that its shape can be checked.
type onServer struct {
	t    testing.TB
	next http.RoundTripper
}

func (s onServer) RoundTrip(r *http.Request) (*http.Response, error) {
	rest, below := strings.CutPrefix(r.URL.Path, "/api/v3/")
	if r.URL.Scheme+"://"+r.URL.Host != server || !below {
		s.t.Errorf("%s %s is not below %s/api/v3", r.Method, r.URL, server)
	}
	r = r.Clone(r.Context())
	r.URL.Path = "/" + rest
	return s.next.RoundTrip(r)
}

// restored puts a call back below the server's API.
type restored struct{ next http.RoundTripper }

func (s restored) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Path = "/api/v3" + r.URL.Path
	return s.next.RoundTrip(r)
}

// heard keeps the events that a webhook's handler records.
type heard struct{ events []fleet.Event }

func (h *heard) Record(_ context.Context, events ...fleet.Event) ([]bool, error) {
	h.events = append(h.events, events...)
	return slices.Repeat([]bool{true}, len(events)), nil
}

// enterprise is a simulated Enterprise Server whose deliveries come by the
// handler of webhooks.
func enterprise(t *testing.T, change func(*githubsim.Config)) (*simulated, *heard) {
	t.Helper()
	to := &heard{}
	h := &webhooks.Handler{Secrets: [][]byte{[]byte("hush")}, AppID: 1, Ledger: to}
	s := simulate(t, func(c *githubsim.Config) {
		c.Enterprise, c.WebhookSecret = "3.17.2", "hush"
		c.Deliver = func(d githubsim.Delivery) (int, error) {
			if d.Header.Get("X-GitHub-Enterprise-Host") != "ghes.example" {
				t.Errorf("the delivery is none of a server's: %v", d.Header)
			}
			r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(d.Body))
			r.Header = d.Header
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code, nil
		}
		if change != nil {
			change(c)
		}
	})
	return s, to
}

func TestAJobRunsOnAnEnterpriseServer(t *testing.T) {
	s, to := enterprise(t, nil)
	pools := []fleet.Pool{{Name: "a", Labels: "arm64,linux", Group: "Default"}}
	if found := s.Check(t.Context(), []fleet.Account{{Login: "acme", ID: 1007}}, pools); len(found) > 0 {
		t.Errorf("problems %+v", found)
	}
	at, err := github.NewApps(s.Client).Scope(t.Context(), fleet.Account{Login: "acme"})
	if err != nil || at != acme {
		t.Fatalf("scope %+v, %v", at, err)
	}
	job := s.queued()
	s.run(10 * time.Second)
	id := s.minted(acme, "rf-1")
	s.run(30 * time.Second)
	seen, err := s.Job(t.Context(), job)
	if err != nil || seen.Status != fleet.Running {
		t.Errorf("job %+v, %v", seen, err)
	}
	if err := s.Remove(t.Context(), acme, id); meaning(err) != "busy" {
		t.Errorf("the runner is %v", err)
	}
	s.run(time.Hour)
	var kinds []string
	for _, e := range to.events {
		kinds = append(kinds, e.Kind)
	}
	if diff := cmp.Diff([]string{"workflow_job.queued", "workflow_job.in_progress", "workflow_job.completed"}, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if list, err := s.Runners(t.Context(), acme, "rf-"); err != nil || len(list) > 0 {
		t.Errorf("runners left %+v, %v", list, err)
	}
}

func TestRunnersOfAnEnterpriseServerRegisterThere(t *testing.T) {
	s, _ := enterprise(t, nil)
	for _, at := range []fleet.Scope{acme, alice} {
		e := enrolment(t, s.Client, at, "rf-"+at.Owner)
		if want := server + "/" + at.String(); e.URL != want {
			t.Errorf("at %s, not %s", e.URL, want)
		}
		id, err := s.sim.Register(e.Token, githubsim.Registration{Name: e.Name, Group: e.Group, Labels: e.Labels})
		s.must(err)
		s.must(s.sim.Listen(id))
		list, err := s.Runners(t.Context(), at, "rf-")
		if err != nil || len(list) != 1 || !list[0].Online {
			t.Errorf("runners %+v, %v", list, err)
		}
	}
	// A name that changed is put into paths below the API.
	s.must(s.sim.Rename("acme", "acme-two"))
	_, err := s.Installations(t.Context())
	s.must(err)
	s.minted(acme, "rf-2")
	e, _, err := s.Enrolment(t.Context(), acme)
	if err != nil || e.URL != server+"/acme-two" {
		t.Errorf("under its new name at %s, %v", e.URL, err)
	}
}

func TestRunsOfAnEnterpriseServerAreFoundAndBeginAgain(t *testing.T) {
	s, _ := enterprise(t, nil)
	s.sim.SetFaults(githubsim.Faults{Loss: githubsim.Chance{Rate: 1}})
	_, err := s.sim.Queue(githubsim.JobSpec{Repo: "acme/widgets", Labels: []string{"arm64"}, Conclusion: "failure", Duration: time.Minute})
	s.must(err)
	s.run(10 * time.Second)
	runs, err := s.Runs(t.Context(), widgets)
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs %+v, %v", runs, err)
	}
	jobs, err := s.Jobs(t.Context(), runs[0])
	if err != nil || len(jobs) != 1 {
		t.Fatalf("jobs %+v, %v", jobs, err)
	}
	s.minted(acme, "rf-1")
	s.run(time.Hour)
	s.must(s.Rerun(t.Context(), fleet.Rerun{Job: jobs[0].Key, Run: jobs[0].Run, Scope: acme, Repo: "acme/widgets"}))
	if _, err := s.Run(t.Context(), widgets, jobs[0].Run); err != nil {
		t.Error(err)
	}
	lost, _, err := s.Lost(t.Context(), noon)
	if err != nil || len(lost) < 3 {
		t.Errorf("%d lost deliveries, %v", len(lost), err)
	}
}

func TestWhatAnEnterpriseServerDoesNotTellIsNotKnown(t *testing.T) {
	s, _ := enterprise(t, func(c *githubsim.Config) {
		c.Missing = []string{"downloads"}
		c.RunnerEnds = map[string]time.Time{"2.300.0": noon}
	})
	got, err := s.RunnerRelease(t.Context(), acme, "2.300.0")
	if diff := cmp.Diff(fleet.RunnerRelease{}, got); diff != "" || err != nil {
		t.Errorf("release %+v, %v", got, err)
	}
	if open, err := s.Open(t.Context(), acme, "Default"); err != nil || open {
		t.Errorf("group is open: %v, %v", open, err)
	}
	// More than github.com would allow in a minute, and no word of what is left.
	for i := range 200 {
		s.minted(acme, fmt.Sprint("rf-", i))
	}
	meters := s.Allowances()
	if len(meters) > 0 || !meters.Allow(acme.Installation, fleet.Housekeeping, s.now) || meters.Apps(acme.Installation) != 1 {
		t.Errorf("allowances %+v", meters)
	}
	if left, known := meters.Registrations(acme.Installation, s.now); known {
		t.Errorf("%d registrations are left", left)
	}
	if paths, err := (&http.Client{Transport: githubsim.Transport{Server: s.sim}}).Get(server + "/orgs/acme/actions/runners"); err != nil || paths.StatusCode != 404 {
		t.Errorf("beside the API there is one, too: %+v, %v", paths, err)
	}
}

func TestAServerWithoutJustInTimeRunnersSaysWhatToDo(t *testing.T) {
	s, _ := enterprise(t, func(c *githubsim.Config) { c.Missing = []string{"generate-jitconfig"} })
	_, _, err := s.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, "rf-1")
	if meaning(err) != "config" || !strings.Contains(err.Error(), "registration: token") {
		t.Errorf("error %v", err)
	}
	enrolment(t, s.Client, acme, "rf-2")
}

// Where runners register, by where the API is.
func TestTheAddressOfAScopeIsDerivedFromTheAPIs(t *testing.T) {
	for _, tt := range []struct{ name, base, org, repo string }{
		{"github.com", "", "https://github.com/acme", "https://github.com/alice/tools"},
		{"said", "https://api.github.com", "https://github.com/acme", "https://github.com/alice/tools"},
		{"with a slash, in capitals", "https://API.GitHub.com/", "https://github.com/acme", "https://github.com/alice/tools"},
		{"ghe.com", "https://api.sub.ghe.com", "https://sub.ghe.com/acme", "https://sub.ghe.com/alice/tools"},
		{"a server", "https://ghes.example/api/v3", "https://ghes.example/acme", "https://ghes.example/alice/tools"},
		{"with a port and a slash", "https://ghes.example:8443/api/v3/", "https://ghes.example:8443/acme", "https://ghes.example:8443/alice/tools"},
		{"a server whose name begins like an API's", "https://api.example.com/api/v3", "https://api.example.com/acme", "https://api.example.com/alice/tools"},
		{"a server below a path", "https://example.com/git/api/v3", "https://example.com/git/acme", "https://example.com/git/alice/tools"},
		{"a simulation", "http://127.0.0.1:8090", "http://127.0.0.1:8090/acme", "http://127.0.0.1:8090/alice/tools"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				reply(w, 201, fmt.Sprintf(`{"token":"T","expires_at":%q}`, time.Now().Add(time.Hour).Format(time.RFC3339)))
			})
			cfg := r.config(t)
			cfg.BaseURL, cfg.Now = tt.base, time.Now
			c := client(t, cfg)
			for at, want := range map[fleet.Scope]string{acme: tt.org, alice: tt.repo} {
				if e, _, err := c.Enrolment(t.Context(), at); err != nil || e.URL != want {
					t.Errorf("%s: %s, want %s, error %v", at, e.URL, want, err)
				}
			}
		})
	}
}
