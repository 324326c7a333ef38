package world

import (
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision"
)

// How long something may be without an owner: two full looks and a retry or
// two of a throttled call for what a full look lists, and three sweeps for
// what only the sweep does.
const (
	orphanFor   = 10 * time.Minute
	strayFor    = 20 * time.Minute // GitHub's lock on a job that ran is ten of them
	leftoverFor = 35 * time.Minute
)

// owners holds invariant 3: no machine, registration, parameter or instant
// fleet is without an owner for longer than its bound.
type owners struct {
	since map[string]time.Time // of what has no owner now
	asked time.Time
}

// check looks, once a minute, at everything that has no owner at this instant.
func (o *owners) check(c *checker, w *World, s fleet.State) {
	now, since := w.Now(), map[string]time.Time{}
	if now.Sub(o.asked) < time.Minute {
		return
	}
	o.asked = now
	w.orphans(s, func(thing string, bound time.Duration) {
		at, ok := o.since[thing]
		if !ok || w.silent() {
			at = now // nobody can ask GitHub to forget it
		}
		since[thing] = at
		if now.Sub(at) > bound {
			c.fail(w, "%s has had no owner since %s", thing, at.Format(time.TimeOnly))
		}
	})
	o.since = since
}

// orphans calls f with each thing that has no owner now, and how long it may
// be without.
func (w *World) orphans(s fleet.State, f func(thing string, bound time.Duration)) {
	owned := map[string]bool{}
	for _, m := range s.Machines {
		owned[string(m.ID)] = true
	}
	for _, in := range s.Intents {
		owned[string(in.ID)] = true
	}
	alive, fleets := map[string]bool{}, map[string]bool{}
	for _, i := range w.AWS.Instances() {
		if w.agents[i.ID].ended {
			continue
		}
		alive[i.ID], fleets[i.Tags["aws:ec2:fleet-id"]] = true, true
		if !owned[i.ID] && !owned[i.Tags[provision.TagIntent]] {
			f("machine "+i.ID, orphanFor)
		}
	}
	for _, r := range w.GitHub.Runners() {
		if w.down() {
			break // nobody can delete it: its time begins when GitHub answers again
		}
		// GitHub keeps the one of a job that it believes to run, until its lock is over.
		if m, _, ok := fleet.ParseRunnerName(w.cfg.Fleet.Name, r.Name); ok && !alive[string(m)] && r.Job == 0 {
			f("registration "+r.Name, strayFor)
		}
	}
	prefix := w.parameters()
	left := w.AWS.Left(prefix)
	for _, name := range left.Parameters {
		if !alive[name[len(prefix):]] {
			f("parameter "+name, leftoverFor+w.behind())
		}
	}
	for _, id := range left.Fleets {
		if !fleets[id] {
			f("instant fleet "+id, leftoverFor+w.behind())
		}
	}
	if names := left.Templates; len(names) > len(w.cfg.Fleet.Pools) {
		f(fmt.Sprint("one of the launch templates ", names), leftoverFor+w.behind())
	}
	for _, id := range left.Volumes {
		f("volume "+id, 0)
	}
}

// behind is how far the manager's clock is behind AWS's: the sweep judges by ages.
func (w *World) behind() time.Duration { return max(0, w.Now().Sub(w.clock())) }

// down reports whether GitHub answers nothing now.
func (w *World) down() bool {
	return slices.ContainsFunc(w.cfg.GitHub.Down, func(d githubsim.Window) bool {
		return !w.Now().Before(d.From) && w.Now().Before(d.To)
	})
}

// parameters is the path below which each machine has its parameter.
func (w *World) parameters() string { return "/runfleet/" + w.cfg.Fleet.Name + "/machines/" }
