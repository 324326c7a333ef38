package replay

import (
	"maps"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/cost"
)

// stand is what only a standing machine has: it runs, with a runner that takes
// job after job, until it is stopped, and again after each start.
type stand struct {
	off     bool // it was stopped
	stopped bool // and EC2 is done with that: it can be started
	start   int  // starts since its launch
	since   time.Duration
	ready   time.Duration // since its launch or last start; 0: not yet
	work    time.Duration // likewise, that jobs ran
	bill    cost.Bill     // of what is over
}

// stopFor is about how long EC2 takes to stop a machine. It is not billed.
const stopFor = 20 * time.Second

func (l *life) starts() int {
	if l.stand == nil {
		return 0
	}
	return l.stand.start
}

// assemble makes standing pools the trace's own, because it does not name
// their account, and has the first look launch their machines.
func (p *play) assemble() {
	p.scopes = map[string]fleet.Scope{}
	for i := range p.Fleet.Pools {
		if pool := &p.Fleet.Pools[i]; pool.Stands() {
			pool.Account, p.scopes[pool.Name], p.stands = scope.Owner, scope, true
		}
	}
	if p.stands {
		p.wake(p.Coalesce)
	}
}

// disband ends what stands when the last job of the trace is over: nothing else
// would.
func (p *play) disband() {
	p.stands = false
	for i := range p.Fleet.Pools {
		if pool := &p.Fleet.Pools[i]; pool.Stands() {
			pool.Max = 0
		}
	}
	var ids []fleet.MachineID
	for _, id := range slices.Sorted(maps.Keys(p.lives)) {
		l := p.lives[id]
		if l.stand == nil {
			continue
		}
		if !l.ended {
			p.end(l)
		}
		ids = append(ids, id)
	}
	p.forget(ids)
	p.wake(p.at + p.Coalesce)
}

// stop stops a machine, unless its runner has a job: GitHub is asked right
// before.
func (p *play) stop(id fleet.MachineID) (again bool) {
	row, _ := p.machine(id)
	l := p.lives[id]
	if l.busy() {
		row.TriedAt = p.now()
		return false
	}
	l.stand.bill = p.stay(l)
	l.stand.off, l.stand.stopped, l.stand.since, l.up = true, false, p.at, false
	p.running(l, -1)
	p.note(stopped, l)
	p.push(event{at: p.at + stopFor, kind: machineStopped, life: l})
	row.StoppedAt, row.TriedAt, row.State = p.now(), time.Time{}, fleet.Stopping
	if row.ReadyAt.IsZero() {
		row.ReadyAt = row.StoppedAt // that it was not up yet is no fault of its
	}
	return true
}

// start starts a machine that is stopped. It boots as a new one does.
func (p *play) start(id fleet.MachineID) {
	p.pace.launches.use(p.at)
	row, _ := p.machine(id)
	l := p.lives[id]
	p.out.Machines.Started++
	p.out.Pools[l.pool].Machines.Started++
	l.stand.bill = p.rest(l, p.at+cost.UnbilledFor)
	l.stand.off, l.stand.ready, l.stand.work = false, 0, 0
	l.stand.start++
	l.began, l.booted = p.at, p.at+p.Boot.of(p.Seed, uint64(l.number)+uint64(l.stand.start)<<32)
	p.running(l, 1)
	p.note(started, l)
	p.push(event{at: l.booted, kind: runnerListens, life: l, try: l.try, start: l.stand.start})
	row.StartedAt, row.StoppedAt, row.ReadyAt, row.TriedAt, row.State = p.now(), time.Time{}, time.Time{}, time.Time{}, fleet.Pending
}

// stay is the bill of a machine up to now, while it runs.
func (p *play) stay(l *life) cost.Bill {
	v, ready := p.Volumes[p.out.Pools[l.pool].Name], p.at
	if l.up {
		ready = l.stand.ready
	}
	return l.stand.bill.Plus(p.Rates.OfStay(cost.Stay{
		Machine: l.machine(), DiskGiB: v.DiskGiB, Public: v.Public,
		Began: l.began, Ready: ready, Ended: p.at, Work: l.stand.work,
	}))
}

// rest is the bill of a machine that is stopped until an instant.
func (p *play) rest(l *life, until time.Duration) cost.Bill {
	return l.stand.bill.Plus(p.Rates.OfStop(p.Volumes[p.out.Pools[l.pool].Name].DiskGiB, until-l.stand.since))
}

// stayed is the whole bill of a machine that ends now.
func (p *play) stayed(l *life) cost.Bill {
	var b cost.Bill
	if l.off() {
		b = p.rest(l, p.at)
	} else {
		b = p.stay(l)
	}
	if !l.served {
		b = b.Unserved()
	}
	return b
}
