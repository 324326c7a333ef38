package replay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/cost"
	"github.com/runfleet/runfleet/fleet/replay"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// seconds prices everything at a dollar a second: each machine that runs, its
// volume, its address.
var seconds = cost.Rates{
	Hour:     map[cost.Machine]float64{{Type: "c8g.xlarge", Market: fleet.OnDemand}: 3600},
	GiBMonth: 730 * 360, Address: 3600,
}

// standing is a fleet of one standing pool.
func standing(machines int) replay.Config {
	c := pools()
	c.Fleet.Pools = []fleet.Pool{{
		Name: "build", Labels: fleet.NewLabels("self-hosted", "linux", "x64"), Arch: fleet.ARM64, Max: machines, Prepared: true,
		Lifetime: fleet.Standing, Account: "acme",
	}}
	c.Recipes = []fleet.Recipe{{Pool: "build", Template: "lt:1", Offers: []fleet.Offer{
		{Type: "c8g.xlarge", Market: fleet.Spot}, {Type: "c8g.xlarge", Market: fleet.OnDemand},
	}}}
	c.Rates, c.Volumes = seconds, map[string]replay.Volume{"build": {DiskGiB: 10}}
	return c
}

// hours are a standing pool's.
func hours(policy fleet.ClosedPolicy, opens, closes string) map[string]schedule.Windows {
	w, err := schedule.New(schedule.Rule{Open: opens, Close: closes, Zone: "UTC", Closed: policy})
	if err != nil {
		panic(err)
	}
	return map[string]schedule.Windows{"build": w}
}

// part is so many seconds that cost as many dollars.
func part(n int) cost.Part { return cost.Part{Seconds: float64(n), USD: float64(n)} }

// day is a few jobs on a standing pool, and what becomes of them, by hand. The
// trace begins on a Monday at 06:00; boots take 30 s, of which EC2 bills 25.
type day struct {
	name     string
	machines int
	jobs     []replay.Job
	with     func(*replay.Config)
	ended    replay.Jobs
	counts   replay.Machines
	wait     waits
	bill     cost.Bill
}

func early(policy fleet.ClosedPolicy) func(*replay.Config) {
	return func(c *replay.Config) { c.Windows = hours(policy, "0 5 * * *", "0 7 * * *") }
}

func office(policy fleet.ClosedPolicy) func(*replay.Config) {
	return func(c *replay.Config) { c.Windows = hours(policy, "0 8 * * *", "0 18 * * *") }
}

const h = time.Hour

var days = []day{
	{"machines stand from the first job on, and are paid until the last one is over", 2, []replay.Job{job(0), job(2 * m)}, nil,
		replay.Jobs{Total: 2, Ran: 2}, replay.Machines{Launched: 2, Most: 2}, waits{30, 30},
		// Both run for 180 s. The second job goes to the machine that listened longer.
		cost.Bill{Boot: part(50), Work: part(120), Idle: part(180), Disk: 350}},
	{"what never had a job is wasted, all of its time", 2, []replay.Job{job(0)}, nil,
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 2, Wasted: 1, Most: 2}, waits{30, 30},
		cost.Bill{Boot: part(25), Work: part(60), Wasted: part(85), Disk: 170}},
	{"a machine takes the next job as its last one ends", 1, []replay.Job{job(0), job(0), job(0)}, nil,
		replay.Jobs{Total: 3, Ran: 3}, replay.Machines{Launched: 1, Most: 1}, waits{150, 270},
		cost.Bill{Boot: part(25), Work: part(180), Disk: 205}},
	{"a public address is paid for while the machine runs", 1, []replay.Job{job(0)}, func(c *replay.Config) { c.Volumes["build"] = replay.Volume{Public: true} },
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{30, 30},
		cost.Bill{Boot: part(25), Work: part(60), Address: 85}},
	{"at a closing the idle one stops, the busy one after its job, and both stand again at the opening", 2,
		[]replay.Job{job(0), {Ready: 50 * m, Duration: 30 * m}, job(23*h + 30*m)}, early(fleet.ClosedWait),
		replay.Jobs{Total: 3, Ran: 3}, replay.Machines{Launched: 2, Started: 2, Most: 2}, waits{30, 30},
		// Stopped at 3,600 s and 4,800 s, started at 82,770 s, over at 84,660 s.
		cost.Bill{Boot: part(100), Work: part(1920), Idle: part(3595 + 4795 + 2*1885 - 2020), Disk: 12160, Stopped: part(79175 + 77975)}},
	{"a job that is queued while it is closed waits for the opening", 1, []replay.Job{job(0)}, office(fleet.ClosedWait),
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{7200, 7200},
		cost.Bill{Boot: part(25), Work: part(60), Disk: 85}},
	{"refused, too: no machine comes earlier", 1, []replay.Job{job(0)}, office(fleet.ClosedRefuse),
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{7200, 7200},
		cost.Bill{Boot: part(25), Work: part(60), Disk: 85}},
	{"cold, a machine is launched for it", 2, []replay.Job{job(0)}, office(fleet.ClosedCold),
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{30, 30},
		cost.Bill{Boot: part(25), Work: part(60), Disk: 85}},
	{"cold, a stopped one is started for each job, and stopped after it", 2, []replay.Job{job(0), job(2 * h), job(3 * h)}, early(fleet.ClosedCold),
		replay.Jobs{Total: 3, Ran: 3}, replay.Machines{Launched: 2, Started: 2, Wasted: 1, Most: 2}, waits{30, 90},
		cost.Bill{Boot: part(75), Work: part(180), Idle: part(3510), Wasted: part(3595), Disk: 7360, Stopped: part(3605 + 3515 + 7290)}},
	{"one that stops is started when a full look shows it stopped", 1, []replay.Job{job(0), job(h + 5*s)}, early(fleet.ClosedCold),
		replay.Jobs{Total: 2, Ran: 2}, replay.Machines{Launched: 1, Started: 1, Most: 1}, waits{85, 115},
		cost.Bill{Boot: part(50), Work: part(120), Idle: part(3510), Disk: 3680, Stopped: part(65)}},
	{"one whose job is cancelled while it starts is stopped, for a minute's price", 1, []replay.Job{job(0), {Ready: 2 * h, Cancel: 10 * s}, job(23*h + 30*m)}, early(fleet.ClosedCold),
		replay.Jobs{Total: 3, Ran: 2, Cancelled: 1}, replay.Machines{Launched: 1, Started: 2, Most: 1}, waits{30, 30},
		cost.Bill{Boot: part(25 + 5 + 25), Minimum: part(55), Work: part(120), Idle: part(3510 + 1800), Disk: 3595 + 60 + 1885, Stopped: part(3605 + 75565)}},
	{"and started again for the next one, for as long as a boot takes from then on", 1,
		[]replay.Job{job(0), {Ready: 2 * h, Cancel: 10 * s}, job(2*h + 2*m)}, func(c *replay.Config) {
			early(fleet.ClosedCold)(c)
			c.Boot = replay.Boot{P50: 5 * m, P95: 5 * m}
		}, replay.Jobs{Total: 3, Ran: 2, Cancelled: 1}, replay.Machines{Launched: 1, Started: 2, Most: 1}, waits{300, 600},
		cost.Bill{Boot: part(295 + 5 + 295), Minimum: part(55), Work: part(120), Idle: part(3240), Disk: 3595 + 60 + 355, Stopped: part(3605 + 115)}},
	{"a job of no pool launches them like any other", 1, []replay.Job{{Class: 3, Duration: m}, job(m)}, nil,
		replay.Jobs{Total: 2, Ran: 1, NoPool: 1}, replay.Machines{Launched: 1, Most: 1}, waits{},
		cost.Bill{Boot: part(25), Work: part(60), Idle: part(30), Disk: 115}},
	{"a job that outlives the job limit is cut with its machine, and another stands in its place", 1, []replay.Job{{Duration: 3 * h}, job(2 * h)},
		func(c *replay.Config) { c.Fleet.Pools[0].JobLimit = h },
		replay.Jobs{Total: 2, Ran: 2, Cut: 1}, replay.Machines{Launched: 2, Most: 1}, waits{30, 30},
		cost.Bill{Boot: part(50), Work: part(3660), Idle: part(3540), Disk: 7250}},
	{"a pool that is closed all the time launches nothing, and GitHub gives up", 1, []replay.Job{job(0)},
		func(c *replay.Config) { c.Windows = hours(fleet.ClosedWait, "0 8 * * 3", "0 18 * * 3") },
		replay.Jobs{Total: 1, GaveUp: 1}, replay.Machines{}, waits{}, cost.Bill{}},
	{"starts are paced as launches are", 2, []replay.Job{job(0), job(23*h + 30*m)}, func(c *replay.Config) {
		early(fleet.ClosedWait)(c)
		c.Fleet.Limits.LaunchesPerMinute = 1
	}, replay.Jobs{Total: 2, Ran: 2}, replay.Machines{Launched: 2, Started: 2, Wasted: 1, Most: 2}, waits{30, 30},
		// The second one is launched at 60 s, and started at 82,830 s.
		cost.Bill{Boot: part(50), Work: part(120), Idle: part(5310), Wasted: part(3535 + 1825), Disk: 10840, Stopped: part(79175 + 79235)}},
}

func TestDaysOfStandingMachines(t *testing.T) {
	for _, tt := range days {
		t.Run(tt.name, func(t *testing.T) {
			c := standing(tt.machines)
			if tt.with != nil {
				tt.with(&c)
			}
			got, err := replay.Run(traceOf(tt.jobs...), c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.ended, got.Jobs); diff != "" {
				t.Errorf("jobs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.counts, got.Machines); diff != "" {
				t.Errorf("machines (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wait, waits{got.Wait.Max, got.Wait.Sum}); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.bill, got.Bill, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("bill (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStandingMachinesServeRealCI replays six weeks on machines of one job, and
// on so many that stand that nobody waits.
func TestStandingMachinesServeRealCI(t *testing.T) {
	trace, many := linux(t), standing(100)
	stood, err := replay.Run(trace, many)
	if err != nil {
		t.Fatal(err)
	}
	once, err := replay.Run(trace, pools())
	if err != nil {
		t.Fatal(err)
	}
	if stood.Jobs != once.Jobs || stood.Jobs.Ran != len(trace.Jobs) || stood.Machines.Launched != 100 || stood.Machines.Started != 0 {
		t.Errorf("%+v on %+v, and %+v on %+v", stood.Jobs, stood.Machines, once.Jobs, once.Machines)
	}
	// Jobs that come during the first boot wait for it, like all jobs on machines
	// of one job.
	first := 0
	for _, j := range trace.Jobs {
		if j.Ready < 30*s {
			first++
		}
	}
	if want := 1 - float64(first)/float64(len(trace.Jobs)); stood.Wait.Zero != want || stood.Wait.Max != 30 || once.Wait.Zero != 0 {
		t.Errorf("no wait for %v and %v of the jobs, want %v and 0", stood.Wait.Zero, once.Wait.Zero, want)
	}
	// All of them run from the first job's arrival to the last one's end.
	if want := 100 * (trace.Span() - cost.UnbilledFor).Seconds(); stood.Bill.Billed() != want || stood.Bill.Work.Seconds != trace.Work() {
		t.Errorf("billed %v, want %v; %v of work", stood.Bill.Billed(), want, stood.Bill.Work.Seconds)
	}
}

func BenchmarkStanding(b *testing.B) {
	for _, size := range []struct{ projects, machines int }{{1, 60}, {25, 300}} {
		trace := superposed(bitcoin(b), size.projects)
		trace.Jobs = trace.Jobs[:len(trace.Jobs)/min(size.projects, 5)]
		c := standing(size.machines)
		c.Coalesce, c.Windows = 250*time.Millisecond, hours(fleet.ClosedCold, "0 7 * * *", "0 23 * * *")
		b.Run(fmt.Sprintf("%d/%d", size.projects, size.machines), func(b *testing.B) {
			n := 0
			var got replay.Report
			for b.Loop() {
				var err error
				if got, err = replay.Run(trace, c); err != nil {
					b.Fatal(err)
				}
				n += got.Jobs.Ran
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "jobs/s")
			b.ReportMetric(float64(got.Decisions)/float64(got.Jobs.Ran), "looks/job")
		})
	}
}
