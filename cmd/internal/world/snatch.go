package world

import (
	"context"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/github/githubsim"
)

// slowCall is how long a call takes in which something happens: longer than
// GitHub needs to give a job to an idle runner.
const slowCall = 5 * time.Second

// snatches bounds them a day: each job brings a machine, and so a removal.
const snatches = 5

// snatched is GitHub as seen by a manager that is a moment too late: a job
// arrives, and takes the runner, while the call to delete that is under way.
type snatched struct {
	reconcile.GitHub
	w *World
}

// Remove asks GitHub after the moment has passed.
func (g snatched) Remove(ctx context.Context, s fleet.Scope, id int64) error {
	w := g.w
	w.removals++
	if w.snatches < snatches && chance(w.cfg.Seed, "snatch "+strconv.Itoa(w.removals)) < w.cfg.Snatch {
		_, _ = w.GitHub.Queue(githubsim.JobSpec{
			Repo: repository, Name: "a job just then", Labels: labels["linux-arm64"], Duration: 3 * time.Minute, Conclusion: "success",
		})
		w.snatches++
		w.pass(slowCall)
	}
	return g.GitHub.Remove(ctx, s, id)
}

// pass lets time go by while the manager waits for an answer.
func (w *World) pass(d time.Duration) {
	until := w.Now().Add(d)
	for {
		at, ok := w.due()
		if !ok || at.After(until) {
			w.advance(until)
			return
		}
		if f := w.advance(at); f != nil {
			f()
		}
	}
}
