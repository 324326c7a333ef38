package cost

import "time"

// Stay is a span for which a standing machine runs: from its launch or start to
// the stop or end after it. EC2 bills each as it bills a life. Instants are
// spans since any common beginning.
type Stay struct {
	Machine
	DiskGiB int
	Public  bool // it has a public address, which EC2 takes back at a stop
	Began   time.Duration
	Ready   time.Duration // when its runner could take a job; Ended if it never could
	Ended   time.Duration
	Work    time.Duration // of it, that jobs ran
}

// OfStay is the bill of one stay. What is neither boot nor work is idle.
func (r Rates) OfStay(s Stay) Bill {
	part := r.parts(s.Machine, s.Began)
	up := max(0, s.Ended-max(s.Ready, s.Began+UnbilledFor))
	work, price := min(s.Work, up), r.Hour[s.Machine]
	b := Bill{Boot: part(s.Began, s.Ready), Work: priced(work, price), Idle: priced(up-work, price)}
	return r.filled(b, s.Machine, extras{s.DiskGiB, s.Public})
}

// OfStop is the bill of a machine that is stopped for a while: its volume.
func (r Rates) OfStop(diskGiB int, d time.Duration) Bill {
	return Bill{Stopped: Part{d.Seconds(), r.volume(diskGiB, d.Seconds())}}
}

// Unserved is the bill of a machine that never had a job: all of its time was
// wasted.
func (b Bill) Unserved() Bill {
	b.Wasted = b.Wasted.plus(b.Boot).plus(b.Idle).plus(b.Work)
	b.Boot, b.Idle, b.Work = Part{}, Part{}, Part{}
	return b
}
