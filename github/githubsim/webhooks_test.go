package githubsim_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

func TestWebhooksAreOfGitHubsSchemas(t *testing.T) {
	s := newSim(t, nil)
	s.Ping()
	s.connected("one", "self-hosted", "linux")
	s.queued(githubsim.JobSpec{Conclusion: "timed_out"})
	s.queued(githubsim.JobSpec{Repo: "mona/toys", Environment: "production", ApproveAfter: time.Minute})
	s.queued(githubsim.JobSpec{Repo: "acme/site", Event: "pull_request", Fork: "stranger/site"})
	s.run(25 * time.Hour)
	seen := map[string]bool{}
	for _, h := range s.hooks {
		schema := "webhook-" + strings.ReplaceAll(h.header.Get("X-Github-Event"), "_", "-")
		if h.action != "" {
			schema += "-" + strings.ReplaceAll(h.action, "_", "-")
		}
		seen[schema] = true
		github().value(t, schema, h.body)
	}
	want := map[string]bool{
		"webhook-ping": true, "webhook-workflow-job-queued": true, "webhook-workflow-job-waiting": true,
		"webhook-workflow-job-in-progress": true, "webhook-workflow-job-completed": true,
		"webhook-workflow-run-requested": true, "webhook-workflow-run-completed": true,
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("schemas (-want +got):\n%s", diff)
	}
}

// The fixtures say whether the schemas above are worth anything.
func TestGitHubsOwnExamplesAreOfTheSchemasToo(t *testing.T) {
	files, err := filepath.Glob("../../webhooks/testdata/workflow_job/*.json")
	if err != nil || len(files) != 8 {
		t.Fatalf("fixtures: %v, %v", files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		action, _, _ := strings.Cut(filepath.Base(file), ".")
		if filepath.Base(file) == "in_progress.1.json" {
			continue // older than four of the keys that are required today
		}
		github().value(t, "webhook-workflow-job-"+strings.ReplaceAll(action, "_", "-"), body)
	}
}

func TestDeliveriesCarryGitHubsHeaders(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) { c.AppID = 12345 })
	s.queued(githubsim.JobSpec{})
	s.run(time.Minute)
	h := s.hooks[0]
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write(h.body)
	want := map[string]string{
		"X-Hub-Signature-256":                    "sha256=" + hex.EncodeToString(mac.Sum(nil)),
		"X-GitHub-Hook-Installation-Target-Type": "integration",
		"X-GitHub-Hook-Installation-Target-ID":   "12345",
		"Content-Type":                           "application/json",
	}
	for k, v := range want {
		if got := h.header.Get(k); got != v {
			t.Errorf("%s is %q, want %q", k, got, v)
		}
	}
	if !strings.HasPrefix(h.header.Get("User-Agent"), "GitHub-Hookshot/") || len(h.header.Get("X-GitHub-Delivery")) != 36 {
		t.Errorf("headers: %v", h.header)
	}
}

func TestRunnersFieldsOfAJobThatNeverRan(t *testing.T) {
	s := newSim(t, nil)
	s.Cancel(s.queued(githubsim.JobSpec{}))
	s.run(time.Minute)
	for _, h := range s.hooks {
		switch h.String() {
		case "workflow_job queued":
			if h.job.RunnerID != nil {
				t.Errorf("queued: runner %d, want null", *h.job.RunnerID)
			}
		case "workflow_job completed cancelled":
			if h.job.RunnerID == nil || *h.job.RunnerID != 0 {
				t.Errorf("completed: runner %v, want 0", h.job.RunnerID)
			}
		}
	}
}

func TestAnApprovedJobIsAnnouncedAsQueuedWithStatusWaiting(t *testing.T) {
	s := newSim(t, nil)
	id := s.queued(githubsim.JobSpec{Environment: "production"})
	s.run(time.Minute)
	s.Approve(id)
	s.run(time.Minute)
	h := s.hooks[len(s.hooks)-1]
	if h.action != "queued" || h.job.Status != "waiting" || !h.deployment {
		t.Errorf("action %s, status %s, deployment %t", h.action, h.job.Status, h.deployment)
	}
	var job struct{ Status string }
	s.call("GET", fmt.Sprintf("/repos/acme/widgets/actions/jobs/%d", id), nil, 200, &job)
	if job.Status != "queued" {
		t.Errorf("the API says %s", job.Status)
	}
}

type kept struct {
	ID         int64
	GUID       string
	Status     string
	Code       int `json:"status_code"`
	Redelivery bool
	Event      string
	Action     string
}

func TestALostDeliveryIsFoundAndSentAgain(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) { c.Faults.Loss.Rate = 1 })
	s.queued(githubsim.JobSpec{})
	s.run(time.Minute)
	if len(s.hooks) != 0 {
		t.Fatalf("%d webhooks arrived", len(s.hooks))
	}
	var list []kept
	s.asApp("GET", "/app/hook/deliveries", 200, &list)
	if len(list) != 2 || list[0].Status == "OK" || list[0].Code != 0 && list[0].Code != 502 {
		t.Fatalf("deliveries: %+v", list)
	}
	s.SetFaults(githubsim.Faults{})
	for _, d := range list {
		s.asApp("POST", fmt.Sprintf("/app/hook/deliveries/%d/attempts", d.ID), 202, nil)
	}
	s.run(time.Minute)
	var again []kept
	s.asApp("GET", "/app/hook/deliveries", 200, &again)
	if len(again) != 4 || again[0].Status != "OK" || !again[0].Redelivery || again[0].Code != 202 {
		t.Errorf("deliveries: %+v", again)
	}
	guids := map[string]bool{list[0].GUID: true, list[1].GUID: true}
	if !guids[again[0].GUID] || !guids[again[1].GUID] || len(s.hooks) != 2 {
		t.Errorf("deliveries: %+v", again)
	}
}

func TestHowADeliveryEnded(t *testing.T) {
	tests := []struct {
		name   string
		code   int
		err    error
		status string
		want   int
	}{
		{"any 2xx is OK", 204, nil, "OK", 204},
		{"a refusal keeps its code", 503, nil, "Invalid HTTP Response: 503", 503},
		{"no connection", 0, errors.New("refused"), "failed to connect to host", 502},
		{"no answer in time", 0, os.ErrDeadlineExceeded, "timed out", 504},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, nil)
			s.answers = func(hook) (int, error) { return tt.code, tt.err }
			s.Ping()
			s.run(time.Minute)
			var list []kept
			s.asApp("GET", "/app/hook/deliveries", 200, &list)
			if len(list) != 1 || list[0].Status != tt.status || list[0].Code != tt.want {
				t.Errorf("deliveries: %+v", list)
			}
		})
	}
}

func TestDeliveriesAreListedByCursorNewestFirstForThreeDays(t *testing.T) {
	s := newSim(t, nil)
	for range 5 {
		s.Ping()
	}
	s.run(time.Minute)
	var seen []int64
	path := "/app/hook/deliveries?per_page=2"
	for path != "" {
		var page []kept
		h := s.asApp("GET", path, 200, &page)
		for _, d := range page {
			seen = append(seen, d.ID)
		}
		s.Ping() // a newer one does not shift the pages
		s.run(time.Minute)
		path = ""
		if next, _, ok := strings.Cut(h.Get("Link"), ">; rel=\"next\""); ok {
			path = strings.TrimPrefix(next, "<https://api.github.com")
		}
	}
	if len(seen) != 5 || seen[0]-seen[4] != 4 {
		t.Errorf("seen %v", seen)
	}
	s.run(73 * time.Hour)
	var left []kept
	s.asApp("GET", "/app/hook/deliveries", 200, &left)
	s.asApp("GET", fmt.Sprintf("/app/hook/deliveries/%d", seen[0]), 404, nil)
	if len(left) != 0 {
		t.Errorf("left after three days: %v", left)
	}
}

func TestHTTPDeliverPosts(t *testing.T) {
	got := make(chan string, 1)
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		got <- r.Method + " " + r.URL.String() + " " + r.Header.Get("X-GitHub-Event")
		return &http.Response{StatusCode: 202, Body: http.NoBody}, nil
	})}
	s := newSim(t, func(c *githubsim.Config) { c.Deliver = githubsim.HTTPDeliver(client) })
	s.SetWebhook("http://fleet.example/webhook", "new")
	s.Ping()
	s.run(time.Minute)
	if diff := cmp.Diff("POST http://fleet.example/webhook ping", <-got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
