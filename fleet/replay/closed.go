package replay

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet/cost"
)

// BaseStock is how long the jobs of a trace that ran would have waited if one
// machine had been ordered at every arrival and stock of them had been kept
// ready: job i gets the machine that job i-stock ordered.
func BaseStock(t Trace, boot time.Duration, stock int) Waits {
	jobs := t.Ran().Jobs
	waits := make([]time.Duration, len(jobs))
	for i := range jobs {
		switch {
		case stock == 0:
			waits[i] = boot
		case i >= stock:
			waits[i] = max(0, boot-(jobs[i].Ready-jobs[i-stock].Ready))
		}
	}
	return waitsOf(waits)
}

// Ephemeral is what EC2 bills for machines that take one job each, in seconds:
// launched when the job is ready, or just in time for it.
func Ephemeral(t Trace, boot time.Duration) float64 {
	var sum total
	for _, j := range t.Ran().Jobs {
		sum.add(max(cost.Minimum, boot-cost.UnbilledFor+j.Duration))
	}
	return sum.seconds()
}

// ReuseOptimum is the least that machines that take many jobs can cost above
// the work itself without any job waiting, by who knows the future, in seconds.
// A machine that waits costs its time, a new one setup: each job takes the
// machine that was freed last, at whichever is less.
func ReuseOptimum(t Trace, setup time.Duration) float64 {
	jobs := t.Ran().Jobs
	ends := make([]time.Duration, len(jobs))
	for i, j := range jobs {
		ends[i] = j.Ready + j.Duration
	}
	slices.Sort(ends)
	var free []time.Duration // since when; the last one was freed last
	var sum total
	for _, j := range jobs {
		for len(ends) > 0 && ends[0] <= j.Ready {
			free, ends = append(free, ends[0]), ends[1:]
		}
		if n := len(free); n > 0 {
			sum.add(min(j.Ready-free[n-1], setup))
			free = free[:n-1]
		} else {
			sum.add(setup)
		}
	}
	return sum.seconds()
}

// Reuse is what ReuseTimeout comes to.
type Reuse struct {
	Cost   float64 // in seconds of a machine, the work included
	Reused int     // jobs that took a machine of before
	Waits  Waits
}

// Timeout is a policy for machines that take many jobs.
type Timeout struct {
	Boot  time.Duration // that a job waits for a new machine
	Setup time.Duration // what a new machine costs
	Idle  time.Duration // after which a machine without a job is given up
}

// ReuseTimeout is what machines cost that take many jobs and are given up after
// an idle time: each job takes the machine that was freed last, or a new one.
func ReuseTimeout(t Trace, p Timeout) Reuse {
	var out Reuse
	var sum total
	busy := heap[time.Duration]{less: func(a, b time.Duration) bool { return a < b }}
	var free []time.Duration // since when, ascending
	jobs := t.Ran().Jobs
	waits := make([]time.Duration, len(jobs))
	for i, j := range jobs {
		for busy.len() > 0 && busy.first() <= j.Ready {
			free = append(free, busy.pop())
		}
		old, _ := slices.BinarySearch(free, j.Ready-p.Idle)
		sum.times(old, p.Idle)
		free = slices.Delete(free, 0, old)
		sum.add(j.Duration)
		if n := len(free); n > 0 {
			sum.add(j.Ready - free[n-1])
			out.Reused++
			free = free[:n-1]
		} else {
			sum.add(p.Setup)
			waits[i] = p.Boot
		}
		busy.push(j.Ready + waits[i] + j.Duration)
	}
	sum.times(busy.len()+len(free), p.Idle)
	out.Cost = sum.seconds()
	out.Waits = waitsOf(waits)
	return out
}
