package replay_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/cost"
	"github.com/runfleet/runfleet/fleet/replay"
)

// stranded is a strained fleet with a standing pool beside its others.
func stranded(r *rapid.T) (replay.Trace, replay.Config) {
	trace, c := strained(r)
	own := standing(rapid.IntRange(1, 6).Draw(r, "stand"))
	pool := own.Fleet.Pools[0]
	pool.Labels = rapid.SampledFrom([]fleet.Labels{pool.Labels, fleet.NewLabels("self-hosted", "linux", "x64", "arm64")}).Draw(r, "labels")
	pool.Priority, pool.Prepared = rapid.IntRange(-1, 1).Draw(r, "priority"), rapid.Bool().Draw(r, "image")
	pool.JobLimit = time.Duration(rapid.IntRange(5, 20).Draw(r, "most")) * time.Minute
	c.Fleet.Pools = append(c.Fleet.Pools, pool)
	c.Recipes = append(c.Recipes, own.Recipes...)
	c.Volumes, c.Rates = own.Volumes, seconds
	if rapid.Bool().Draw(r, "opens") {
		policy := rapid.SampledFrom([]fleet.ClosedPolicy{fleet.ClosedCold, fleet.ClosedWait, fleet.ClosedRefuse}).Draw(r, "closed")
		rule := rapid.SampledFrom([][2]string{{"0 6 * * *", "20 6 * * *"}, {"15,45 * * * *", "0,30 * * * *"}, {"0 7 * * *", "0 9 * * *"}}).Draw(r, "hours")
		w := hours(policy, rule[0], rule[1])
		if x64, ok := c.Windows["x64"]; ok {
			w["x64"] = x64
		}
		c.Windows = w
	}
	return trace, c
}

// story is a machine by what it did.
type story []replay.Deed

// next is what may follow on each deed of a standing machine.
var next = map[string][]string{
	"launched": {"listens", "stopped", "ended"},
	"started":  {"listens", "stopped", "ended"},
	"listens":  {"begins", "stopped", "ended"},
	"begins":   {"leaves"},
	"leaves":   {"begins", "stopped", "ended"},
	"stopped":  {"started", "ended"},
	"ended":    nil,
}

// bill is what a standing machine costs, added up from its story: for each time
// that it ran its seconds less five, a minute at least, and for its volume all
// of its life but the first five seconds.
func (x story) bill() (billed, work, stopped time.Duration) {
	var up, off, job time.Duration
	for i, d := range x {
		switch d.What {
		case "launched", "started":
			if i > 0 {
				stopped += d.At + cost.UnbilledFor - off
			}
			up = d.At
		case "begins":
			job = d.At
		case "leaves":
			work += d.At - job
		case "stopped", "ended":
			if d.What == "ended" && x[i-1].What == "stopped" {
				stopped += d.At - off
				continue
			}
			billed += max(cost.Minimum, d.At-up-cost.UnbilledFor)
			off = d.At
		}
	}
	return billed, work, stopped
}

// TestStoriesOfStandingMachines holds every standing machine of drawn days to
// its life: one job at a time and only while it runs, stops and starts by turns,
// no start outside its hours; and the bill to the sum over machines.
func TestStoriesOfStandingMachines(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		trace, c := stranded(r)
		stories, at := map[fleet.MachineID]story{}, len(c.Fleet.Pools)-1
		idle := []fleet.MachineID{} // longest first
		got, err := replay.Run(trace, replay.Heard(c, func(d replay.Deed) {
			if d.Pool != at {
				return
			}
			stories[d.Machine] = append(stories[d.Machine], d)
			switch i := slices.Index(idle, d.Machine); {
			case d.What == "listens" || d.What == "leaves":
				idle = append(idle, d.Machine)
			case d.What == "begins" && i > 0 && i < len(idle)-1:
				r.Fatalf("job %d went to %s of %v", d.Job, d.Machine, idle)
			case i >= 0:
				idle = slices.Delete(idle, i, i+1)
			}
		}))
		if err != nil {
			r.Fatal(err)
		}
		for _, x := range stories {
			x.check(r, c)
		}
		addsUp(r, got.Pools[at], stories)
		if most := got.Pools[at].Machines.Most; most > c.Fleet.Pools[at].Max {
			r.Fatalf("%d machines ran at once", most)
		}
	})
}

// addsUp holds a pool's report to the sum over its machines.
func addsUp(r *rapid.T, p replay.PoolReport, stories map[fleet.MachineID]story) {
	var billed, work, stopped time.Duration
	starts, wasted := 0, 0
	for _, x := range stories {
		b, w, off := x.bill()
		billed, work, stopped = billed+b, work+w, stopped+off
		starts += x.count("started")
		if x.count("begins") == 0 {
			wasted++
		}
	}
	if p.Machines.Launched != len(stories) || p.Machines.Started != starts || p.Machines.Wasted != wasted {
		r.Fatalf("%+v: %d machines, %d starts, %d without a job", p.Machines, len(stories), starts, wasted)
	}
	if p.Bill.Work.Seconds > work.Seconds()+1e-6 { // of very short boots some is not billed
		r.Fatalf("billed work %v, want at most %s", p.Bill.Work.Seconds, work)
	}
	for _, x := range []struct {
		name      string
		got, want float64
	}{
		{"billed", p.Bill.Billed(), billed.Seconds()}, {"stopped", p.Bill.Stopped.Seconds, stopped.Seconds()},
		{"dollars", p.Bill.USD(), (2*billed + stopped).Seconds()},
	} {
		if math.Abs(x.got-x.want) > 1e-6*max(1, x.want) {
			r.Fatalf("%s: %v, want %v", x.name, x.got, x.want)
		}
	}
}

func (x story) count(what string) (n int) {
	for _, d := range x {
		if d.What == what {
			n++
		}
	}
	return n
}

func (x story) check(r *rapid.T, c replay.Config) {
	for i, d := range x {
		if i == 0 && d.What != "launched" || i > 0 && !slices.Contains(next[x[i-1].What], d.What) {
			r.Fatalf("machine %s %s at %s after all of %v", d.Machine, d.What, d.At, x[:i])
		}
		if d.What == "leaves" && d.Job != x[i-1].Job {
			r.Fatalf("machine %s began job %d and left %d", d.Machine, x[i-1].Job, d.Job)
		}
		if d.What != "launched" && d.What != "started" {
			continue
		}
		stands := c.Windows["build"].At(monday.Add(d.At), c.Boot.P50)
		if stands.Closed && !stands.Early && stands.Policy != fleet.ClosedCold {
			r.Fatalf("machine %s was %s at %s, and its pool is %s", d.Machine, d.What, d.At, stands)
		}
	}
	if last := x[len(x)-1]; last.What != "ended" {
		r.Fatalf("machine %s is left: it %s at %s", last.Machine, last.What, last.At)
	}
}

// TestALookAtTheEndOfAStandingJobChangesNothing is the other test of that name
// with a standing pool.
func TestALookAtTheEndOfAStandingJobChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		trace, c := stranded(r)
		plainly(&c)
		same(r, trace, c)
	})
}
