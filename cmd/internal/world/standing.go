package world

import (
	"context"
	"slices"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
)

// stood is what standing machines did.
type stood struct {
	jobs, starts int
	quits        int // stops of machines by themselves
	stops        []stop
}

// stop is a machine's, whoever asked for it.
type stop struct {
	pool string
	at   time.Time
}

// onState lets a machine go down when EC2 stops it: the system stops the
// agent, which stops the runner; what still runs when it is stopped is gone.
func (w *World) onState(i awssim.Instance) {
	m := w.agents[i.ID]
	switch i.State {
	case string(fleet.Stopping):
		w.check.stopped(w, i)
		w.stood.stops = append(w.stood.stops, stop{i.Tags[provision.TagPool], w.Now()})
		if m.runner != 0 {
			w.tell(m, agent.Stop{})
		}
	case string(fleet.Stopped):
		m.off, m.busy, m.wake = true, false, time.Time{}
		if m.runner != 0 {
			w.GitHub.Vanish(m.runner)
		}
	}
}

// started lets a stopped machine boot again.
func (w *World) started(m *machine, i awssim.Instance) {
	w.check.started(w, m, i)
	w.stood.starts++
	m.off = false
}

// onFree is the end of a job on a runner that listens on.
func (w *World) onFree(r githubsim.RunnerID, _ githubsim.JobID) {
	m := w.byID[r]
	m.busy = false
	w.says(m, completed)
}

// kept are the machines that stand, as far as their pools ask for them: they
// are not left over when the day is done.
func (w *World) kept() map[string]bool {
	kept, count := map[string]bool{}, map[string]int{}
	if !slices.ContainsFunc(w.cfg.Fleet.Pools, fleet.Pool.Stands) {
		return kept
	}
	for _, i := range w.AWS.Instances() {
		pool := i.Tags[provision.TagPool]
		at := slices.IndexFunc(w.cfg.Fleet.Pools, func(p fleet.Pool) bool { return p.Name == pool && p.Stands() })
		if m := w.agents[i.ID]; at >= 0 && m.standing && !m.ended && count[pool] < w.cfg.Fleet.Pools[at].Max {
			count[pool]++
			kept[i.ID] = true
		}
	}
	return kept
}

// amiss is how many standing machines are not as their pools' hours ask for:
// there and idle while it is open, stopped while it is closed.
func (w *World) amiss() (n int) {
	kept := w.kept()
	if len(kept) == 0 && !slices.ContainsFunc(w.cfg.Fleet.Pools, fleet.Pool.Stands) {
		return 0
	}
	online := map[string]bool{}
	for _, r := range w.GitHub.Runners() {
		if id, _, ok := fleet.ParseRunnerName(w.cfg.Fleet.Name, r.Name); ok && r.Online && r.Job == 0 {
			online[string(id)] = true
		}
	}
	fit := map[string]int{}
	for id := range kept {
		pool, m := w.poolOf(id), w.agents[id]
		if open := w.open(pool); open && online[id] && !m.off || !open && m.off {
			fit[pool]++
		} else if !open {
			n++
		}
	}
	for _, p := range w.cfg.Fleet.Pools {
		if p.Stands() && w.open(p.Name) {
			n += p.Max - fit[p.Name]
		}
	}
	return n
}

func (w *World) poolOf(machine string) string {
	for _, i := range w.AWS.Instances() {
		if i.ID == machine {
			return i.Tags[provision.TagPool]
		}
	}
	return ""
}

// stopped holds invariant 4 for stops: none while a job runs, and none that was
// not reserved. What a machine does to itself is its own.
func (c *checker) stopped(w *World, i awssim.Instance) {
	if i.Reason != "Client.UserInitiatedShutdown" {
		return
	}
	c.reserved(w, i, func(in fleet.Intent) bool { return in.Stop != nil })
	for _, o := range w.GitHub.Outcomes() {
		if o.Status == "in_progress" && w.jobs[o.ID] == i.ID {
			c.fail(w, "machine %s was stopped while job %d ran on it", i.ID, o.ID)
		}
	}
}

// started holds that a start was reserved, and while its pool might start it.
func (c *checker) started(w *World, m *machine, i awssim.Instance) {
	in, ok := c.reserved(w, i, func(in fleet.Intent) bool { return in.Start != nil })
	if ok {
		c.shut(w, i, in)
		c.restless(w, m, i, in)
	}
}

// reserved finds the intent about a machine in the ledger.
func (c *checker) reserved(w *World, i awssim.Instance, is func(fleet.Intent) bool) (fleet.Intent, bool) {
	state, err := w.Store.Read(context.Background())
	if err != nil {
		c.fail(w, "ledger: %v", err)
		return fleet.Intent{}, false
	}
	w.heed(state.Orders)
	for _, in := range state.Intents {
		if in.Machine() == fleet.MachineID(i.ID) && is(in) {
			return in, true
		}
	}
	c.fail(w, "machine %s is %s, which was not reserved", i.ID, i.State)
	return fleet.Intent{}, false
}
