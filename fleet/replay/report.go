package replay

import (
	"maps"
	"slices"
	"time"
)

// count notes that a job of a trace began on a machine.
func (p *play) count(j Job, l *life) {
	wait := p.at - j.Ready
	p.out.Jobs.Ran++
	p.byPool[l.pool] = append(p.byPool[l.pool], wait)
	p.runSpans[j.Run] = max(p.runSpans[j.Run], wait)
}

// report is what came of the replay so far.
func (p *play) report() Report {
	out := p.out
	all := make([]time.Duration, 0, len(p.trace.Jobs))
	for i := range out.Pools {
		pool := &out.Pools[i]
		all = append(all, p.byPool[i]...)
		pool.Wait = waitsOf(p.byPool[i])
		out.Bill = out.Bill.Plus(pool.Bill)
		out.Machines.Wasted += pool.Machines.Wasted
	}
	out.Wait = waitsOf(all)
	out.RunWait = waitsOf(slices.Collect(maps.Values(p.runSpans)))
	return out
}
