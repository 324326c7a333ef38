package integration_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/runfleet/runfleet/github/githubsim"
)

const (
	appID      = 12345
	repository = "acme/widgets"
	secret     = "hush-hush-webhook-secret"
)

// hub is the simulated GitHub: its API, and the doors through which jobs and
// runners come.
type hub struct {
	t   *testing.T
	url string
	key *rsa.PrivateKey // the App's
}

// ask calls the hub and decodes its answer.
func (h *hub) ask(method, path string, body, into any) {
	h.t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, bytes.NewReader(sent))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token())
	status, answer := send(h.t, r)
	if status != http.StatusOK {
		h.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// token is a JWT, as the App signs in.
func (h *hub) token() string {
	h.t.Helper()
	now := time.Now()
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: fmt.Sprint(appID), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
	}).SignedString(h.key)
	if err != nil {
		h.t.Fatal(err)
	}
	return text
}

func send(t *testing.T, r *http.Request) (int, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// queue starts a job that will run for a while on whatever machine takes it.
func (h *hub) queue(runs time.Duration, labels ...string) (id githubsim.JobID) {
	h.t.Helper()
	h.ask("POST", "/_sim/jobs", githubsim.JobSpec{Repo: repository, Labels: labels, Duration: runs}, &id)
	return id
}

// job is what became of a job so far.
func (h *hub) job(id githubsim.JobID) githubsim.Outcome {
	h.t.Helper()
	var all []githubsim.Outcome
	h.ask("GET", "/_sim/jobs", nil, &all)
	for _, o := range all {
		if o.ID == id {
			return o
		}
	}
	h.t.Fatalf("GitHub has no job %d", id)
	return githubsim.Outcome{}
}

func (h *hub) runners() (all []githubsim.Registered) {
	h.t.Helper()
	h.ask("GET", "/_sim/runners", nil, &all)
	return all
}

// point sends the webhooks somewhere else.
func (h *hub) point(url string) {
	h.t.Helper()
	var at string
	h.ask("PUT", "/_sim/webhook", map[string]string{"URL": url, "Secret": secret}, &at)
}

// connect is a runner that starts with its config.
func (h *hub) connect(config string) {
	h.t.Helper()
	var id githubsim.RunnerID
	h.ask("POST", "/_sim/connect", map[string]string{"Config": config}, &id)
}

// undelivered counts the job webhooks that GitHub lists as failed for some time.
func (h *hub) undelivered(since time.Duration) (n int) {
	h.t.Helper()
	var list []struct {
		Event string
		Code  int       `json:"status_code"`
		At    time.Time `json:"delivered_at"`
	}
	h.ask("GET", "/app/hook/deliveries?per_page=100", nil, &list)
	for _, d := range list {
		if d.Event == "workflow_job" && d.Code >= 300 && time.Since(d.At) >= since {
			n++
		}
	}
	return n
}
