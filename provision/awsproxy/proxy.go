// Package awsproxy owns a proxy in front of a moto server, for tests. It gives
// what moto lacks, as data: throttling, failures, lost and slow answers, offers
// without capacity, and client tokens that EC2 keeps. It counts calls.
//
// # Decisions
//
// What a client asked for is done even if the client dies meanwhile, as at AWS:
// a request goes on to the server whatever becomes of its connection, and the
// answer of a launch is kept under its token before anybody hears of it. Faults
// are drawn from a seed, an operation and an ordinal, so that the same calls meet
// the same faults. DynamoDB has its requests one by one: moto restores a whole
// table when a transaction fails, and undoes what others wrote meanwhile.
package awsproxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	largest    = 16 << 20        // bytes of a request
	serverTime = 2 * time.Minute // that an answer of the server may take
)

// Proxy is an http.Handler. It is safe for concurrent use.
type Proxy struct {
	// Forgets has it leave client tokens to the server, which ignores them.
	Forgets bool

	to     *url.URL
	seed   uint64
	client *http.Client
	table  sync.Mutex // held while DynamoDB answers
	fleets fleets

	mu       sync.Mutex // guards what follows
	faults   []*planned
	limits   []*limited
	exceeded int                       // calls that they throttled
	drawn    map[string]int            // draws so far, by operation
	calls    map[string]map[string]int // by service and operation
	before   func(Call)
	after    func(Call)
}

// New is a proxy for the server at an address such as http://127.0.0.1:5000.
func New(server string, seed uint64) (*Proxy, error) {
	to, err := url.Parse(server)
	if err != nil || to.Host == "" {
		return nil, fmt.Errorf("%q is no address of a server: %w", server, err)
	}
	return &Proxy{
		to: to, seed: seed, fleets: newFleets(), drawn: map[string]int{}, calls: map[string]map[string]int{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}, Timeout: serverTime},
	}, nil
}

// ServeHTTP passes a call on, unless a fault is due.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largest))
	if err != nil {
		return // the client has gone
	}
	c := callOf(r, body)
	if before, _ := p.watchers(); before != nil {
		before(c)
	}
	f := p.arrived(c)
	switch f.What {
	case Throttled, Failed, Refused:
		refusal(c, f).write(w)
		return
	case Down:
		hangUp(r.Context(), f.Wait)
	}
	a, err := p.answer(r, c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if _, after := p.watchers(); after != nil {
		after(c)
	}
	switch f.What {
	case Lost:
		a.begin(w)
		hangUp(r.Context(), f.Wait)
	case Slow:
		pause(r.Context(), f.Wait)
	}
	a.write(w)
}

// hangUp breaks the connection after a while.
func hangUp(ctx context.Context, wait time.Duration) {
	pause(ctx, wait)
	panic(http.ErrAbortHandler)
}

// pause waits, unless the client goes.
func pause(ctx context.Context, wait time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// answer is what the server says, or the proxy in its place.
func (p *Proxy) answer(r *http.Request, c Call) (answer, error) {
	switch {
	case c.Service == "dynamodb":
		p.table.Lock()
		defer p.table.Unlock()
	case c.Service == "ec2" && c.Operation == "CreateFleet":
		return p.launch(c)
	}
	ctx := context.WithoutCancel(r.Context())
	if c.Operation == "ReceiveMessage" {
		ctx = r.Context() // nobody is left to have the message
	}
	return p.send(ctx, c)
}

// answer is one of HTTP's, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header().Del("Content-Length") // the body may be another by now
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may have gone
}

// begin sends the head of an answer and no more of it. Where a client has heard
// nothing at all, Go's may send a GET again by itself.
func (a answer) begin(w http.ResponseWriter) {
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)+1))
	w.WriteHeader(a.status)
	_ = http.NewResponseController(w).Flush() // the client may have gone
}

// send has the server do a call.
func (p *Proxy) send(ctx context.Context, c Call) (answer, error) {
	to := *p.to
	to.Path, to.RawPath, to.RawQuery = c.path.Path, c.path.RawPath, c.path.RawQuery
	r, err := http.NewRequestWithContext(ctx, c.method, to.String(), bytes.NewReader(c.body))
	if err != nil {
		return answer{}, err
	}
	r.Header = c.header.Clone()
	r.Header.Del("Connection")
	resp, err := p.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, body}, err
}

// Watch has a function called when the server has done a call, before its client
// hears of it; nil: none.
func (p *Proxy) Watch(after func(Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.after = after
}

// Hold has a function called before the server hears of a call, which waits until
// the function returns; nil: none. Calls are held one beside the other.
func (p *Proxy) Hold(before func(Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = before
}

func (p *Proxy) watchers() (before, after func(Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.before, p.after
}

// Calls counts the calls so far, refused ones too, by service and operation.
func (p *Proxy) Calls() map[string]map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string]map[string]int{}
	for service, calls := range p.calls {
		all[service] = maps.Clone(calls)
	}
	return all
}

// Call is one call of an AWS API.
type Call struct {
	Service   string     // by its name in signatures, such as "ec2"
	Operation string     // such as "CreateFleet"; of HTTP where it is no other
	Form      url.Values // of EC2 and other query APIs
	Body      []byte     // of all others

	method string
	path   *url.URL
	header http.Header
	body   []byte
}

// callOf is the call that a request is.
func callOf(r *http.Request, body []byte) Call {
	c := Call{Service: "unknown", Operation: r.Method, Body: body, method: r.Method, path: r.URL, header: r.Header, body: body}
	// AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...
	parts := strings.Split(r.Header.Get("Authorization"), "/")
	if len(parts) < 4 {
		return c
	}
	c.Service = parts[3]
	if _, op, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		c.Operation = op
		return c
	}
	if op, ok := fisOperation(r); ok && c.Service == "fis" {
		c.Operation = op
		return c
	}
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if form, err := url.ParseQuery(string(body)); err == nil {
			c.Form, c.Body, c.Operation = form, nil, form.Get("Action")
		}
	}
	return c
}

// fisOperation names a call of FIS, which has paths.
func fisOperation(r *http.Request) (string, bool) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) > 1 {
		parts[1] = "id"
	}
	op, ok := fisOperations[r.Method+" "+strings.Join(parts, "/")]
	return op, ok
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
