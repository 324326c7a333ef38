package githubsim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// clock is a world of one GitHub: it does what is due when time passes.
type clock struct {
	now time.Time
	due []due
}

type due struct {
	at time.Time
	f  func()
}

func (c *clock) after(d time.Duration, f func()) { c.due = append(c.due, due{c.now.Add(d), f}) }

func (c *clock) pass(d time.Duration) {
	end := c.now.Add(d)
	for {
		next := -1
		for i, e := range c.due {
			if !e.at.After(end) && (next < 0 || e.at.Before(c.due[next].at)) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		e := c.due[next]
		c.due = append(c.due[:next], c.due[next+1:]...)
		c.now = e.at
		e.f()
	}
	c.now = end
}

// checked is a GitHub whose every request and answer is held against the
// OpenAPI description of the real one.
type checked struct {
	*Server
	*clock
	t      *testing.T
	spec   *openapi3.T
	router routers.Router
	events []Delivery
	token  string
}

func newChecked(t *testing.T) *checked {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	// In this list alone an account must be a user and an enterprise at once,
	// which no account of GitHub's is. Everywhere else it is either.
	list := spec.Paths.Find("/app/installations").Get.Responses.Status(200).Value.Content.Get("application/json").Schema.Value
	account := list.Items.Value.Properties["account"].Value
	account.AnyOf, account.AllOf = account.AllOf, nil
	router, err := gorillamux.NewRouter(spec)
	if err != nil {
		t.Fatal(err)
	}
	c := &checked{clock: &clock{now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)}, t: t, spec: spec, router: router}
	c.Server = New(Config{
		Seed: 1, Now: func() time.Time { return c.now }, After: c.clock.after,
		Deliver: func(d Delivery) (int, error) { c.events = append(c.events, d); return 202, nil },
	})
	c.AddInstallation(Installation{ID: 7, Account: "acme"})
	c.AddInstallation(Installation{ID: 8, Account: "ada", Person: true})
	for _, r := range []Repository{{Owner: "acme", Name: "widgets", Private: true}, {Owner: "ada", Name: "toys", Private: true}} {
		if err := c.AddRepository(r); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// as gets a token of an installation.
func (c *checked) as(installation int) {
	c.t.Helper()
	c.token = "jwt"
	var out struct{ Token string }
	c.call("POST", fmt.Sprintf("/app/installations/%d/access_tokens", installation), "", 201, &out)
	c.token = out.Token
}

// call calls an operation, and validates both directions.
func (c *checked) call(method, path, body string, want int, out any) {
	c.t.Helper()
	r := httptest.NewRequest(method, "https://api.github.com"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		c.t.Errorf("%s %s: request: %v", method, path, err)
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	if w.Code != want {
		c.t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.Code, Header: w.Header(), Options: in.Options}
	answer.SetBodyBytes(w.Body.Bytes())
	if err := openapi3filter.ValidateResponse(context.Background(), answer); err != nil {
		c.t.Errorf("%s %s: answer: %v", method, path, err)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			c.t.Fatal(err)
		}
	}
}

const jit = `{"name":"r%d","runner_group_id":1,"labels":["self-hosted","arm64"]}`

func TestEveryAnswerIsAsGitHubDescribesIt(t *testing.T) {
	c := newChecked(t)
	c.token = "jwt"
	c.call("GET", "/app", "", 200, nil)
	c.call("GET", "/app/installations", "", 200, nil)
	c.call("GET", "/app/installations/7", "", 200, nil)
	c.as(7)
	c.call("GET", "/rate_limit", "", 200, nil)
	c.call("GET", "/orgs/acme/actions/runner-groups", "", 200, nil)
	c.call("GET", "/orgs/acme/actions/runners/downloads", "", 200, nil)
	c.call("POST", "/orgs/acme/actions/runners/registration-token", "", 201, nil)
	c.call("GET", "/repos/acme/widgets", "", 200, nil)
	var made struct {
		Runner struct{ ID int64 }
		Config string `json:"encoded_jit_config"`
	}
	c.call("POST", "/orgs/acme/actions/runners/generate-jitconfig", fmt.Sprintf(jit, 1), 201, &made)
	c.call("POST", "/orgs/acme/actions/runners/generate-jitconfig", fmt.Sprintf(jit, 1), 409, nil)
	c.call("GET", "/orgs/acme/actions/runners", "", 200, nil)
	runner := fmt.Sprintf("/orgs/acme/actions/runners/%d", made.Runner.ID)
	c.call("GET", runner, "", 200, nil)
	id, err := c.Queue(JobSpec{Repo: "acme/widgets", Labels: []string{"ARM64"}, Duration: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	job := fmt.Sprintf("/repos/acme/widgets/actions/jobs/%d", id)
	c.call("GET", job, "", 200, nil)
	if _, err := c.Connect(made.Config); err != nil {
		t.Fatal(err)
	}
	c.pass(20 * time.Second)
	c.call("GET", job, "", 200, nil)
	c.call("DELETE", runner, "", 422, nil)
	c.pass(2 * time.Minute)
	c.call("GET", job, "", 200, nil)
	var done struct {
		Run int64 `json:"run_id"`
	}
	c.call("GET", job, "", 200, &done)
	c.call("GET", fmt.Sprintf("/repos/acme/widgets/actions/runs/%d/jobs", done.Run), "", 200, nil)
	c.call("GET", fmt.Sprintf("/repos/acme/widgets/actions/runs/%d", done.Run), "", 200, nil)
	c.call("POST", "/orgs/acme/actions/runners/generate-jitconfig", fmt.Sprintf(jit, 2), 201, &made)
	c.call("DELETE", fmt.Sprintf("/orgs/acme/actions/runners/%d", made.Runner.ID), "", 204, nil)
	c.token = "jwt"
	var list []struct{ ID int64 }
	c.call("GET", "/app/hook/deliveries?per_page=100", "", 200, &list)
	if len(list) < 3 {
		t.Fatalf("%d deliveries", len(list))
	}
	c.call("GET", fmt.Sprintf("/app/hook/deliveries/%d", list[0].ID), "", 200, nil)
	c.as(8)
	c.call("POST", "/repos/ada/toys/actions/runners/generate-jitconfig", fmt.Sprintf(jit, 1), 201, nil)
	c.call("GET", "/repos/ada/toys/actions/runners", "", 200, nil)
	if len(c.events) < 3 {
		t.Errorf("%d webhooks for a whole job", len(c.events))
	}
	c.webhooks()
}

// webhooks holds the bodies that were delivered against their schemas.
func (c *checked) webhooks() {
	for _, e := range c.events {
		if e.Header.Get("X-GitHub-Event") != "workflow_job" {
			continue
		}
		var body map[string]any
		d := json.NewDecoder(bytes.NewReader(e.Body))
		if err := d.Decode(&body); err != nil {
			c.t.Fatal(err)
		}
		name := "webhook-workflow-job-" + strings.ReplaceAll(fmt.Sprint(body["action"]), "_", "-")
		schema := c.spec.Components.Schemas[name]
		if schema == nil {
			c.t.Errorf("no schema %s", name)
			continue
		}
		if err := schema.Value.VisitJSON(body); err != nil {
			c.t.Errorf("%s: %v", name, err)
		}
	}
}
