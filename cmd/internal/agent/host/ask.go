package host

import (
	"context"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
)

// ask asks for the config once.
func (l *life) ask() {
	ctx, cancel := context.WithTimeout(l.ctx, askTimeout)
	defer cancel()
	config, ok, err := l.Configs.Take(ctx, l.Machine)
	switch {
	case err != nil:
		l.Log.Warn("ask for the config", "error", err)
		l.post(agent.NotYet{})
	case !ok:
		l.post(agent.NotYet{})
	default:
		l.Log.Info("the config is here")
		l.post(agent.Claimed{Config: agent.Secret(config)})
	}
}

// watch looks for notices, again and again: they are said once, but not at a
// time that anybody could know, and each is the same when read again.
func (l *life) watch() {
	every := l.Watch
	if every <= 0 {
		every = watchEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		notices, err := l.Notices.Notices(l.ctx)
		if err != nil && l.ctx.Err() == nil {
			l.Log.Warn("look for notices", "error", err)
		}
		for _, n := range notices {
			l.post(n)
		}
		select {
		case <-ticker.C:
		case <-l.ctx.Done():
			return
		}
	}
}

// tell queues a report. One too many is dropped: they are hints.
func (l *life) tell(r fleet.Report) {
	l.Log.Info("report", "kind", r.Kind, "busy", r.Busy, "outcome", r.Outcome, "reason", r.Reason, "exit_code", r.ExitCode, "result", r.Result)
	select {
	case l.reports <- r:
	default:
		l.Log.Warn("report dropped", "kind", r.Kind)
	}
}

// send sends reports in their order, until there are no more.
func (l *life) send() {
	for r := range l.reports {
		if l.Reports == nil {
			continue
		}
		one, cancel := context.WithTimeout(l.ctx, sendTimeout)
		if err := l.Reports.Send(one, r); err != nil {
			l.Log.Warn("send report", "kind", r.Kind, "error", err)
		}
		cancel()
	}
}
