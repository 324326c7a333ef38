package githubsim_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

func TestTheSecondaryLimitOfJITConfigs(t *testing.T) {
	s := newSim(t, nil)
	for i := range 180 {
		s.mint(fmt.Sprint("r", i), "linux")
	}
	const path = "/orgs/acme/actions/runners/generate-jitconfig"
	s.run(20 * time.Second)
	h := s.call("POST", path, jitBody("late", "linux"), 403, nil)
	if diff := cmp.Diff("40", h.Get("Retry-After")); diff != "" {
		t.Errorf("Retry-After (-want +got):\n%s", diff)
	}
	s.call("GET", "/orgs/acme/actions/runners", nil, 200, nil) // another endpoint
	s.run(40 * time.Second)
	s.mint("late", "linux")
}

func TestThePrimaryLimits(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) { c.Limits = githubsim.Limits{Core: 2, Registrations: 1, Status: 429} })
	s.mint("one", "linux")
	h := s.call("POST", "/orgs/acme/actions/runners/generate-jitconfig", jitBody("two", "linux"), 429, nil)
	want := map[string]string{
		"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Used": "1",
		"X-RateLimit-Reset": fmt.Sprint(s.now.Add(time.Hour).Unix()), "X-RateLimit-Resource": "actions_runner_registration",
	}
	for k, v := range want {
		if got := h.Get(k); got != v {
			t.Errorf("%s is %q, want %q", k, got, v)
		}
	}
	for _, status := range []int{200, 200, 429} {
		s.call("GET", "/orgs/acme/actions/runners", nil, status, nil)
	}
	s.use(8) // another installation has its own
	s.call("GET", "/repos/mona/toys/actions/runners", nil, 200, nil)
	s.use(7)
	s.run(time.Hour)
	s.mint("two", "linux")
	s.call("GET", "/orgs/acme/actions/runners", nil, 200, nil)
}

func TestAJITReplyIsLostAfterSuccess(t *testing.T) {
	for _, status := range []int{0, 502} {
		t.Run(fmt.Sprint("status ", status), func(t *testing.T) {
			s := newSim(t, func(c *githubsim.Config) {
				c.Faults = githubsim.Faults{JITReplyLost: githubsim.Chance{Rate: 1}, LostStatus: status}
			})
			body := `{"name":"one","runner_group_id":1,"labels":["linux"]}`
			post := func() (*http.Response, error) {
				r, err := http.NewRequest("POST", "https://api.github.com/orgs/acme/actions/runners/generate-jitconfig", strings.NewReader(body))
				s.must(err)
				r.Header.Set("Authorization", "Bearer "+s.token)
				return githubsim.Transport{Server: s.Server}.RoundTrip(r)
			}
			resp, err := post()
			if status == 0 && err == nil || status != 0 && (err != nil || resp.StatusCode != status) {
				t.Errorf("first: %v, %v", resp, err)
			}
			if n := len(s.Runners()); n != 1 {
				t.Errorf("%d runners are registered", n)
			}
			if resp, err := post(); err != nil || resp.StatusCode != http.StatusConflict {
				t.Errorf("second: %v, %v", resp, err)
			}
		})
	}
}

func TestRefusalsForNoReason(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	soon := githubsim.Window{From: now.Add(time.Minute), To: now.Add(2 * time.Minute)}
	tests := []struct {
		name   string
		faults githubsim.Faults
		want   int
		after  string // Retry-After
	}{
		{"forbidden", githubsim.Faults{Forbidden: githubsim.Chance{Rate: 1, During: soon}}, 403, ""},
		{"too many", githubsim.Faults{TooMany: githubsim.Chance{Rate: 1, During: soon}, RetryAfter: 17 * time.Second}, 429, "17"},
		{"down", githubsim.Faults{Down: []githubsim.Window{soon}}, 503, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, func(c *githubsim.Config) { c.Faults = tt.faults })
			const path = "/orgs/acme/actions/runners"
			s.call("GET", path, nil, 200, nil)
			s.run(time.Minute)
			if h := s.call("GET", path, nil, tt.want, nil); h.Get("Retry-After") != tt.after {
				t.Errorf("Retry-After %q", h.Get("Retry-After"))
			}
			s.run(time.Minute)
			s.call("GET", path, nil, 200, nil)
		})
	}
}

func TestNothingIsAssignedWhileGitHubIsDown(t *testing.T) {
	s := newSim(t, nil)
	s.connected("one", "self-hosted", "linux")
	s.SetFaults(githubsim.Faults{Down: []githubsim.Window{{To: s.now.Add(2 * time.Minute)}}})
	id := s.queued(githubsim.JobSpec{})
	s.run(119 * time.Second)
	if got := s.outcome(id).Status; got != "queued" {
		t.Errorf("while down the job is %s", got)
	}
	s.run(10 * time.Second)
	if got := s.outcome(id).Status; got != "in_progress" {
		t.Errorf("after it the job is %s", got)
	}
}

func TestFaultsOfJobsAndWebhooks(t *testing.T) {
	always := githubsim.Chance{Rate: 1}
	tests := []struct {
		name   string
		faults githubsim.Faults
		want   map[string]int
	}{
		{"a job that GitHub overlooks stays queued", githubsim.Faults{NeverAssigned: always}, map[string]int{"queued": 1}},
		{"a job whose runner never hears of it stays queued, and may be announced again",
			githubsim.Faults{NotPickedUp: always, QueuedAgain: githubsim.Chance{Rate: 1}}, nil},
		{"every webhook comes twice", githubsim.Faults{Double: always},
			map[string]int{"queued": 2, "in_progress": 2, "completed success": 2}},
		{"late webhooks come all the same", githubsim.Faults{Late: always, LateBy: time.Hour},
			map[string]int{"queued": 1, "in_progress": 1, "completed success": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, func(c *githubsim.Config) {
				c.Faults, c.Times.IdleRemoval = tt.faults, -1
			})
			s.connected("one", "self-hosted", "linux")
			s.queued(githubsim.JobSpec{})
			s.run(3 * time.Hour)
			got := counts(s.take("workflow_job"))
			if tt.want == nil {
				if got["queued"] < 2 || len(got) != 1 {
					t.Errorf("webhooks: %v", got)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("webhooks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASeedIsADay(t *testing.T) {
	day := func(seed uint64) []string {
		s := newSim(t, func(c *githubsim.Config) {
			c.Seed = seed
			c.Faults = githubsim.Faults{
				Loss: githubsim.Chance{Rate: 0.2}, Late: githubsim.Chance{Rate: 0.3}, Double: githubsim.Chance{Rate: 0.2},
				NotPickedUp: githubsim.Chance{Rate: 0.2},
			}
		})
		for i := range 20 {
			s.queued(githubsim.JobSpec{})
			s.connected(fmt.Sprint("r", i), "self-hosted", "linux")
			s.run(10 * time.Second)
		}
		s.run(time.Hour)
		var out []string
		for _, h := range s.hooks {
			out = append(out, fmt.Sprint(h.header.Get("X-GitHub-Delivery"), h, h.job.ID))
		}
		return out
	}
	one := day(1)
	if diff := cmp.Diff(one, day(1)); diff != "" {
		t.Errorf("the same seed (-first +second):\n%s", diff)
	}
	if cmp.Equal(one, day(2)) {
		t.Error("another seed is the same day")
	}
}

// One mutex guards everything, so callers from many goroutines are only slow.
func TestCallersFromManyGoroutines(t *testing.T) {
	var s *githubsim.Server
	var later sync.WaitGroup
	s = githubsim.New(githubsim.Config{
		Now:     func() time.Time { return time.Unix(1_700_000_000, 0) },
		After:   func(_ time.Duration, f func()) { later.Go(f) },
		Deliver: func(githubsim.Delivery) (int, error) { s.Calls(); return 202, nil },
		Times:   githubsim.Times{IdleRemoval: -1},
	})
	s.AddInstallation(githubsim.Installation{ID: 7, Account: "acme"})
	if err := s.AddRepository(githubsim.Repository{Owner: "acme", Name: "widgets"}); err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			id, err := s.Queue(githubsim.JobSpec{Repo: "acme/widgets", Labels: []string{"linux"}})
			if err != nil {
				t.Error(err)
			}
			s.Runners()
			s.Cancel(id)
		})
	}
	callers.Wait()
	later.Wait()
	if n := len(s.Outcomes()); n != 8 {
		t.Errorf("%d jobs", n)
	}
}
