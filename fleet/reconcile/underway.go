package reconcile

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// underway is what acts may be about to write, of this process or another: what
// a full look saw of it may be older than what the act writes.
type underway struct {
	fleet    string
	machines map[fleet.MachineID]bool
	runners  map[string]bool
	launches map[fleet.IntentID]bool // their machines
}

// actsOf is what the open intents of a snapshot may write. One that was sent
// long ago is not being executed any more: whoever takes it up commits first. Nor
// is any of a predecessor's that is dead.
func actsOf(s fleet.Snapshot, at time.Time) underway {
	u := underway{
		fleet: s.Fleet.Name, machines: map[fleet.MachineID]bool{},
		runners: map[string]bool{}, launches: map[fleet.IntentID]bool{},
	}
	for _, in := range s.State.Intents {
		if s.Alone || at.Sub(in.SentAt) >= fleet.ResendAfter {
			continue
		}
		if id := in.Machine(); id != "" {
			u.machines[id] = true
		}
		if in.Remove != nil {
			u.runners[in.Remove.Name] = true
		}
		if in.Launch != nil {
			u.launches[in.ID] = true
		}
	}
	return u
}

// leave is a change without the rows that acts may be about to write.
func (u underway) leave(c fleet.Change) fleet.Change {
	if len(u.machines)+len(u.runners)+len(u.launches) == 0 {
		return c
	}
	c.Machines = slices.DeleteFunc(slices.Clone(c.Machines), func(m fleet.Machine) bool {
		return u.machines[m.ID] || u.launches[m.Intent]
	})
	c.Runners = slices.DeleteFunc(slices.Clone(c.Runners), func(x fleet.Runner) bool {
		id, _, ours := fleet.ParseRunnerName(u.fleet, x.Name)
		return u.runners[x.Name] || ours && u.machines[id]
	})
	return c
}
