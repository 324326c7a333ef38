package cost

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// EC2 bills a machine by the second from when it runs until it shuts down, and
// each start at least a minute.
const (
	// UnbilledFor is how long after the launch call a machine begins to run:
	// about five seconds when asked every second.
	UnbilledFor = 5 * time.Second
	// Minimum is what each start is billed at least.
	Minimum = time.Minute
)

// List prices of us-east-1 in USD.
const (
	GP3GiBMonth = 0.08  // a GiB of a gp3 volume for a month
	AddressHour = 0.005 // a public IPv4 address for an hour
)

// An hour, and AWS's month of 730 of them, in seconds.
const (
	hour  = 3600.0
	month = 730 * hour
)

// Machine names what an hour of a machine is priced by.
type Machine struct {
	Type   string
	Market fleet.Market
}

// Rates are prices in USD.
type Rates struct {
	Hour     map[Machine]float64 // an hour of a machine; what is absent is free
	GiBMonth float64             // a GiB of its volume for a month
	Address  float64             // its public address for an hour
}

// Life is what a bill needs to know of a machine. Instants are spans since any
// common beginning.
type Life struct {
	Machine
	DiskGiB  int
	Public   bool // it has a public address
	Launched time.Duration
	Ready    time.Duration // when its runner could take a job
	Began    time.Duration // when its job began
	Ended    time.Duration // when it shut down, or its job ended
	Served   bool          // it had a job; without one Ready and Began say nothing
}

// Part is a part of a bill: time that was billed, and its price. The time is no
// Duration, because that ends after 292 years, which three hundred machines live
// in one; sums of whole seconds are exact all the same.
type Part struct {
	Seconds float64
	USD     float64
}

func (p Part) plus(q Part) Part { return Part{p.Seconds + q.Seconds, p.USD + q.USD} }

// priced is a span at a price of an hour.
func priced(d time.Duration, hour float64) Part { return Part{d.Seconds(), hour * d.Hours()} }

// Bill is the cost of machines by what their time was spent on.
type Bill struct {
	Work    Part // jobs ran
	Boot    Part // machines came up for a job
	Idle    Part // runners waited for a job that then came
	Wasted  Part // machines that never had a job, all of their time
	Minimum Part // what a minute at least adds to shorter lives
	Disk    float64
	Address float64
	Stopped Part // volumes of stopped machines, and how long these were stopped: EC2 bills no time for that
}

// Plus is the sum of two bills.
func (b Bill) Plus(c Bill) Bill {
	return Bill{
		Work: b.Work.plus(c.Work), Boot: b.Boot.plus(c.Boot), Idle: b.Idle.plus(c.Idle),
		Wasted: b.Wasted.plus(c.Wasted), Minimum: b.Minimum.plus(c.Minimum),
		Disk: b.Disk + c.Disk, Address: b.Address + c.Address, Stopped: b.Stopped.plus(c.Stopped),
	}
}

// Billed is the time that EC2 bills, in seconds.
func (b Bill) Billed() float64 {
	return b.Work.Seconds + b.Boot.Seconds + b.Idle.Seconds + b.Wasted.Seconds + b.Minimum.Seconds
}

// USD is the whole bill.
func (b Bill) USD() float64 {
	return b.Work.USD + b.Boot.USD + b.Idle.USD + b.Wasted.USD + b.Minimum.USD + b.Disk + b.Address + b.Stopped.USD
}

// Of is the bill of one life.
func (r Rates) Of(l Life) Bill {
	part := r.parts(l.Machine, l.Launched)
	var b Bill
	if l.Served {
		b.Boot, b.Idle, b.Work = part(l.Launched, l.Ready), part(l.Ready, l.Began), part(l.Began, l.Ended)
	} else {
		b.Wasted = part(l.Launched, l.Ended)
	}
	return r.filled(b, l.Machine, extras{l.DiskGiB, l.Public})
}

// parts prices spans of a machine that was launched or started at an instant.
func (r Rates) parts(m Machine, launched time.Duration) func(from, to time.Duration) Part {
	return func(from, to time.Duration) Part {
		return priced(max(0, to-max(from, launched+UnbilledFor)), r.Hour[m])
	}
}

// extras are what a machine costs besides its time.
type extras struct {
	diskGiB int
	public  bool
}

// filled adds to the time of one start what each start is billed at least, and
// the extras.
func (r Rates) filled(b Bill, m Machine, x extras) Bill {
	if short := Minimum.Seconds() - b.Billed(); short > 0 {
		b.Minimum = Part{short, r.Hour[m] * short / hour}
	}
	b.Disk = r.volume(x.diskGiB, b.Billed())
	if x.public {
		b.Address = r.Address * b.Billed() / hour
	}
	return b
}

// volume is what a volume costs for some seconds.
func (r Rates) volume(gib int, seconds float64) float64 {
	return r.GiBMonth * float64(gib) * (seconds / month)
}
