package world

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func begin() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

func onePool(market fleet.Market) (fleet.Fleet, map[string][]string) {
	return fleet.Fleet{Name: "demo", Pools: []fleet.Pool{
		{Name: "arm64", Labels: fleet.NewLabels("self-hosted", "linux", "arm64"), Arch: fleet.ARM64, Market: market, Max: 10, Prepared: true},
	}}, map[string][]string{"arm64": {"c7g.xlarge", "m7g.xlarge"}}
}

func play(t *testing.T, c Config) Summary {
	t.Helper()
	c.Begin = begin()
	w, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Run(t.Context(), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	return w.Summary()
}

func TestThreeJobsRunOnThreeMachinesAndNothingIsLeft(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	job := Job{After: time.Minute, Duration: 5 * time.Minute, Labels: []string{"self-hosted", "Linux", "ARM64"}}
	s := play(t, Config{Seed: 1, Fleet: f, Types: types, Script: []Job{job, job, job}})
	if !s.Good() || s.Jobs.Completed != 3 || s.Machines.Launched != 3 || s.JobsPerMachine != 1 {
		t.Errorf("summary: %+v", s)
	}
	if s.APICalls["github"]["generate-jitconfig"] != 3 {
		t.Errorf("calls: %v", s.APICalls)
	}
}
