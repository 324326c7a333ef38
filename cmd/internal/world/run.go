package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// looksAtOnce bounds looks at one instant: a plan that never comes to rest is
// a mistake of the fleet's, and must not hang the world.
const looksAtOnce = 500

// Run plays the script to its end: every job over, every machine gone, or the
// limit reached. It returns what an invariant found broken.
func (w *World) Run(ctx context.Context, limit time.Duration) error {
	w.plan()
	end, quiet := w.cfg.Begin.Add(limit), time.Time{}
	for ctx.Err() == nil {
		if err := w.Step(ctx); err != nil {
			return err
		}
		now := w.Now()
		if !now.Before(end) {
			return nil
		}
		switch {
		case !w.rests():
			quiet = time.Time{}
		case quiet.IsZero():
			quiet = now
		case now.Sub(quiet) >= linger:
			return nil
		}
	}
	return ctx.Err()
}

// Step does what happens next: an event, or a look.
func (w *World) Step(ctx context.Context) error {
	look := w.lookAt()
	if at, ok := w.due(); ok && !at.After(look) {
		w.pace(at)
		if f := w.advance(at); f != nil {
			f()
		}
		return nil
	}
	w.pace(look)
	if f := w.advance(look); f != nil {
		f()
		return nil
	}
	return w.lookNow(ctx)
}

func (w *World) pace(at time.Time) {
	if w.cfg.Pace != nil {
		w.cfg.Pace(at)
	}
}

func (w *World) lookNow(ctx context.Context) error {
	// Far away first, so that a webhook during the look can bring it nearer.
	before := w.Now()
	w.setLook(before.Add(time.Hour))
	crashes := w.crashes
	wake, err := w.survive(func() (time.Time, error) { return w.fleet.Once(ctx) })
	if err != nil {
		return fmt.Errorf("at %s: %w", before.Format(time.TimeOnly), err)
	}
	wake = w.Now().Add(wake.Sub(w.clock())) // a span, as a timer takes it
	if wake.Before(w.lookAt()) {
		w.setLook(wake)
	}
	if w.lookAt().After(before) {
		w.looks = 0
	} else if w.looks++; w.looks > looksAtOnce {
		return errors.New("the fleet does not come to rest at " + before.Format(time.TimeOnly))
	}
	w.giveUp()
	if w.onLook != nil {
		w.onLook()
	}
	if w.crashes > crashes {
		return nil // the manager is dead just now
	}
	return w.check.look(ctx, w)
}

// patience is how long an author waits for a job that GitHub overlooks: long
// enough for somebody to be told of it.
const patience = 45 * time.Minute

// giveUp cancels the jobs that GitHub never assigns.
func (w *World) giveUp() {
	if w.cfg.GitHub.NeverAssigned.Rate == 0 {
		return
	}
	for _, o := range w.GitHub.Outcomes() {
		if o.Status == "queued" && w.Now().Sub(o.Created) > patience && w.GitHub.Overlooked(o.ID) {
			w.GitHub.Cancel(o.ID)
		}
	}
}

// plan queues the script's jobs at their times.
func (w *World) plan() {
	if w.cfg.Mishaps.Interrupt > 0 {
		w.After(w.cfg.Mishaps.Interrupt, w.interruptOne)
	}
	for _, m := range w.cfg.Moments {
		w.After(m.After, func() { m.Do(w) })
	}
	runs := map[int]githubsim.RunID{}
	for i, j := range w.cfg.Script {
		w.After(j.After, func() {
			conclusion := "success"
			if j.Failed {
				conclusion = "failure"
			}
			spec := githubsim.JobSpec{
				Repo: w.repo, Run: runs[j.Run], Name: fmt.Sprintf("job %d", i), Labels: j.Labels,
				Duration: j.Duration, Conclusion: conclusion,
			}
			if j.Fork {
				spec.Fork, spec.Event = "eve/widgets", "pull_request"
			}
			id, err := w.GitHub.Queue(spec)
			if err == nil && j.Duration == 0 {
				// Sooner than GitHub looks for a runner: it never ran.
				w.After(400*time.Millisecond, func() { w.GitHub.Cancel(id) })
			}
			if err == nil && j.Cancel > 0 {
				w.After(j.Cancel, func() { w.GitHub.Cancel(id) })
			}
			w.check.queued++
		})
	}
}

// rests reports whether the script is over and nothing waits, runs or is left.
func (w *World) rests() bool {
	if w.check.queued < len(w.cfg.Script) || len(w.runnersLeft()) > 0 || w.amiss() > 0 {
		return false
	}
	for _, o := range w.GitHub.Outcomes() {
		if o.Status != "completed" && w.fits(o.Labels) {
			return false
		}
	}
	if hurt, again := w.spotStory(); hurt > again {
		return false
	}
	kept := w.kept()
	fleets := map[string]bool{}
	for _, i := range w.AWS.Instances() {
		if kept[i.ID] {
			fleets[i.Tags["aws:ec2:fleet-id"]] = true
		}
	}
	left := w.AWS.Left(w.parameters())
	return len(w.machinesLeft())+len(left.Parameters)+len(left.Volumes) == 0 &&
		!slices.ContainsFunc(left.Fleets, func(id string) bool { return !fleets[id] })
}

// machinesLeft are the machines that nothing asks for.
func (w *World) machinesLeft() []string {
	kept := w.kept()
	return slices.DeleteFunc(w.AWS.Left("").Instances, func(id string) bool { return kept[id] })
}

// runnersLeft are the registrations of no machine that stands.
func (w *World) runnersLeft() []githubsim.Registered {
	kept := w.kept()
	return slices.DeleteFunc(w.GitHub.Runners(), func(r githubsim.Registered) bool {
		id, _, ok := fleet.ParseRunnerName(w.cfg.Fleet.Name, r.Name)
		return ok && kept[string(id)]
	})
}
