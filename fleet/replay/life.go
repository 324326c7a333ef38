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
	try   int
	job   int32
}

type kind uint8

const (
	jobEnds kind = iota
	runnerListens
	jobCancelled
)

// life is a machine as it is, whoever knows of it.
type life struct {
	id     fleet.MachineID
	number int64
	pool   int
	offer  fleet.Offer
	began  time.Duration // its launch
	booted time.Duration
	online time.Duration // when its runner began to listen
	worked time.Duration // when its job began
	try    int           // the registration whose config it has or will find; 0: none
	name   string        // of that registration
	taken  bool          // it has the config
	job    int32         // -1: none yet
	ended  bool
}

func (l *life) listens() bool { return l.taken && l.job < 0 && !l.ended }
func (l *life) busy() bool    { return l.job >= 0 && !l.ended }

// end shuts a machine down. The next full look shows it.
func (p *play) end(l *life) {
	l.ended = true
	p.alive--
	p.poolLive[l.pool]--
	p.charge(l)
	p.see(l)
}

// charge adds a machine's life to the bill.
func (p *play) charge(l *life) {
	pool := &p.out.Pools[l.pool]
	v := p.Volumes[pool.Name]
	bill := p.Rates.Of(cost.Life{
		Machine: cost.Machine{Type: l.offer.Type, Market: l.offer.Market}, DiskGiB: v.DiskGiB, Public: v.Public,
		Launched: l.began, Ready: l.online, Began: l.worked, Ended: p.at, Served: l.job >= 0,
	})
	pool.Bill = pool.Bill.Plus(bill)
	if l.job < 0 {
		pool.Machines.Wasted++
	}
}
