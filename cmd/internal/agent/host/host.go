package host

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
)

// Configs is where the machine's config waits.
type Configs interface {
	// Take claims the config; ok is false while there is none to claim. An
	// error leaves open who has it: it must not be used then.
	Take(ctx context.Context, m fleet.MachineID) (config string, ok bool, err error)
}

// Reports is where reports go.
type Reports interface {
	Send(ctx context.Context, r fleet.Report) error
}

// Notices is where Spot says what it means to do.
type Notices interface {
	// Notices are all that are there now, as events.
	Notices(ctx context.Context) ([]agent.Event, error)
}

// Runner starts the runner.
type Runner interface {
	// Start calls line for each line that the runner writes, from one
	// goroutine, which ends before Wait returns.
	Start(config agent.Secret, line func(string)) (Process, error)
	// AwaitUpdate returns when the runner has replaced its files.
	AwaitUpdate(ctx context.Context)
}

// Process is a running runner. Interrupt and Kill do not wait, and may come
// after its end.
type Process interface {
	Wait() (code int) // -1 if a signal ended it
	Interrupt()
	Kill()
}

// Host is a machine as its agent uses it.
type Host struct {
	Machine  fleet.MachineID
	Settings agent.Settings
	Watch    time.Duration // from one look for notices to the next; 0: 5 s, as AWS advises
	Configs  Configs
	Reports  Reports // nil: they are dropped
	Notices  Notices
	Runner   Runner
	Log      *slog.Logger
}

const (
	watchEvery  = 5 * time.Second
	askTimeout  = 45 * time.Second // shorter than what the agent allows for an answer
	sendTimeout = 10 * time.Second
	flushFor    = 5 * time.Second // reports may hold up the power-off so long
	tidyFor     = time.Second     // and so may whatever else still runs
)

// life is a Host at work.
type life struct {
	*Host
	events  chan agent.Event
	reports chan fleet.Report
	work    sync.WaitGroup // goroutines that post events
	ctx     context.Context
	process Process
}

// Run lives the machine's life, until it may power off, and says why. The end
// of ctx is the order to stop: the runner is interrupted first.
func (h *Host) Run(ctx context.Context) agent.PowerOff {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &life{Host: h, ctx: inner, events: make(chan agent.Event), reports: make(chan fleet.Report, 16)}
	sent := make(chan struct{})
	go func() { defer close(sent); l.send() }()
	l.work.Go(l.watch)

	off := l.loop(ctx)

	close(l.reports)
	if !within(flushFor, sent) {
		h.Log.Warn("not all reports are sent")
	}
	cancel()
	idle := make(chan struct{})
	go func() { defer close(idle); <-sent; l.work.Wait() }()
	if !within(tidyFor, idle) {
		h.Log.Warn("a runner that cannot be killed is left behind")
	}
	return off
}

// within reports whether something is done in time.
func within(d time.Duration, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}

// loop gives events to the state machine and does what it says, until the end.
func (l *life) loop(ctx context.Context) agent.PowerOff {
	state, effects := agent.Begin(l.Machine, l.Settings, time.Now())
	stop := ctx.Done()
	for {
		for _, e := range effects {
			if off, ok := e.(agent.PowerOff); ok {
				return off
			}
			l.do(e)
		}
		var e agent.Event
		timer := time.NewTimer(time.Until(state.Wake()))
		select {
		case e = <-l.events:
		case <-timer.C:
			e = agent.Tick{}
		case <-stop:
			e, stop = agent.Stop{}, nil
		}
		timer.Stop()
		state, effects = state.On(time.Now(), e)
	}
}

// do begins an effect. It never waits.
func (l *life) do(e agent.Effect) {
	switch e := e.(type) {
	case agent.Ask:
		l.work.Go(l.ask)
	case agent.Start:
		l.start(e.Config)
	case agent.AwaitUpdate:
		l.Log.Info("the runner updates itself")
		l.work.Go(func() {
			l.Runner.AwaitUpdate(l.ctx)
			l.post(agent.Updated{})
		})
	case agent.Interrupt:
		l.Log.Info("interrupt the runner")
		l.process.Interrupt()
	case agent.Kill:
		l.Log.Warn("kill the runner")
		l.process.Kill()
	case agent.Tell:
		l.tell(e.Report)
	}
}

// post hands an event to the loop, unless that has ended.
func (l *life) post(e agent.Event) {
	select {
	case l.events <- e:
	case <-l.ctx.Done():
	}
}

func (l *life) start(config agent.Secret) {
	l.Log.Info("start the runner")
	p, err := l.Runner.Start(config, func(text string) {
		l.Log.Info("runner", "line", text)
		l.post(agent.Line{Text: text})
	})
	if err != nil {
		l.Log.Error("start the runner", "error", err)
		l.work.Go(func() { l.post(agent.Broken{Reason: "the runner cannot be started"}) })
		return
	}
	l.process = p
	l.work.Go(func() {
		code := p.Wait()
		l.Log.Info("the runner ended", "code", code)
		l.post(agent.Exited{Code: code})
	})
}
