package world

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
)

// How long a closed pool may have what it should not: some full looks and
// refused calls for a machine that nothing needs, the boot limit besides for one
// that came for a job which still waits.
const (
	idleFor  = 5 * time.Minute
	awaitFor = idleFor + fleet.DefaultBootLimit
	// leadFor is more than any boot estimate of these days.
	leadFor = 5 * time.Minute
)

// closed holds invariant 8: outside its hours a pool keeps no idle capacity,
// and no machine outlives its job.
type closed struct {
	since map[string]idle // machines of closed pools that have no job
}

// idle is since when a machine has no job, and since when none waits for it
// besides.
type idle struct{ since, needless time.Time }

// open reports whether a pool is within its hours.
func (w *World) open(pool string) bool { return !w.hours(pool, w.Now()).Closed }

// opens reports whether a pool opens soon, and may be made ready.
func opens(h fleet.Hours, at time.Time) bool { return !h.Until.IsZero() && h.Until.Sub(at) <= leadFor }

func (k *closed) check(c *checker, w *World) {
	if len(w.cfg.Hours) == 0 {
		return
	}
	now, since := w.Now(), map[string]idle{}
	running, waiting := w.runs(), w.waiting()
	for _, i := range w.AWS.Instances() {
		pool := i.Tags[provision.TagPool]
		h := w.hours(pool, now)
		alive := i.State == string(fleet.Pending) || i.State == string(fleet.Up)
		if !alive || !h.Closed || opens(h, now) || running[i.ID] || w.held(i.ID) {
			continue
		}
		at, ok := k.since[i.ID]
		if !ok || w.silent() { // nothing is ended or stopped without its word
			at = idle{now, now}
		}
		if slices.ContainsFunc(waiting, w.pool(pool).Fits) {
			at.needless = now
		}
		since[i.ID] = at
		if now.Sub(at.needless) > idleFor || now.Sub(at.since) > awaitFor {
			c.fail(w, "machine %s has been idle since %s, and pool %s is %s", i.ID, at.since.Format(time.TimeOnly), pool, h)
		}
	}
	k.since = since
}

// silent reports whether GitHub answers nothing just now.
func (w *World) silent() bool {
	now := w.Now()
	return slices.ContainsFunc(w.cfg.GitHub.Down, func(d githubsim.Window) bool { return !now.Before(d.From) && now.Before(d.To) })
}

// runs are the machines that have a job.
func (w *World) runs() map[string]bool {
	machines := map[string]bool{}
	for _, o := range w.GitHub.Outcomes() {
		if o.Status == "in_progress" {
			machines[w.jobs[o.ID]] = true
		}
	}
	return machines
}

// waiting are the label sets of jobs that wait.
func (w *World) waiting() (sets []fleet.Labels) {
	for _, o := range w.GitHub.Outcomes() {
		if o.Status == "queued" {
			sets = append(sets, fleet.NewLabels(o.Labels...))
		}
	}
	return sets
}

func (w *World) pool(name string) fleet.Pool {
	for _, p := range w.cfg.Fleet.Pools {
		if p.Name == name {
			return p
		}
	}
	return fleet.Pool{}
}

// shut holds that a pool which makes jobs wait launches and starts nothing
// while it is closed: not what was reserved before, and is sent again, but what
// was reserved then.
func (c *checker) shut(w *World, i awssim.Instance, in fleet.Intent) {
	pool := i.Tags[provision.TagPool]
	h := w.hours(pool, in.ReservedAt)
	if h.Closed && h.Policy != fleet.ClosedCold && !opens(h, in.ReservedAt) {
		c.fail(w, "machine %s was brought up at %s, and pool %s is %s", i.ID, in.ReservedAt.Format(time.TimeOnly), pool, h)
	}
}

// owed is since when a job that waits is owed a machine: pools that make jobs
// wait while they are closed owe it from their opening on. It is zero while one
// that fits is closed.
func (w *World) owed(labels fleet.Labels, queued time.Time) time.Time {
	for _, p := range w.cfg.Fleet.Pools {
		h := w.hours(p.Name, w.Now())
		switch {
		case !p.Fits(labels) || h.Policy != fleet.ClosedWait && h.Policy != fleet.ClosedRefuse:
		case h.Closed:
			return time.Time{}
		case h.Since.After(queued):
			queued = h.Since
		}
	}
	return queued
}
