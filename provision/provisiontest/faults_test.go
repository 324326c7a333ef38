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

// faults plays throttling and lost answers on the wire, before a server that
// cannot.
type faults struct {
	mu       sync.Mutex
	throttle map[string]bool // operations whose next call is throttled
	lose     map[string]bool // operations whose next answer is lost
}

func newFaults() *faults {
	return &faults{throttle: map[string]bool{}, lose: map[string]bool{}}
}

// next plans a fault of an operation's next call.
func (f *faults) next(plan map[string]bool) func(operation string) {
	return func(operation string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		plan[operation] = true
	}
}

// due takes a planned fault away and reports whether there was one.
func (f *faults) due(plan map[string]bool, operation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer delete(plan, operation)
	return plan[operation]
}

// RoundTrip sends a request unless a fault is due.
func (f *faults) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	// SSM names the operation in a header, EC2 in the form.
	_, operation, json := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !json {
		form, _ := url.ParseQuery(string(body))
		operation = form.Get("Action")
	}
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

// throttled is how EC2 (XML) and SSM (JSON) say it.
func throttled(json bool) *http.Response {
	status, text := 503, `<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors><RequestID>1</RequestID></Response>`
	if json {
		status, text = 400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}
}
