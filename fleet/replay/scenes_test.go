package replay_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/replay"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// monday is a Monday at 06:00 in UTC.
var monday = time.Date(2025, 10, 6, 6, 0, 0, 0, time.UTC)

// traceOf is jobs of the class linux-x64; what a job leaves out is zero.
func traceOf(jobs ...replay.Job) replay.Trace {
	return replay.Trace{
		Begin: monday, Jobs: jobs, Workflows: []string{""},
		Classes: []replay.Class{
			{Name: "linux-x64", Labels: replay.LabelsOf("linux-x64")},
			{Name: "linux-arm64", Labels: replay.LabelsOf("linux-arm64")},
			{Name: "either", Labels: fleet.NewLabels("self-hosted", "linux")},
			{Name: "macos-arm64", Labels: replay.LabelsOf("macos-arm64")},
		},
	}
}

// job runs for a minute.
func job(ready time.Duration) replay.Job { return replay.Job{Ready: ready, Duration: time.Minute} }

// waits is the longest wait and the sum of all, in seconds.
type waits struct{ Max, Sum float64 }

// scene is a few jobs, and what becomes of them.
type scene struct {
	name     string
	jobs     []replay.Job
	with     func(*replay.Config)
	ended    replay.Jobs
	machines replay.Machines
	wait     waits
}

const m = time.Minute

var scenes = []scene{
	{"a job waits for a machine to boot", []replay.Job{job(0)}, nil,
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{30, 30}},
	{"looks come a little after what wakes them", []replay.Job{job(0)}, func(c *replay.Config) { c.Coalesce = 250 * time.Millisecond },
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{30.25, 30.25}},
	{"a job that no pool holds launches nothing", []replay.Job{{Class: 3, Duration: m}}, nil,
		replay.Jobs{Total: 1, NoPool: 1}, replay.Machines{}, waits{}},
	{"a job that is cancelled before its machine comes has wasted it", []replay.Job{{Cancel: 10 * s}}, nil,
		replay.Jobs{Total: 1, Cancelled: 1}, replay.Machines{Launched: 1, Wasted: 1, Most: 1}, waits{}},
	{"one whose machine another job takes has not", []replay.Job{{Cancel: 10 * s}, job(20 * s)}, nil,
		replay.Jobs{Total: 2, Ran: 1, Cancelled: 1}, replay.Machines{Launched: 1, Most: 1}, waits{10, 10}},
	{"and that job need not wait if the machine does", []replay.Job{{Cancel: 10 * s}, job(m)}, nil,
		replay.Jobs{Total: 2, Ran: 1, Cancelled: 1}, replay.Machines{Launched: 1, Most: 1}, waits{}},
	{"a job of which nobody knows when it was cancelled is left out", []replay.Job{{}}, nil,
		replay.Jobs{Total: 1, Unknown: 1}, replay.Machines{}, waits{}},
	{"a job that was cancelled while it ran ends then", []replay.Job{{Cancel: 5 * m}}, nil,
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{30, 30}},
	{"an idle machine is given up after its limit, as a full look counts it", []replay.Job{{Cancel: 10 * s}, job(4 * m)}, nil,
		replay.Jobs{Total: 2, Ran: 1, Cancelled: 1}, replay.Machines{Launched: 2, Wasted: 1, Most: 1}, waits{30, 30}},
	{"a pool at its cap serves the next job when a full look shows room", []replay.Job{job(0), job(0)}, func(c *replay.Config) { c.Fleet.Pools[1].Max = 1 },
		replay.Jobs{Total: 2, Ran: 2}, replay.Machines{Launched: 2, Most: 1}, waits{150, 180}},
	{"a job goes to the pool with the fewest labels to spare, in file order", []replay.Job{{Class: 2, Duration: m}}, nil,
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{30, 30}},
	{"launches are paced", []replay.Job{job(0), job(0), job(0)}, func(c *replay.Config) { c.Fleet.Limits.LaunchesPerMinute = 2 },
		replay.Jobs{Total: 3, Ran: 3}, replay.Machines{Launched: 3, Most: 3}, waits{90, 150}},
	{"registrations are paced", []replay.Job{job(0), job(0), job(0)}, func(c *replay.Config) { c.Mints = replay.Mints{PerMinute: 2, PerHour: 9} },
		replay.Jobs{Total: 3, Ran: 3}, replay.Machines{Launched: 3, Most: 3}, waits{60, 120}},
	{"but not those by a token", []replay.Job{job(0), job(0), job(0)}, func(c *replay.Config) {
		c.Mints, c.Fleet.Pools[1].Registration = replay.Mints{PerMinute: 2, PerHour: 9}, fleet.Token
	}, replay.Jobs{Total: 3, Ran: 3}, replay.Machines{Launched: 3, Most: 3}, waits{30, 90}},
	{"a job that outlives the job limit is cut", []replay.Job{{Duration: 3 * time.Hour}}, func(c *replay.Config) { c.Fleet.Pools[1].JobLimit = time.Hour },
		replay.Jobs{Total: 1, Ran: 1, Cut: 1}, replay.Machines{Launched: 1, Most: 1}, waits{30, 30}},
	{"while a pool is closed its jobs wait for the opening, less a boot", []replay.Job{job(0)}, closed("0 8 * * 1-5", "0 18 * * 1-5"),
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{7200, 7200}},
	{"GitHub gives up after a day", []replay.Job{job(0)}, closed("0 8 * * 3", "0 18 * * 3"),
		replay.Jobs{Total: 1, GaveUp: 1}, replay.Machines{}, waits{}},
	{"a config that is not fetched in time is made anew", []replay.Job{job(0)}, func(c *replay.Config) { c.Boot = replay.Boot{P50: 6 * m, P95: 6 * m} },
		replay.Jobs{Total: 1, Ran: 1}, replay.Machines{Launched: 1, Most: 1}, waits{360, 360}},
}

func TestScenes(t *testing.T) {
	for _, tt := range scenes {
		t.Run(tt.name, func(t *testing.T) {
			c := pools()
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
			if diff := cmp.Diff(tt.machines, got.Machines); diff != "" {
				t.Errorf("machines (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wait, waits{got.Wait.Max, got.Wait.Sum}); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}

// closed gives the pool x64 hours, outside of which its jobs wait.
func closed(opens, closes string) func(*replay.Config) {
	return func(c *replay.Config) {
		w, err := schedule.New(schedule.Rule{Open: opens, Close: closes, Zone: "UTC", Closed: fleet.ClosedWait})
		if err != nil {
			panic(err)
		}
		c.Windows = map[string]schedule.Windows{"x64": w}
	}
}

func TestAReplayStopsWhenItIsTold(t *testing.T) {
	c := pools()
	c.Tell = func(replay.Progress) bool { return false }
	if _, err := replay.Run(traceOf(job(0)), c); !errors.Is(err, replay.ErrStopped) {
		t.Errorf("error %v", err)
	}
}

func TestProgressGoesFromNothingToAll(t *testing.T) {
	c := pools()
	var last replay.Progress
	told := 0
	c.Tell = func(p replay.Progress) bool {
		if p.Arrived < last.Arrived || p.At.Before(last.At) || p.Arrived > p.Jobs {
			t.Errorf("%+v after %+v", p, last)
		}
		last, told = p, told+1
		return true
	}
	if _, err := replay.Run(bitcoin(t), c); err != nil || told < 5 || last.Arrived < last.Jobs/2 {
		t.Errorf("told %d times, last %+v, error %v", told, last, err)
	}
}

// strained is a drawn trace and what it is replayed against.
func strained(r *rapid.T) (replay.Trace, replay.Config) {
	t := traceOf()
	var at time.Duration
	for i := range rapid.IntRange(1, 60).Draw(r, "jobs") {
		j := replay.Job{Ready: at, Class: int32(rapid.IntRange(0, 3).Draw(r, "class")), Run: int32(i / 4)}
		if rapid.IntRange(0, 4).Draw(r, "cancelled") == 0 {
			j.Cancel = time.Duration(rapid.IntRange(0, 200).Draw(r, "cancel")) * s
		} else {
			j.Duration = time.Duration(rapid.IntRange(1, 900).Draw(r, "lasts")) * s
		}
		t.Jobs = append(t.Jobs, j)
		at += time.Duration(rapid.SampledFrom([]int{0, 0, 1, 20, 300}).Draw(r, "gap")) * s
	}
	c := pools()
	c.Seed = rapid.Uint64().Draw(r, "seed")
	c.Coalesce = rapid.SampledFrom([]time.Duration{0, 250 * time.Millisecond, time.Second}).Draw(r, "coalesce")
	c.Boot = rapid.SampledFrom([]replay.Boot{{P50: 30 * s, P95: 30 * s}, {P50: 25 * s, P95: 45 * s}, {P50: 60 * s, P95: 600 * s}}).Draw(r, "boot")
	for i := range c.Fleet.Pools {
		p := &c.Fleet.Pools[i]
		p.Max, p.Prepared = rapid.IntRange(1, 12).Draw(r, "max"), rapid.Bool().Draw(r, "prepared")
		p.JobLimit = time.Duration(rapid.IntRange(5, 20).Draw(r, "limit")) * time.Minute
	}
	if rapid.Bool().Draw(r, "few") {
		c.Fleet.Limits = fleet.Limits{Machines: 10, LaunchesPerMinute: 5}
		c.Mints = replay.Mints{PerMinute: 4, PerHour: 100}
	}
	if rapid.Bool().Draw(r, "hours") {
		closed("0 7 * * *", "30 7 * * *")(&c)
	}
	return t, c
}

// TestALookAtTheEndOfAJobChangesNothing holds the replay to the one that looks
// then, as in service; without coalescing and pacing, in which any look moves the
// next one a little, and with one boot for all, because two launches of one
// instant may change places.
func TestALookAtTheEndOfAJobChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		trace, c := strained(r)
		plainly(&c)
		same(r, trace, c)
	})
}

// plainly has looks without delay or pacing, and one boot for all.
func plainly(c *replay.Config) {
	c.Coalesce, c.Mints, c.Fleet.Limits.LaunchesPerMinute = 0, replay.Mints{}, 0
	c.Boot.P95 = c.Boot.P50
}

// same holds a replay to the one that looks at the end of every job.
func same(r *rapid.T, trace replay.Trace, c replay.Config) {
	lazy, err := replay.Run(trace, c)
	if err != nil {
		r.Fatal(err)
	}
	eager, err := replay.Run(trace, replay.Eager(c))
	if err != nil {
		r.Fatal(err)
	}
	lazy.Decisions, eager.Decisions = 0, 0
	if diff := cmp.Diff(eager, lazy); diff != "" {
		r.Fatalf("report (-eager +lazy):\n%s", diff)
	}
}

func TestTheSumsOfAReportAreRight(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		trace, c := strained(r)
		got, err := replay.Run(trace, c)
		if err != nil {
			r.Fatal(err)
		}
		j, m := got.Jobs, got.Machines
		if j.Total != len(trace.Jobs) || j.Ran+j.Cancelled+j.Unknown+j.NoPool+j.GaveUp != j.Total || j.Cut > j.Ran {
			r.Fatalf("of %d jobs: %+v", len(trace.Jobs), j)
		}
		if m.Launched != j.Ran+m.Wasted || m.Most > m.Launched {
			r.Fatalf("%d jobs on machines %+v", j.Ran, m)
		}
		if most := c.Fleet.Limits.Machines; most > 0 && m.Most > most {
			r.Fatalf("%d machines at once, %d are allowed", m.Most, most)
		}
		launched := 0
		for i, p := range got.Pools {
			launched += p.Machines.Launched
			if p.Machines.Most > c.Fleet.Pools[i].Max {
				r.Fatalf("pool %s had %d machines of %d", p.Name, p.Machines.Most, c.Fleet.Pools[i].Max)
			}
		}
		if launched != m.Launched {
			r.Fatalf("the pools launched %d machines, the fleet %d", launched, m.Launched)
		}
	})
}

func TestASeedIsADay(t *testing.T) {
	trace, c := linux(t), pools()
	c.Boot = replay.Boot{P50: 25 * s, P95: 45 * s}
	run := func(seed uint64) replay.Report {
		c.Seed = seed
		got, err := replay.Run(trace, c)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := run(1)
	if diff := cmp.Diff(first, run(1)); diff != "" {
		t.Errorf("the same seed (-first +second):\n%s", diff)
	}
	if cmp.Equal(first, run(2)) {
		t.Error("another seed is the same day")
	}
	if w := first.Wait; w.P50 < 24 || w.P50 > 26 || w.P95 < 40 || w.P95 > 50 {
		t.Errorf("boots of 25s..45s made waits of %+v", w)
	}
}
