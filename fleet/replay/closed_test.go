package replay_test

import (
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet/replay"
)

const s = time.Second

// bitcoin is the trace of testdata; the classes narrow it.
func bitcoin(t testing.TB, classes ...string) replay.Trace {
	t.Helper()
	f, err := os.Open("testdata/bitcoin-2025.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := replay.Read("bitcoin", f)
	if err != nil {
		t.Fatal(err)
	}
	some, err := all.Only(classes)
	if err != nil {
		t.Fatal(err)
	}
	return some
}

// linux is what the closed forms are about.
func linux(t testing.TB) replay.Trace { return bitcoin(t, "linux-x64", "linux-x64-small").Ran() }

func TestTheTraceIsTheOneOfTheClosedForms(t *testing.T) {
	trace := linux(t)
	if n, work := len(trace.Jobs), trace.Work(); n != 11_168 || work != 10_310_787 {
		t.Errorf("%d jobs, %v s of work", n, work)
	}
}

// The figures below come from another program, written from the formulas alone.

func TestBaseStockOnTheTrace(t *testing.T) {
	trace := linux(t)
	for _, tt := range []struct {
		boot               time.Duration
		stock              int
		p50, p90, p95, p99 float64
		max, sum, zeros    float64
	}{
		{30 * s, 0, 30, 30, 30, 30, 30, 335040, 0},
		{30 * s, 1, 30, 30, 30, 30, 30, 298021, 1024},
		{30 * s, 7, 0, 30, 30, 30, 30, 133839, 6344},
		{30 * s, 12, 0, 0, 17, 26, 30, 14221, 10496},
		{30 * s, 13, 0, 0, 0, 22, 29, 4595, 10937},
		{30 * s, 18, 0, 0, 0, 0, 28, 2076, 11061},
		{60 * s, 12, 0, 0, 47, 56, 60, 37667, 10334},
		{60 * s, 18, 0, 0, 0, 26, 58, 6040, 11011},
		{120 * s, 12, 0, 11, 107, 116, 120, 98646, 9855},
		{120 * s, 26, 0, 0, 0, 0, 116, 3548, 11113},
	} {
		n := float64(len(trace.Jobs))
		want := replay.Waits{Jobs: len(trace.Jobs), P50: tt.p50, P90: tt.p90, P95: tt.p95, P99: tt.p99, Max: tt.max, Mean: tt.sum / n, Sum: tt.sum, Zero: tt.zeros / n}
		if diff := cmp.Diff(want, replay.BaseStock(trace, tt.boot, tt.stock)); diff != "" {
			t.Errorf("boot %s, stock %d (-want +got):\n%s", tt.boot, tt.stock, diff)
		}
	}
}

func TestMachinesOfOneJobOnTheTrace(t *testing.T) {
	trace := linux(t)
	for boot, want := range map[time.Duration]float64{30 * s: 10_619_554, 60 * s: 10_926_906, 120 * s: 11_595_107} {
		if got := replay.Ephemeral(trace, boot); got != want {
			t.Errorf("boot %s: %v, want %v", boot, got, want)
		}
	}
}

func TestReuseOnTheTrace(t *testing.T) {
	trace := linux(t)
	for setup, want := range map[time.Duration]float64{25 * s: 257_735, 60 * s: 589_764, 300 * s: 2_688_410} {
		if got := replay.ReuseOptimum(trace, setup); got != want {
			t.Errorf("setup %s: %v, want %v", setup, got, want)
		}
	}
	for idle, want := range map[time.Duration]replay.Reuse{
		25 * s:   {Cost: 10_841_358, Reused: 672},
		60 * s:   {Cost: 11_190_756, Reused: 1026},
		300 * s:  {Cost: 13_392_245, Reused: 2330},
		900 * s:  {Cost: 18_044_210, Reused: 3968},
		3600 * s: {Cost: 32_617_832, Reused: 6847},
	} {
		got := replay.ReuseTimeout(trace, replay.Timeout{Boot: 30 * s, Setup: 25 * s, Idle: idle})
		if got.Cost != want.Cost || got.Reused != want.Reused {
			t.Errorf("idle %s: %v and %d, want %v and %d", idle, got.Cost, got.Reused, want.Cost, want.Reused)
		}
	}
}

// drawn is a small trace with many ties.
func drawn(r *rapid.T) replay.Trace {
	t := replay.Trace{Begin: time.Unix(0, 0).UTC(), Classes: []replay.Class{{Name: "linux-x64", Labels: replay.LabelsOf("linux-x64")}}, Workflows: []string{""}}
	var at time.Duration
	for range rapid.IntRange(1, 40).Draw(r, "jobs") {
		t.Jobs = append(t.Jobs, replay.Job{Ready: at, Duration: time.Duration(rapid.IntRange(1, 60).Draw(r, "lasts")) * s})
		at += time.Duration(rapid.IntRange(0, 30).Draw(r, "gap")) * s
	}
	return t
}

// TestBaseStockIsAQueueOfMachines holds the formula to a stock that is played
// out: every arrival orders a machine and takes the soonest one.
func TestBaseStockIsAQueueOfMachines(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		trace := drawn(r)
		boot, stock := time.Duration(rapid.IntRange(0, 90).Draw(r, "boot"))*s, rapid.IntRange(0, 12).Draw(r, "stock")
		machines := make([]time.Duration, stock)
		var sum, most time.Duration
		for _, j := range trace.Jobs {
			machines = append(machines, j.Ready+boot)
			wait := max(0, machines[0]-j.Ready)
			machines = machines[1:]
			sum, most = sum+wait, max(most, wait)
		}
		got := replay.BaseStock(trace, boot, stock)
		if got.Sum != sum.Seconds() || got.Max != most.Seconds() {
			r.Fatalf("sum %v, most %v, want %s and %s", got.Sum, got.Max, sum, most)
		}
	})
}

// TestReuseOptimumIsTheBestAssignment holds the greedy choice to every
// assignment of ends to later starts, on traces small enough to try them all.
func TestReuseOptimumIsTheBestAssignment(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		trace := drawn(r)
		trace.Jobs = trace.Jobs[:min(len(trace.Jobs), 7)]
		setup := time.Duration(rapid.IntRange(0, 60).Draw(r, "setup")) * s
		if got, want := replay.ReuseOptimum(trace, setup), best(trace.Jobs, 0, nil, setup).Seconds(); got != want {
			r.Fatalf("%v, want %v", got, want)
		}
	})
}

// best tries for the jobs from i on every machine that is free by then, and a
// new one.
func best(jobs []replay.Job, i int, ends []time.Duration, setup time.Duration) time.Duration {
	if i == len(jobs) {
		return 0
	}
	least := time.Duration(math.MaxInt64)
	end := jobs[i].Ready + jobs[i].Duration
	try := func(rest []time.Duration, cost time.Duration) {
		least = min(least, cost+best(jobs, i+1, append(slices.Clone(rest), end), setup))
	}
	try(ends, setup)
	for k, e := range ends {
		if e <= jobs[i].Ready {
			try(slices.Delete(slices.Clone(ends), k, k+1), min(setup, jobs[i].Ready-e))
		}
	}
	return least
}

func TestATimeoutOfTheSetupCostsAtMostTwiceTheOptimum(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		trace := drawn(r)
		setup := time.Duration(rapid.IntRange(0, 60).Draw(r, "setup")) * s
		got := replay.ReuseTimeout(trace, replay.Timeout{Setup: setup, Idle: setup})
		least := replay.ReuseOptimum(trace, setup)
		// The last machines are given up after a time that the optimum does not pay.
		tail := float64(len(trace.Jobs)-got.Reused) * setup.Seconds()
		if over := got.Cost - trace.Work(); over < least || over > 2*least+tail {
			r.Fatalf("%v over the work, the optimum is %v", over, least)
		}
	})
}

func BenchmarkBaseStock(b *testing.B) {
	trace := linux(b)
	n := 0
	for b.Loop() {
		replay.BaseStock(trace, 30*s, 12)
		n += len(trace.Jobs)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "jobs/s")
}

func BenchmarkReuseTimeout(b *testing.B) {
	trace := linux(b)
	n := 0
	for b.Loop() {
		replay.ReuseTimeout(trace, replay.Timeout{Boot: 30 * s, Setup: 25 * s, Idle: 300 * s})
		n += len(trace.Jobs)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "jobs/s")
}
