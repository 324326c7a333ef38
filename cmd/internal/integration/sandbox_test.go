package integration_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// function is a function as AWS Lambda runs it: some sandboxes of one program,
// each of which takes an invocation at a time, and begins anew when it ends.
type function struct {
	t       *testing.T
	name    string
	program string
	env     []string
	timeout time.Duration
	work    chan *invocation

	mu     sync.Mutex
	cold   []time.Duration // from each sandbox's start until it was ready
	crowd  int             // sandboxes at work
	most   int             // at once
	killed int
	logs   []*transcript
	living []*sandbox
	ends   sync.WaitGroup
}

// invocation is one event for a function.
type invocation struct {
	payload []byte
	begun   func(*sandbox, *invocation) // called when a sandbox has it; may be nil
	done    chan result
}

// result is what became of it. It is lost if its sandbox ended.
type result struct {
	body         []byte
	failed, lost bool
}

// start starts the function's sandboxes, until the test ends.
func (f *function) start(sandboxes int) *function {
	f.t.Helper()
	f.work = make(chan *invocation)
	stop := make(chan struct{})
	for range sandboxes {
		f.ends.Go(func() { f.keep(stop) })
	}
	f.t.Cleanup(func() {
		close(stop)
		f.ends.Wait()
		if f.t.Failed() {
			for i, l := range f.logs {
				f.t.Logf("%s, sandbox %d, said:\n%s", f.name, i, l)
			}
		}
	})
	return f
}

// invoke waits for the answer to an event.
func (f *function) invoke(ctx context.Context, payload []byte, begun func(*sandbox, *invocation)) result {
	in := &invocation{payload: payload, begun: begun, done: make(chan result, 1)}
	select {
	case f.work <- in:
	case <-ctx.Done():
		return result{lost: true}
	}
	select {
	case r := <-in.done:
		return r
	case <-ctx.Done():
	case <-time.After(f.timeout):
		f.t.Errorf("%s takes longer than %s", f.name, f.timeout)
	}
	return result{lost: true}
}

// keep runs one sandbox after the other.
func (f *function) keep(stop <-chan struct{}) {
	for ended := false; !ended; {
		s := &sandbox{f: f, stop: stop}
		s.run()
		select {
		case <-stop:
			ended = true
		default:
		}
	}
}

// sandbox is one process of a function, and Lambda's Runtime API for it.
type sandbox struct {
	f       *function
	stop    <-chan struct{}
	cmd     *exec.Cmd
	started time.Time
	gone    chan struct{} // closed when the process has ended

	mu      sync.Mutex
	ready   bool
	number  int
	current *invocation
}

const runtimeAPI = "/2018-06-01/runtime"

// run lives until the process ends, or the test does.
func (s *sandbox) run() {
	api := httptest.NewServer(s)
	defer api.Close()
	if err := s.begin(strings.TrimPrefix(api.URL, "http://")); err != nil {
		s.f.t.Error(err)
		return
	}
	go func() {
		select {
		case <-s.stop:
			_ = s.cmd.Process.Kill() // it may be over
		case <-s.gone:
		}
	}()
	s.f.mu.Lock()
	s.f.living = append(s.f.living, s)
	s.f.mu.Unlock()
	_ = s.cmd.Wait() // however it ended
	close(s.gone)
	s.f.mu.Lock()
	s.f.living = slices.DeleteFunc(s.f.living, func(other *sandbox) bool { return other == s })
	s.f.mu.Unlock()
	s.answer(result{lost: true})
}

// begin starts the process.
func (s *sandbox) begin(api string) error {
	log := &transcript{}
	s.f.mu.Lock()
	s.f.logs = append(s.f.logs, log)
	s.f.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd = exec.Command(s.f.program)
	s.cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + api, "RUNFLEET_FUNCTION=" + s.f.name}, s.f.env...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.started, s.gone = time.Now(), make(chan struct{})
	return s.cmd.Start()
}

// restart ends the sandboxes that have nothing to do, so that others begin.
func (f *function) restart() {
	f.mu.Lock()
	all := slices.Clone(f.living)
	f.mu.Unlock()
	for _, s := range all {
		s.mu.Lock()
		if s.ready && s.current == nil {
			_ = s.cmd.Process.Kill() // it may be over
		}
		s.mu.Unlock()
	}
}

// kill ends the process as it stands, if an invocation is still its own.
func (s *sandbox) kill(in *invocation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != in || s.cmd.Process.Kill() != nil {
		return false
	}
	s.f.mu.Lock()
	s.f.killed++
	s.f.mu.Unlock()
	return true
}

func (s *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, runtimeAPI)
	if r.Method == http.MethodGet && path == "/invocation/next" {
		s.next(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the process ended in the middle of its answer
	}
	s.mu.Lock()
	id := fmt.Sprint(s.number)
	s.mu.Unlock()
	switch path {
	case "/invocation/" + id + "/response":
		s.answer(result{body: body})
	case "/invocation/" + id + "/error":
		s.f.t.Errorf("%s failed: %s", s.f.name, body)
		s.answer(result{body: body, failed: true})
	case "/init/error":
		s.f.t.Errorf("%s is not ready: %s", s.f.name, body)
	default:
		s.f.t.Errorf("%s asks %s %s", s.f.name, r.Method, r.URL.Path)
	}
	w.WriteHeader(http.StatusAccepted)
}

// next hands an invocation over. Whoever asks while it has one is wrong.
func (s *sandbox) next(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if !s.ready {
		s.ready = true
		s.f.mu.Lock()
		s.f.cold = append(s.f.cold, time.Since(s.started))
		s.f.mu.Unlock()
	}
	if s.current != nil {
		s.f.t.Errorf("%s asks for work and has some", s.f.name)
	}
	s.mu.Unlock()
	select {
	case <-s.stop:
	case <-s.gone:
	case <-r.Context().Done():
	case in := <-s.f.work:
		s.take(w, in)
	}
}

func (s *sandbox) take(w http.ResponseWriter, in *invocation) {
	s.f.mu.Lock()
	s.f.crowd++
	s.f.most = max(s.f.most, s.f.crowd)
	s.f.mu.Unlock()
	s.mu.Lock()
	s.number++
	s.current = in
	w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint(s.number))
	s.mu.Unlock()
	w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(s.f.timeout).UnixMilli(), 10))
	if in.begun != nil {
		in.begun(s, in)
	}
	_, _ = w.Write(in.payload) // the process may have been killed
	select {
	case <-s.gone:
		s.answer(result{lost: true})
	default:
	}
}

// story is how often the function was killed, how many invocations were at work
// at once, and how long its sandboxes took to be ready.
func (f *function) story() (killed, most int, cold []time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.killed, f.most, slices.Clone(f.cold)
}

// answer tells whoever invoked what became of it, once.
func (s *sandbox) answer(r result) {
	s.mu.Lock()
	in := s.current
	s.current = nil
	s.mu.Unlock()
	if in == nil {
		return
	}
	s.f.mu.Lock()
	s.f.crowd--
	s.f.mu.Unlock()
	in.done <- r
}
