package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
)

// stage is a machine whose surroundings a test plays.
type stage struct {
	mu      sync.Mutex
	did     []string
	takes   []func() (string, bool, error) // one answer for each asking; the last one stays
	notices func() ([]agent.Event, error)
	send    func(context.Context) error
	start   error
	run     func(*stage, func(string)) int // the runner's life
	ctrlC   chan struct{}
	killed  chan struct{}
}

func (s *stage) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did = append(s.did, fmt.Sprintf(format, args...))
}

func (s *stage) Take(context.Context, fleet.MachineID) (string, bool, error) {
	s.note("ask")
	s.mu.Lock()
	take := s.takes[0]
	if len(s.takes) > 1 {
		s.takes = s.takes[1:]
	}
	s.mu.Unlock()
	return take()
}

func (s *stage) Send(ctx context.Context, r fleet.Report) error {
	s.note("send %s %s", r.Kind, r.Outcome)
	if s.send != nil {
		return s.send(ctx)
	}
	return nil
}

func (s *stage) Notices(context.Context) ([]agent.Event, error) {
	if s.notices == nil {
		return nil, nil
	}
	return s.notices()
}

// staged is a process of a stage.
type staged struct {
	*stage
	end chan int
}

func (s *stage) Start(config agent.Secret, line func(string)) (Process, error) {
	s.note("start %q", string(config))
	if s.start != nil {
		return nil, s.start
	}
	p := staged{s, make(chan int, 1)}
	go func() { p.end <- s.run(s, line) }()
	return p, nil
}

func (s *stage) AwaitUpdate(context.Context) { s.note("await update"); time.Sleep(3 * time.Second) }

func (p staged) Wait() int  { return <-p.end }
func (p staged) Interrupt() { p.note("interrupt"); close(p.ctrlC) }
func (p staged) Kill()      { p.note("kill"); close(p.killed) }

const at = "2026-11-25 12:00:00Z: "

// job is a runner that runs one for so long, or fails it when it is interrupted.
func job(d time.Duration) func(*stage, func(string)) int {
	return func(s *stage, line func(string)) int {
		line(at + "Listening for Jobs")
		line(at + "Running job: build")
		select {
		case <-time.After(d):
			line(at + "Job build completed with result: Succeeded")
		case <-s.ctrlC:
			line(at + "Job build completed with result: Failed")
		}
		return 0
	}
}

func no() (string, bool, error)     { return "", false, nil }
func config() (string, bool, error) { return "the config", true, nil }

func TestAMachinesLife(t *testing.T) {
	for _, tt := range []struct {
		name  string
		stage *stage
		want  []string
		off   fleet.Outcome
		most  time.Duration // it takes
	}{
		{"one job, and off", &stage{takes: []func() (string, bool, error){no, config}, run: job(time.Minute)},
			[]string{"ask", "send ready ", "ask", `start "the config"`, "send ended done"}, fleet.OutcomeDone, 66 * time.Second},
		{"an asking that fails is no answer", &stage{takes: []func() (string, bool, error){
			func() (string, bool, error) { return "half a claim", true, errors.New("connection reset") }, config,
		}, run: job(time.Minute)},
			[]string{"ask", "send ready ", "ask", `start "the config"`, "send ended done"}, fleet.OutcomeDone, 66 * time.Second},
		{"a runner that cannot be started", &stage{takes: []func() (string, bool, error){config}, start: errors.New("no such file")},
			[]string{"ask", `start "the config"`, "send ended broken"}, fleet.OutcomeBroken, time.Second},
		{"a notice, found when it is looked for", &stage{takes: []func() (string, bool, error){config}, run: job(time.Hour), notices: func() ([]agent.Event, error) {
			if time.Now().Before(dawn.Add(5 * time.Second)) {
				return nil, nil
			}
			return []agent.Event{agent.Rebalance{}, agent.Notice{Deadline: dawn.Add(2 * time.Minute)}}, nil
		}},
			[]string{"ask", `start "the config"`, "send rebalance ", "send notice ", "interrupt", "send ended interrupted"}, fleet.OutcomeInterrupted, 91 * time.Second},
		{"a metadata service that fails", &stage{takes: []func() (string, bool, error){config}, run: job(time.Minute), notices: func() ([]agent.Event, error) {
			return nil, errors.New("no route")
		}},
			[]string{"ask", `start "the config"`, "send ended done"}, fleet.OutcomeDone, 61 * time.Second},
		{"reports that fail", &stage{takes: []func() (string, bool, error){no, config}, run: job(time.Minute), send: func(context.Context) error { return errors.New("denied") }},
			[]string{"ask", "send ready ", "ask", `start "the config"`, "send ended done"}, fleet.OutcomeDone, 66 * time.Second},
		{"reports that hang hold nothing up but the end, and that not for long", &stage{takes: []func() (string, bool, error){config}, run: job(time.Minute), send: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}},
			[]string{"ask", `start "the config"`, "send ended done"}, fleet.OutcomeDone, 66 * time.Second},
		{"a runner that updates itself", &stage{takes: []func() (string, bool, error){config}, run: updates()},
			[]string{"ask", `start "the config"`, "await update", `start ""`, "send ended done"}, fleet.OutcomeDone, 64 * time.Second},
		{"a config that never comes", &stage{takes: []func() (string, bool, error){no}},
			[]string{"ask", "send ready ", "ask", "ask", "ask", "ask", "ask", "ask", "ask", "ask", "ask", "ask", "ask", "send ended no config"}, fleet.OutcomeNoConfig, 61 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tt.stage
				s.ctrlC, s.killed = make(chan struct{}), make(chan struct{})
				began := time.Now()
				off := host(s).Run(t.Context())
				if took := time.Since(began); off.Outcome != tt.off || took > tt.most {
					t.Errorf("off %+v after %v, want %s within %v", off, took, tt.off, tt.most)
				}
				if diff := cmp.Diff(tt.want, s.did); diff != "" {
					t.Errorf("it did (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// dawn is when time begins in a test's bubble.
var dawn = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func host(s *stage) *Host {
	return &Host{
		Machine: "i-1", Settings: agent.Settings{Wait: time.Minute}, Configs: s, Reports: s, Notices: s, Runner: s,
		Log: slog.New(slog.DiscardHandler),
	}
}

// updates is a runner that replaces itself before its job.
func updates() func(*stage, func(string)) int {
	first := true
	return func(s *stage, line func(string)) int {
		if first {
			first = false
			return 4
		}
		return job(time.Minute)(s, line)
	}
}

func TestAnOrderToStopInterruptsTheRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{takes: []func() (string, bool, error){config}, run: job(time.Hour), ctrlC: make(chan struct{})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		off := host(s).Run(ctx)
		if off.Outcome != fleet.OutcomeStopped || time.Since(began) != time.Minute {
			t.Errorf("off %+v after %v", off, time.Since(began))
		}
		if got := strings.Join(s.did, ", "); got != `ask, start "the config", interrupt, send ended stopped` {
			t.Error(got)
		}
	})
}

func TestARunnerThatNothingEndsIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		undead := make(chan struct{})
		s := &stage{
			takes: []func() (string, bool, error){config}, ctrlC: make(chan struct{}), killed: make(chan struct{}),
			run: func(*stage, func(string)) int { <-undead; return 0 },
		}
		h := host(s)
		h.Settings.Idle = time.Minute
		began := time.Now()
		off := h.Run(t.Context())
		if took := time.Since(began); off.Outcome != fleet.OutcomeOverLimit || took > 102*time.Second {
			t.Errorf("off %+v after %v", off, took)
		}
		if got := strings.Join(s.did, ", "); got != `ask, start "the config", interrupt, kill, send ended over limit` {
			t.Error(got)
		}
		close(undead)
	})
}

func TestReportsAreOptional(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{takes: []func() (string, bool, error){config}, run: job(time.Minute)}
		h := host(s)
		h.Reports = nil
		if off := h.Run(t.Context()); off.Outcome != fleet.OutcomeDone {
			t.Errorf("off %+v", off)
		}
	})
}
