package provisiontest_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// troubled is a wire that plays throttling and lost answers, before a server
// that cannot.
type troubled struct {
	mu       sync.Mutex
	throttle map[string]bool // operations whose next call is throttled
	lose     map[string]bool // operations whose next answer is lost
}

func newTroubled() *troubled {
	return &troubled{throttle: map[string]bool{}, lose: map[string]bool{}}
}

// next plans a fault of an operation's next call.
func (f *troubled) next(plan map[string]bool) func(operation string) {
	return func(operation string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		plan[operation] = true
	}
}

// due takes a planned fault away and reports whether there was one.
func (f *troubled) due(plan map[string]bool, operation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer delete(plan, operation)
	return plan[operation]
}

// RoundTrip sends a request unless a fault is due.
func (f *troubled) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil { // a GET of FIS has none
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	operation, json := operationOf(r, string(body))
	if f.due(f.throttle, operation) {
		return throttled(json), nil
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && f.due(f.lose, operation) {
		answer.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return answer, err
}

// operationOf names a call, and says whether its answer is JSON. SSM names the
// operation in a header, FIS by method and path, EC2 in the form.
func operationOf(r *http.Request, body string) (operation string, json bool) {
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return operation, true
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) > 1 {
		parts[1] = "id"
	}
	if operation, ok := fisOperations[r.Method+" "+strings.Join(parts, "/")]; ok {
		return operation, true
	}
	form, _ := url.ParseQuery(body)
	return form.Get("Action"), false
}

var fisOperations = map[string]string{
	"POST experimentTemplates":           "CreateExperimentTemplate",
	"GET experimentTemplates":            "ListExperimentTemplates",
	"DELETE experimentTemplates/id":      "DeleteExperimentTemplate",
	"POST experiments":                   "StartExperiment",
	"GET experiments":                    "ListExperiments",
	"GET experiments/id":                 "GetExperiment",
	"DELETE experiments/id":              "StopExperiment",
	"GET experiments/id/resolvedTargets": "ListExperimentResolvedTargets",
}

// throttled is how EC2 (XML), and SSM and FIS (JSON) say it.
func throttled(json bool) *http.Response {
	status, text := 503, `<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors><RequestID>1</RequestID></Response>`
	if json {
		status, text = 400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}
}
