package githubsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

type contract struct {
	doc    *openapi3.T
	router routers.Router
	mu     sync.Mutex
	used   map[string]bool // operations that were checked
}

// github is what GitHub says about itself, loaded once.
var github = sync.OnceValue(func() *contract {
	b, err := os.ReadFile("testdata/openapi.json")
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
	return &contract{doc: doc, router: router, used: map[string]bool{}}
})

// refusals are answers that the OpenAPI leaves out of most operations: they come before the operation.
var refusals = map[int]bool{401: true, 403: true, 404: true, 429: true, 502: true, 503: true}

// checked fails the test when a request or its answer is not as GitHub's OpenAPI says.
func checked(t testing.TB, next http.Handler) http.Handler { return check{t, next, false} }

// checkedWrong is checked for requests that are meant to be invalid: it fails the test when one is not.
func checkedWrong(t testing.TB, next http.Handler) http.Handler { return check{t, next, true} }

type check struct {
	t     testing.TB
	next  http.Handler
	wrong bool // the request is meant to be
}

func (k check) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.t.Helper()
	c := github()
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		k.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		return
	}
	body, _ := io.ReadAll(r.Body)
	if string(bytes.TrimSpace(body)) == "null" {
		body = nil // ghinstallation writes its lack of options so, and GitHub takes it
		r.ContentLength = 0
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	switch invalid := openapi3filter.ValidateRequest(r.Context(), in); {
	case invalid != nil && !k.wrong:
		k.t.Errorf("%s %s: GitHub's OpenAPI refuses this request: %v", r.Method, r.URL, invalid)
	case invalid == nil && k.wrong:
		k.t.Errorf("%s %s: GitHub's OpenAPI takes this request, which is meant to be invalid", r.Method, r.URL)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	seen := httptest.NewRecorder()
	k.next.ServeHTTP(seen, r)
	c.response(k.t, in, seen)
	for k, v := range seen.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(seen.Code)
	_, _ = w.Write(seen.Body.Bytes())
}

func (c *contract) response(t testing.TB, in *openapi3filter.RequestValidationInput, seen *httptest.ResponseRecorder) {
	t.Helper()
	declared := in.Route.Operation.Responses.Status(seen.Code) != nil
	if !declared && refusals[seen.Code] {
		c.value(t, "basic-error", seen.Body.Bytes())
		return
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: seen.Code, Header: seen.Header(), Options: in.Options,
	}
	if seen.Body.Len() > 0 {
		out.SetBodyBytes(seen.Body.Bytes())
	}
	if err := openapi3filter.ValidateResponse(in.Request.Context(), out); err != nil {
		t.Errorf("%s %s: answer %d: %v", in.Request.Method, in.Request.URL, seen.Code, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if seen.Code < 300 {
		c.used[in.Route.Operation.OperationID] = true
	}
}

// value fails the test when a JSON value is not of a component schema.
func (c *contract) value(t testing.TB, schema string, body []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("%s: %v", schema, err)
		return
	}
	ref := c.doc.Components.Schemas[schema]
	if ref == nil {
		t.Errorf("no schema %s", schema)
		return
	}
	if err := ref.Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s: %v", schema, err)
	}
}

func TestEveryOperationAnswersAsGitHubsOpenAPISays(t *testing.T) {
	s := newSim(t, nil)
	everyOperation(s)
	for path, item := range github().doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !github().used[op.OperationID] {
				t.Errorf("%s %s was never answered with success", method, path)
			}
		}
	}
}

// reports keeps what a test would fail with.
type reports struct {
	testing.TB
	said []string
}

func (r *reports) Helper() {}
func (r *reports) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func TestAnInvalidRequestIsReportedUnlessItIsMeantToBe(t *testing.T) {
	const path = "/orgs/acme/actions/runners/generate-jitconfig"
	right, wrong := `{"name":"one","runner_group_id":1,"labels":["linux"]}`, `{"name":"one","labels":["linux"]}`
	for _, tt := range []struct {
		name, body string
		check      func(testing.TB, http.Handler) http.Handler
		want       string // "": nothing is reported
	}{
		{"a valid one", right, checked, ""},
		{"an invalid one, although GitHub refuses it too", wrong, checked, "refuses this request"},
		{"one that is meant to be invalid, and is", wrong, checkedWrong, ""},
		{"one that is meant to be invalid, and is not", right, checkedWrong, "takes this request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, nil)
			seen := &reports{TB: t}
			r := httptest.NewRequest("POST", path, strings.NewReader(tt.body))
			r.Header.Set("Authorization", "Bearer "+s.token)
			r.Header.Set("Content-Type", "application/json")
			tt.check(seen, s.Server).ServeHTTP(httptest.NewRecorder(), r)
			said := strings.Join(seen.said, "\n")
			if tt.want == "" && said != "" || !strings.Contains(said, tt.want) {
				t.Errorf("reported %q, want %q", said, tt.want)
			}
		})
	}
}
