package replay_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/cost"
	"github.com/runfleet/runfleet/fleet/replay"
)

// pools are two pools of a fleet file.
func pools() replay.Config {
	c := replay.Config{Boot: replay.Boot{P50: 30 * s, P95: 30 * s}}
	c.Fleet = fleet.Fleet{Name: "acme", Pools: []fleet.Pool{
		{Name: "arm64", Labels: fleet.NewLabels("self-hosted", "linux", "arm64"), Arch: fleet.ARM64, Max: 1000, Prepared: true},
		{Name: "x64", Labels: fleet.NewLabels("self-hosted", "linux", "x64"), Arch: fleet.X86, Max: 1000, Prepared: true},
	}}
	for name, typ := range map[string]string{"arm64": "c8g.xlarge", "x64": "c7a.xlarge"} {
		c.Recipes = append(c.Recipes, fleet.Recipe{Pool: name, Template: "lt-" + name + ":1", Offers: []fleet.Offer{
			{Type: typ, Zone: "a", Market: fleet.Spot}, {Type: typ, Zone: "a", Market: fleet.OnDemand},
		}})
	}
	c.Rates.Hour = map[cost.Machine]float64{{Type: "c7a.xlarge", Market: fleet.Spot}: 1}
	return c
}

// TestAReplayComesToTheClosedForms replays real CI through Decide with a constant
// boot and without delay: every job waits for one boot, to the second, and EC2
// bills what the closed form says, to the second.
func TestAReplayComesToTheClosedForms(t *testing.T) {
	trace := linux(t)
	for _, prepared := range []bool{true, false} {
		for _, boot := range []time.Duration{30 * s, 60 * s, 120 * s} {
			c := pools()
			c.Boot = replay.Boot{P50: boot, P95: boot}
			for i := range c.Fleet.Pools {
				c.Fleet.Pools[i].Prepared = prepared
			}
			got, err := replay.Run(trace, c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(replay.BaseStock(trace, boot, 0), got.Wait); diff != "" {
				t.Errorf("boot %s, waits (-closed form +replay):\n%s", boot, diff)
			}
			if want := replay.Ephemeral(trace, boot); got.Bill.Billed() != want {
				t.Errorf("boot %s: billed %v, want %v", boot, got.Bill.Billed(), want)
			}
			if got.Machines.Launched != len(trace.Jobs) || got.Machines.Wasted != 0 || got.Bill.Work.Seconds != trace.Work() {
				t.Errorf("boot %s: %+v, %v of work", boot, got.Machines, got.Bill.Work.Seconds)
			}
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	trace := bitcoin(b)
	c := pools()
	c.Coalesce = 250 * time.Millisecond
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
}
