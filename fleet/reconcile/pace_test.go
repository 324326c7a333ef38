package reconcile

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestNoTrailingMinuteHoldsMoreThanItsLimit(t *testing.T) {
	at := noon
	w := window{span: time.Minute}
	var used []time.Time
	for range 1000 {
		if w.left(at, 180) > 0 {
			w.use(at)
			used = append(used, at)
		}
		at = at.Add(170 * time.Millisecond)
	}
	for i := range used {
		if i >= 180 && used[i].Sub(used[i-180]) < time.Minute {
			t.Fatalf("181 uses within %s", used[i].Sub(used[i-180]))
		}
	}
}

func TestTheAllowanceIsWhatTheLimitsLeave(t *testing.T) {
	const perBoot = 180 * 45 / 60
	for _, tt := range []struct {
		name string
		with func(*rig, *fleet.Snapshot)
		want fleet.Allowance
	}{
		{"launches have no limit if the file sets none", func(*rig, *fleet.Snapshot) {},
			fleet.Allowance{Launches: -1, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot}}}},
		{"launches of the last minute count", func(r *rig, s *fleet.Snapshot) {
			s.Fleet.Limits.LaunchesPerMinute = 60
			launched := func(ago time.Duration, n int) {
				for range n {
					s.State.Machines = append(s.State.Machines, fleet.Machine{LaunchedAt: noon.Add(-ago)})
				}
			}
			launched(time.Minute, 7)
			launched(time.Second, 10)
		}, fleet.Allowance{Launches: 50, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot}}}},
		{"so do starts, and what is reserved, whoever did it", func(r *rig, s *fleet.Snapshot) {
			s.Fleet.Limits.LaunchesPerMinute = 60
			s.State.Machines = append(s.State.Machines,
				fleet.Machine{LaunchedAt: noon.Add(-time.Hour), StartedAt: noon.Add(-59 * time.Second)},
				fleet.Machine{LaunchedAt: noon.Add(-time.Hour), StartedAt: noon.Add(-61 * time.Second)})
			s.State.Intents = append(s.State.Intents,
				fleet.Intent{Launch: &fleet.Launch{Count: 20}}, fleet.Intent{Start: &fleet.Start{}}, fleet.Intent{Mint: &fleet.Mint{}})
		}, fleet.Allowance{Launches: 38, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot}}}},
		{"what AWS allows is passed on", func(r *rig, s *fleet.Snapshot) {
			r.Room = func() (int, int) { return 900, 36 }
		}, fleet.Allowance{Launches: 900, Configs: 36, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot}}}},
		{"the file's limit counts where it is less", func(r *rig, s *fleet.Snapshot) {
			s.Fleet.Limits.LaunchesPerMinute = 60
			r.Room = func() (int, int) { return 900, 0 }
		}, fleet.Allowance{Launches: 60, Configs: 0, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot}}}},
		{"AWS's where that is", func(r *rig, s *fleet.Snapshot) {
			s.Fleet.Limits.LaunchesPerMinute = 60
			r.Room = func() (int, int) { return 0, 1 }
		}, fleet.Allowance{Launches: 0, Configs: 1, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot}}}},
		{"more than the limit leaves nothing", func(r *rig, s *fleet.Snapshot) {
			s.Fleet.Limits.LaunchesPerMinute = 60
			s.State.Intents = append(s.State.Intents, fleet.Intent{Launch: &fleet.Launch{Count: 70}})
		}, fleet.Allowance{Launches: 0, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot}}}},
		{"a pause of EC2's allows none", func(r *rig, _ *fleet.Snapshot) { r.pauseLaunches() },
			fleet.Allowance{Launches: 0, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot}}}},
		{"mints of the last minute count, for their installation", func(r *rig, s *fleet.Snapshot) {
			s.State.Jobs = append(s.State.Jobs, fleet.Job{Class: fleet.Class{Scope: zeta}, Status: fleet.Queued})
			for range 5 {
				r.spendMint(7)
			}
		}, fleet.Allowance{Launches: -1, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 175, PerBoot: perBoot}, 8: {Now: 180, PerBoot: perBoot}}}},
		{"mints of the last hour count", func(r *rig, s *fleet.Snapshot) {
			for range MintsPerHour - 3 {
				r.spendMint(7)
			}
			s.At = noon.Add(time.Minute)
		}, fleet.Allowance{Launches: -1, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 3, PerBoot: perBoot}}}},
		{"a fleet may be told to mint less", func(r *rig, _ *fleet.Snapshot) { r.MintsPerMinute = 4 },
			fleet.Allowance{Launches: -1, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 4, PerBoot: 3}}}},
		{"a limit of GitHub's is passed on", func(r *rig, _ *fleet.Snapshot) { r.limit(limited(7)) },
			fleet.Allowance{Launches: -1, Configs: -1, Mints: map[int64]fleet.Mints{7: {Now: 180, PerBoot: perBoot, Limited: noon.Add(time.Minute)}}}},
		{"who has no job that waits needs none", func(_ *rig, s *fleet.Snapshot) { s.State.Jobs[0].Status = fleet.Running },
			fleet.Allowance{Launches: -1, Configs: -1, Mints: map[int64]fleet.Mints{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			s := r.snapshot()
			s.State.Jobs = []fleet.Job{{Class: fleet.Class{Scope: acme, Labels: arm}, Status: fleet.Queued}}
			tt.with(r, &s)
			if diff := cmp.Diff(tt.want, r.allowance(s)); diff != "" {
				t.Errorf("allowance (-want +got):\n%s", diff)
			}
		})
	}
}
