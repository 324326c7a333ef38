package replay

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// fullEvery is the time between full looks while anything is alive, as in
// service.
const fullEvery = time.Minute

// wake asks for a look at an instant.
func (p *play) wake(at time.Duration) { p.look = min(p.look, at) }

// see has the next full look see what became of a machine.
func (p *play) see(l *life) {
	if len(p.unseen) == 0 {
		p.full = p.at - p.at%fullEvery + fullEvery
	}
	p.unseen = append(p.unseen, l)
	p.wake(p.full)
}

// lookNow looks, decides and acts until nothing changes any more, as in
// service.
func (p *play) lookNow() error {
	p.look = never
	p.sights()
	for range mostLooks {
		plan := fleet.Decide(p.snapshot())
		p.out.Decisions++
		again, err := p.act(plan)
		if err != nil {
			return err
		}
		if again {
			continue
		}
		if !plan.Wake.IsZero() {
			p.wake(max(plan.Wake.Sub(p.trace.Begin), p.at+p.Coalesce))
		}
		if len(p.unseen) > 0 {
			p.wake(p.full)
		}
		return nil
	}
	return fmt.Errorf("%d looks at %s and no end", mostLooks, p.now().Format(time.RFC3339))
}

// sights is what a full look writes into the ledger, when one is due.
func (p *play) sights() {
	if len(p.unseen) == 0 || p.at < p.full {
		return
	}
	p.looked = [2]time.Time{p.now(), p.looked[0]}
	for _, l := range p.unseen {
		row, ok := p.machine(l.id)
		switch {
		case !ok:
		case l.ended:
			row.State, row.SeenAt = fleet.Terminated, p.now()
		case l.off() && l.stand.stopped:
			row.State = fleet.Stopped
		case row.Minted() && row.ReadyAt.IsZero():
			row.ReadyAt, row.Taken = p.now(), true
		}
	}
	p.unseen = p.unseen[:0]
}

func (p *play) snapshot() fleet.Snapshot {
	s := fleet.Snapshot{
		At: p.now(), Fleet: p.Fleet, State: p.state, Recipes: p.Recipes, Allowance: p.pace.allowance(p.at),
		Boots: p.boots, Scopes: p.scopes, LookedAt: p.looked[0], LookedBefore: p.looked[1],
	}
	s.Hours = p.where(s)
	return s
}

// where says where the pools stand in their hours. An answer holds until the
// first of its wakes.
func (p *play) where(s fleet.Snapshot) map[string]fleet.Hours {
	if len(p.Windows) == 0 || p.hours != nil && s.At.Before(p.turns) {
		return p.hours
	}
	p.hours, p.turns = schedule.Stand(s, p.Windows), s.At.Add(24*time.Hour)
	for _, h := range p.hours {
		if !h.Wake.IsZero() && h.Wake.Before(p.turns) {
			p.turns = h.Wake
		}
	}
	return p.hours
}

// job is the row of a job that is not closed.
func (p *play) job(i int32) *fleet.Job {
	at, _ := slices.BinarySearchFunc(p.state.Jobs, fleet.JobID(i)+1, func(j fleet.Job, id fleet.JobID) int {
		return cmp.Compare(j.Key.ID, id)
	})
	return &p.state.Jobs[at]
}

// machine is the row of a machine, unless it is forgotten.
func (p *play) machine(id fleet.MachineID) (*fleet.Machine, bool) {
	at, ok := slices.BinarySearchFunc(p.state.Machines, id, func(m fleet.Machine, id fleet.MachineID) int {
		return cmp.Compare(m.ID, id)
	})
	if !ok {
		return nil, false
	}
	return &p.state.Machines[at], true
}

// progress is how far the replay came.
func (p *play) progress() Progress {
	return Progress{At: p.now(), Arrived: p.next, Jobs: len(p.trace.Jobs), Machines: p.alive}
}
