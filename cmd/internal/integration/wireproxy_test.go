package integration_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// proxy stands between functions and moto. It counts calls, and has DynamoDB's
// requests one by one: moto restores a whole table when a transaction fails, and
// undoes what others wrote meanwhile.
type proxy struct {
	url string
	// after is called when DynamoDB has answered a request; nil: nobody is.
	after func(operation string)

	mu    sync.Mutex
	calls map[string]map[string]int // by service and operation
	table sync.Mutex                // held while DynamoDB answers
}

func newProxy(t *testing.T, moto string) *proxy {
	t.Helper()
	to, err := url.Parse(moto)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{calls: map[string]map[string]int{}}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service, operation := called(r)
		p.mu.Lock()
		if p.calls[service] == nil {
			p.calls[service] = map[string]int{}
		}
		p.calls[service][operation]++
		after := p.after
		p.mu.Unlock()
		if service == "dynamodb" {
			p.table.Lock()
			defer p.table.Unlock()
		}
		forward.ServeHTTP(w, r)
		if service == "dynamodb" && after != nil {
			after(operation)
		}
	}))
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

// called is the service and the operation of a request to AWS.
func called(r *http.Request) (service, operation string) {
	// AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...
	parts := strings.Split(r.Header.Get("Authorization"), "/")
	if len(parts) < 4 {
		return "unknown", r.Method
	}
	service = parts[3]
	if _, op, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return service, op
	}
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if form, bad := url.ParseQuery(string(body)); err == nil && bad == nil {
			return service, form.Get("Action")
		}
	}
	return service, r.Method
}

// counts is the calls so far.
func (p *proxy) counts() map[string]map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string]map[string]int{}
	for service, calls := range p.calls {
		all[service] = maps.Clone(calls)
	}
	return all
}

// watch has a function called after each answer of DynamoDB; nil: none.
func (p *proxy) watch(after func(operation string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.after = after
}
