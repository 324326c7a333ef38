package githubsim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
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

// checked fails the test when a request or its answer is not as GitHub's OpenAPI says. A request that it refuses is
// only sent on if the test wants to see GitHub refuse it as well.
func checked(t *testing.T, next http.Handler) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Helper()
		c := github()
		route, params, err := c.router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
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
		invalid := openapi3filter.ValidateRequest(r.Context(), in)
		r.Body = io.NopCloser(bytes.NewReader(body))
		seen := httptest.NewRecorder()
		next.ServeHTTP(seen, r)
		if invalid != nil && seen.Code < 400 {
			t.Errorf("%s %s: request is accepted, but: %v", r.Method, r.URL, invalid)
		}
		c.response(t, in, seen)
		for k, v := range seen.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(seen.Code)
		_, _ = w.Write(seen.Body.Bytes())
	})
}

func (c *contract) response(t *testing.T, in *openapi3filter.RequestValidationInput, seen *httptest.ResponseRecorder) {
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
func (c *contract) value(t *testing.T, schema string, body []byte) {
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
