package replay

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/cost"
)

// event is something that happens of itself.
type event struct {
	at    time.Duration
	order uint64
	kind  kind
	life  *life
	try   int // of a runner that listens
	start int // likewise
	job   int32
}

type kind uint8

const (
	jobEnds kind = iota
	runnerListens
	jobCancelled
	machineStopped
)

// life is a machine as it is, whoever knows of it.
type life struct {
	id     fleet.MachineID
	number int64
	pool   int
	offer  fleet.Offer
	began  time.Duration // its launch, or last start
	booted time.Duration
	online time.Duration // when its runner began to listen
	worked time.Duration // when its job began
	try    int           // the registration whose config it has or will find; 0: none
	name   string        // of that registration
	taken  bool          // it has the config
	up     bool          // its runner is online
	job    int32         // -1: none
	served bool          // it had a job
	ended  bool
	stand  *stand // of a standing machine; nil: it takes one job
}

func (l *life) listens() bool { return l.up && l.job < 0 && !l.ended }
func (l *life) busy() bool    { return l.job >= 0 && !l.ended }
func (l *life) off() bool     { return l.stand != nil && l.stand.off }

// end shuts a machine down. The next full look shows it.
func (p *play) end(l *life) {
	if !l.off() {
		p.running(l, -1)
	}
	l.ended = true
	p.charge(l)
	p.note(ended, l)
	p.see(l)
}

// running counts the machines that run, and the most of them.
func (p *play) running(l *life, more int) {
	p.alive += more
	p.poolLive[l.pool] += more
	report := &p.out.Pools[l.pool].Machines
	p.out.Machines.Most = max(p.out.Machines.Most, p.alive)
	report.Most = max(report.Most, p.poolLive[l.pool])
}

// charge adds a machine's life to the bill.
func (p *play) charge(l *life) {
	pool := &p.out.Pools[l.pool]
	if !l.served {
		pool.Machines.Wasted++
	}
	if l.stand != nil {
		pool.Bill = pool.Bill.Plus(p.stayed(l))
		return
	}
	v := p.Volumes[pool.Name]
	pool.Bill = pool.Bill.Plus(p.Rates.Of(cost.Life{
		Machine: l.machine(), DiskGiB: v.DiskGiB, Public: v.Public,
		Launched: l.began, Ready: l.online, Began: l.worked, Ended: p.at, Served: l.served,
	}))
}

func (l *life) machine() cost.Machine {
	return cost.Machine{Type: l.offer.Type, Market: l.offer.Market}
}
