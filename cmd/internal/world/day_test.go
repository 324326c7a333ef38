package world

import (
	"slices"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// The day with the most jobs of the trace, through the real adapters: 789
// jobs, of which 210 ask for Windows or macOS and 38 have no duration.
func TestTheBusiestDayIsServedWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("a world has one thread; make test plays it whole")
	}
	script, err := BusiestDay()
	if err != nil {
		t.Fatal(err)
	}
	want := Jobs{Queued: 789}
	for _, j := range script {
		switch {
		case !slices.Contains(j.Labels, "self-hosted"):
			want.NoPool++
		case j.Duration == 0:
			want.Cancelled++
		default:
			want.Completed++
		}
	}
	if want.NoPool != 210 {
		t.Fatalf("the trace has %d jobs without a pool", want.NoPool)
	}
	s := play(t, Config{
		Seed: 1, Script: script,
		Fleet: fleet.Fleet{Name: "day", Pools: []fleet.Pool{
			{Name: "arm64", Labels: fleet.NewLabels("self-hosted", "linux", "arm64"), Arch: fleet.ARM64, Max: 40, Prepared: true},
			{Name: "x64", Labels: fleet.NewLabels("self-hosted", "linux", "x64"), Arch: fleet.X86, Max: 120},
		}},
		Types: map[string][]string{"arm64": {"c7g.xlarge", "m7g.xlarge"}, "x64": {"c6i.xlarge", "m6i.xlarge"}},
	})
	if !s.Good() || s.Jobs != want || s.JobsPerMachine != 1 {
		t.Errorf("jobs %+v, want %+v; %+v", s.Jobs, want, s)
	}
	t.Logf("waits %+v, %d machines, $%.2f, calls %v", s.Wait, s.Machines.Launched, s.CostUSD, s.APICalls)
	if s.Wait.P50 > time.Minute.Seconds() {
		t.Errorf("waited %v s at the median", s.Wait.P50)
	}
}
