package githubsim

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is GitHub. It is an http.Handler for api.github.com, or for a GitHub Enterprise Server's host.
type Server struct {
	mux *http.ServeMux
	api http.Handler // mux, where the API is

	mu    sync.Mutex // guards everything below
	cfg   Config
	hooks []func() // what to call when mu is free again

	installations  []*installation
	accounts       map[string]*installation // by login in lower case; of several Apps, one of them
	keys           map[int64]*rsa.PublicKey // of Apps that have one of their own
	repositories   map[string]*repository   // by full name in lower case
	lastRepository int64

	tokens        map[string]token
	registrations map[string]registrationToken

	runners    map[RunnerID]*runner
	scopes     map[string]*scope
	idle       []*runner // online, without a job, in the order in which they became so
	lastRunner RunnerID

	jobs    map[JobID]*job
	runs    map[RunID]*run
	classes []*class // in the order of their first job, because a map has none
	byClass map[string]*class
	lastJob JobID
	lastRun RunID

	deliveries   []*delivery // oldest first
	lastDelivery int64

	calls     map[string]int
	unchanged map[string]int // of them, answered with 304
	ordinals  map[draws]int
}

// New makes a GitHub without accounts.
func New(cfg Config) *Server {
	s := &Server{
		mux:           http.NewServeMux(),
		cfg:           cfg.withDefaults(),
		accounts:      map[string]*installation{},
		keys:          map[int64]*rsa.PublicKey{},
		repositories:  map[string]*repository{},
		tokens:        map[string]token{},
		registrations: map[string]registrationToken{},
		runners:       map[RunnerID]*runner{},
		scopes:        map[string]*scope{},
		jobs:          map[JobID]*job{},
		runs:          map[RunID]*run{},
		byClass:       map[string]*class{},
		lastJob:       40_000_000_000,
		lastRun:       15_000_000_000,
		lastDelivery:  900_000_000,
		calls:         map[string]int{},
		unchanged:     map[string]int{},
		ordinals:      map[draws]int{},
	}
	for _, r := range routes() {
		s.mux.HandleFunc(r.pattern, s.serve(r))
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { write(w, nil, notFound()) })
	if s.cfg.Admin {
		s.serveAdmin()
	}
	s.api = s.mux
	if s.cfg.Enterprise != "" {
		s.api = below(s.mux)
	}
	return s
}

// ServeHTTP answers as api.github.com does, or as a GitHub Enterprise Server.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.api.ServeHTTP(w, r) }

// Calls counts the calls of the API so far, refused ones included, by operation: "generate-jitconfig",
// "delete-runner", "list-runners", "access-token", "get-job", "list-deliveries", "get-delivery" and so on.
func (s *Server) Calls() map[string]int {
	out := map[string]int{}
	s.do(func() {
		for op, n := range s.calls {
			out[op] = n
		}
	})
	return out
}

// do runs f under the mutex, then the hooks that f left, without it.
func (s *Server) do(f func()) {
	for _, hook := range s.locked(f) {
		hook()
	}
}

func (s *Server) locked(f func()) []func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	hooks := s.hooks
	s.hooks = nil
	return hooks
}

// after runs f under the mutex, d from now.
func (s *Server) after(d time.Duration, f func()) {
	s.cfg.After(d, func() { s.do(f) })
}

// call is one request that passed authentication and limits.
type call struct {
	*http.Request
	in   *installation // nil for calls as the App
	app  int64         // that calls, or whose token does
	body []byte
}

func (c call) id(name string) int64 {
	n, err := strconv.ParseInt(c.PathValue(name), 10, 64)
	if err != nil {
		return -1 // no entity has it
	}
	return n
}

// reply is an answer before it is written.
type reply struct {
	status int
	body   any // rendered as JSON; no body if nil
	header http.Header
	lost   bool // the connection breaks instead
}

func answer(status int, body any) reply { return reply{status: status, body: body} }

func refuse(status int, message string) reply {
	return answer(status, map[string]string{
		"message":           message,
		"documentation_url": "https://docs.github.com/rest",
		"status":            strconv.Itoa(status),
	})
}

func notFound() reply { return refuse(http.StatusNotFound, "Not Found") }

// serve wraps one operation: it counts, then asks faults, authentication and limits before the operation itself.
func (s *Server) serve(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		// The largest body of this API is a few kilobytes.
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
		if err != nil {
			write(w, nil, refuse(http.StatusBadRequest, "Problems reading the body"))
			return
		}
		var out reply
		limits := http.Header{}
		s.do(func() {
			s.calls[r.op]++
			limits.Set("Date", s.cfg.Now().UTC().Format(http.TimeFormat))
			if version := s.cfg.Enterprise; version != "" {
				limits.Set("X-GitHub-Enterprise-Version", version)
			}
			c := call{Request: req, body: body}
			if refused, ok := s.admit(r, &c, limits); !ok {
				out = refused
				return
			}
			out = r.serve(s, c)
			// Under the mutex, because a body may point at what changes.
			out.body = rendered(out.body)
			s.conditional(r, c, limits, &out)
		})
		write(w, limits, out)
	}
}

func (s *Server) admit(r route, c *call, limits http.Header) (reply, bool) {
	if s.down() {
		return refuse(http.StatusServiceUnavailable, "Service unavailable"), false
	}
	if !s.has(r.op) {
		return notFound(), false
	}
	if refused, ok := s.authenticate(r, c); !ok {
		return refused, false
	}
	if refused, ok := s.chance(c); !ok {
		return refused, false
	}
	if c.in == nil {
		return reply{}, true
	}
	return s.charge(r, c.in, limits)
}

// chance refuses a call for no reason of its own.
func (s *Server) chance(c *call) (reply, bool) {
	entity := c.Method + " " + c.URL.Path
	if s.hits(s.cfg.Faults.Forbidden, "forbidden", entity) {
		return refuse(http.StatusForbidden, "Resource not accessible by integration"), false
	}
	if s.hits(s.cfg.Faults.TooMany, "too many", entity) {
		return s.secondary(http.StatusTooManyRequests, s.cfg.Faults.RetryAfter), false
	}
	return reply{}, true
}

func rendered(body any) any {
	if body == nil {
		return nil
	}
	return raw(body)
}

func write(w http.ResponseWriter, limits http.Header, out reply) {
	if out.lost {
		panic(http.ErrAbortHandler) // net/http cuts the connection, Transport makes an error of it
	}
	for _, h := range []http.Header{limits, out.header} {
		for k, v := range h {
			w.Header()[k] = v
		}
	}
	w.Header().Set("X-GitHub-Media-Type", "github.v3; format=json")
	if out.body == nil {
		w.WriteHeader(out.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(out.status)
	_ = json.NewEncoder(w).Encode(out.body) // the client may be gone
}

// page cuts one page out of n entries, and gives the Link header to its neighbours.
func (s *Server) page(c call, n int) (from, to int, header http.Header) {
	size := min(max(queryInt(c.URL.Query(), "per_page", 30), 1), 100)
	// No list has more pages than entries, so a larger number is past its end.
	number := min(max(queryInt(c.URL.Query(), "page", 1), 1), n+2)
	from = min((number-1)*size, n)
	to = min(from+size, n)
	last := max((n+size-1)/size, 1)
	var links []string
	add := func(rel string, number int) {
		q := c.URL.Query()
		q.Set("page", strconv.Itoa(number))
		links = append(links, fmt.Sprintf("<%s%s?%s>; rel=%q", s.cfg.BaseURL, c.URL.Path, q.Encode(), rel))
	}
	if number > 1 {
		add("prev", number-1)
		add("first", 1)
	}
	if number < last {
		add("next", number+1)
		add("last", last)
	}
	if len(links) == 0 {
		return from, to, nil
	}
	return from, to, http.Header{"Link": {strings.Join(links, ", ")}}
}

func queryInt(q url.Values, name string, otherwise int) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil {
		return otherwise
	}
	return n
}
