package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
)

// checker holds the invariants of the fleet against what happened. It looks at
// the simulated GitHub and AWS, never at the fleet's own opinion.
type checker struct {
	queued  int
	brought map[fleet.IntentID]int // machines, by the intent that launched them
	// overLimit are jobs whose machines were ended for their pool's job limit.
	overLimit map[githubsim.JobID]bool
	owners    owners
	closed    closed
	lives     lives
	reruns    reruns
	broken    error
}

func (c *checker) fail(w *World, format string, args ...any) {
	c.broken = errors.Join(c.broken, fmt.Errorf("%s: "+format, append([]any{w.Now().Format("15:04:05")}, args...)...))
}

// launched holds that what is launched was reserved before: its intent stands
// in the ledger, for as many machines as the launch may bring.
func (c *checker) launched(w *World, i awssim.Instance) {
	state, err := w.Store.Read(context.Background())
	if err != nil {
		c.fail(w, "ledger: %v", err)
		return
	}
	w.heed(state.Orders)
	id := fleet.IntentID(i.Tags[provision.TagIntent])
	c.brought[id]++
	c.reruns.bought(c, w, i)
	for _, in := range state.Intents {
		if in.ID == id && in.Launch != nil && c.brought[id] <= in.Launch.Count {
			c.shut(w, i, in)
			return
		}
	}
	c.fail(w, "machine %s was launched for intent %s, which was not reserved for it", i.ID, id)
}

// ended holds invariant 4: no machine is ended while its job runs, except by
// its owner's market, the machine itself, an operator or its pool's job limit.
func (c *checker) ended(w *World, i awssim.Instance) {
	if i.Reason != "Client.UserInitiatedShutdown" {
		return
	}
	for _, o := range w.GitHub.Outcomes() {
		if o.Status != "in_progress" || w.jobs[o.ID] != i.ID {
			continue
		}
		switch ran := w.Now().Sub(o.Started.Truncate(githubTells)); {
		case ran >= w.jobLimit(i.Tags[provision.TagPool]):
			c.overLimit[o.ID] = true
		case !c.ordered(w, i.ID):
			c.fail(w, "machine %s was ended while job %d ran on it", i.ID, o.ID)
		}
	}
}

// githubTells is how exactly GitHub tells times: a limit counts from what it
// said.
const githubTells = time.Second

// jobLimit is how long a job of a pool may run.
func (w *World) jobLimit(pool string) time.Duration {
	for _, p := range w.cfg.Fleet.Pools {
		if p.Name == pool {
			return p.WithDefaults().JobLimit
		}
	}
	return fleet.DefaultJobLimit
}

// ordered reports whether an operator had a machine ended, job or not.
func (c *checker) ordered(w *World, machine string) bool {
	state, err := w.Store.Read(context.Background())
	if err != nil {
		c.fail(w, "ledger: %v", err)
	}
	return slices.ContainsFunc(state.Orders, func(o fleet.Order) bool { return o.Kind == fleet.Halt && o.Subject == machine })
}

// look holds the invariants that any instant can be asked about.
func (c *checker) look(ctx context.Context, w *World) error {
	c.caps(w)
	if w.perMost > 1 {
		c.fail(w, "a machine took %d jobs", w.perMost)
	}
	state, err := w.Store.Read(ctx)
	if err != nil {
		return err
	}
	w.heed(state.Orders)
	c.verdicts(w, state)
	c.silent(w, state)
	c.lives.check(c, w, state)
	c.budget(w)
	c.reruns.told(c, w, state)
	c.owners.check(c, w, state)
	c.closed.check(c, w)
	return c.broken
}

// caps holds invariant 1: machines never exceed their pool's cap.
func (c *checker) caps(w *World) {
	count, total := map[string]int{}, 0
	for _, tags := range w.AWS.There() {
		count[tags[provision.TagPool]]++
		total++
	}
	for _, p := range w.cfg.Fleet.Pools {
		if count[p.Name] > p.Max {
			c.fail(w, "pool %s has %d machines, its cap is %d", p.Name, count[p.Name], p.Max)
		}
	}
	if most := w.cfg.Fleet.Limits.Machines; most > 0 && total > most {
		c.fail(w, "the fleet has %d machines, its cap is %d", total, most)
	}
}

// verdicts holds invariant 2: every recorded job that waits has a verdict.
func (c *checker) verdicts(w *World, s fleet.State) {
	for _, j := range s.Jobs {
		if j.Status < fleet.Running && j.Verdict.Code == "" && !j.RecordedAt.Equal(w.Now()) && w.lookAt().After(w.Now()) {
			c.fail(w, "job %d waits without a verdict", j.Key.ID)
		}
	}
}
