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

// month is AWS's month of 730 hours.
const month = 730 * time.Hour

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

// Part is a part of a bill: time that was billed, and its price.
type Part struct {
	Time time.Duration
	USD  float64
}

func (p Part) plus(q Part) Part { return Part{p.Time + q.Time, p.USD + q.USD} }

// Bill is the cost of machines by what their time was spent on.
type Bill struct {
	Work    Part // jobs ran
	Boot    Part // machines came up for a job
	Idle    Part // runners waited for a job that then came
	Wasted  Part // machines that never had a job, all of their time
	Minimum Part // what a minute at least adds to shorter lives
	Disk    float64
	Address float64
}

// Plus is the sum of two bills.
func (b Bill) Plus(c Bill) Bill {
	return Bill{
		Work: b.Work.plus(c.Work), Boot: b.Boot.plus(c.Boot), Idle: b.Idle.plus(c.Idle),
		Wasted: b.Wasted.plus(c.Wasted), Minimum: b.Minimum.plus(c.Minimum),
		Disk: b.Disk + c.Disk, Address: b.Address + c.Address,
	}
}

// Billed is the time that EC2 bills.
func (b Bill) Billed() time.Duration {
	return b.Work.Time + b.Boot.Time + b.Idle.Time + b.Wasted.Time + b.Minimum.Time
}

// USD is the whole bill.
func (b Bill) USD() float64 {
	return b.Work.USD + b.Boot.USD + b.Idle.USD + b.Wasted.USD + b.Minimum.USD + b.Disk + b.Address
}

// Of is the bill of one life.
func (r Rates) Of(l Life) Bill {
	hour := r.Hour[l.Machine]
	part := func(from, to time.Duration) Part {
		d := max(0, to-max(from, l.Launched+UnbilledFor))
		return Part{d, hour * d.Hours()}
	}
	var b Bill
	if l.Served {
		b.Boot, b.Idle, b.Work = part(l.Launched, l.Ready), part(l.Ready, l.Began), part(l.Began, l.Ended)
	} else {
		b.Wasted = part(l.Launched, l.Ended)
	}
	if short := Minimum - b.Billed(); short > 0 {
		b.Minimum = Part{short, hour * short.Hours()}
	}
	alive := b.Billed()
	b.Disk = r.GiBMonth * float64(l.DiskGiB) * (alive.Hours() / month.Hours())
	if l.Public {
		b.Address = r.Address * alive.Hours()
	}
	return b
}
