package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

// drawn is a random fleet at noon: jobs of several classes in every status,
// machines in every phase, registrations with and without a machine.
func drawn(r *rapid.T) fleet.Snapshot {
	s := base()
	s.Fleet.Limits.Machines = rapid.IntRange(0, 6).Draw(r, "limit")
	sets := []fleet.Labels{arm, x64, fleet.NewLabels("self-hosted"), fleet.NewLabels("ubuntu-latest"), ""}
	for i := range rapid.IntRange(0, 12).Draw(r, "jobs") {
		j := queued(i+1, rapid.SampledFrom(sets).Draw(r, "labels"), rapid.IntRange(0, 900).Draw(r, "since"))
		if rapid.IntRange(0, 3).Draw(r, "kind") == 0 {
			j = on(j, rapid.SampledFrom([]fleet.JobStatus{fleet.Running, fleet.Done}).Draw(r, "status"), fmt.Sprint("i-", rapid.IntRange(1, 6).Draw(r, "on")), 30)
		}
		j.Launches = rapid.IntRange(0, 1).Draw(r, "launches")
		s.State.Jobs = append(s.State.Jobs, j)
	}
	for i := range rapid.IntRange(0, 6).Draw(r, "machines") {
		m := machine(fmt.Sprint("i-", i+1), rapid.SampledFrom([]string{"arm", "x64", "old"}).Draw(r, "pool"), rapid.IntRange(0, 2000).Draw(r, "launched"))
		m.Missed = rapid.IntRange(0, 2).Draw(r, "missed")
		m.State = rapid.SampledFrom([]fleet.MachineState{fleet.Unseen, fleet.Pending, fleet.Up, fleet.ShuttingDown, fleet.Terminated}).Draw(r, "state")
		if rapid.Bool().Draw(r, "minted") {
			var x fleet.Runner
			m, x = minted(m, rapid.IntRange(0, 400).Draw(r, "since"), rapid.IntRange(0, 400).Draw(r, "ready"))
			x.Busy, x.Missed = rapid.Bool().Draw(r, "busy"), rapid.IntRange(0, 2).Draw(r, "gone")
			if rapid.IntRange(0, 4).Draw(r, "stray") > 0 {
				s.State.Runners = append(s.State.Runners, x)
			}
		}
		if rapid.IntRange(0, 5).Draw(r, "forgotten") > 0 {
			s.State.Machines = append(s.State.Machines, m)
		}
	}
	if rapid.Bool().Draw(r, "reserved") {
		s.State.Intents = []fleet.Intent{
			{ID: "a", ReservedAt: ago(20), SentAt: ago(20), Launch: &fleet.Launch{Pool: "arm", Market: fleet.Spot, Count: 1}},
			{ID: "b", ReservedAt: ago(40), SentAt: ago(40), End: &fleet.End{Machine: "i-1"}},
		}
	}
	return s
}

func TestThePlanDoesNotDependOnTheOrderOfWhatWasSeen(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := drawn(r)
		want := fleet.Decide(s)
		dice := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(r, "shuffle")))
		mixed := s
		mixed.State.Jobs, mixed.State.Machines = shuffled(dice, s.State.Jobs), shuffled(dice, s.State.Machines)
		mixed.State.Runners, mixed.State.Intents = shuffled(dice, s.State.Runners), shuffled(dice, s.State.Intents)
		if diff := cmp.Diff(want, fleet.Decide(mixed)); diff != "" {
			r.Fatalf("plan (-sorted +shuffled):\n%s", diff)
		}
	})
}

func shuffled[T any](dice *rand.Rand, xs []T) []T {
	out := append([]T(nil), xs...)
	dice.Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
	return out
}

func TestNoPlanPassesACapOrLeavesAJobWithoutAVerdict(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := drawn(r)
		p := fleet.Decide(s)
		count, reserved := map[string]int{}, 0
		for _, m := range s.State.Machines {
			if !m.Gone() && m.State != fleet.Terminated && m.Missed < 2 {
				count[m.Pool]++
			}
		}
		for _, in := range s.State.Intents {
			if in.Launch != nil {
				count[in.Launch.Pool] += in.Launch.Count
			}
		}
		for _, in := range p.Intents {
			if in.Launch != nil && in.ID == "" {
				count[in.Launch.Pool] += in.Launch.Count
				reserved += in.Launch.Count
			}
		}
		for _, pool := range s.Fleet.Pools {
			if reserved > 0 && count[pool.Name] > pool.Max && launches(p, pool.Name) > 0 {
				r.Fatalf("pool %s would have %d machines, its cap is %d", pool.Name, count[pool.Name], pool.Max)
			}
		}
		said := map[fleet.JobKey]bool{}
		for _, v := range p.Verdicts {
			if said[v.Job] {
				r.Fatalf("job %d has two verdicts", v.Job.ID)
			}
			said[v.Job] = true
		}
		for _, j := range s.State.Jobs {
			if j.Status < fleet.Running && !said[j.Key] {
				r.Fatalf("job %d waits without a verdict", j.Key.ID)
			}
		}
	})
}

func launches(p fleet.Plan, pool string) (n int) {
	for _, in := range p.Intents {
		if in.Launch != nil && in.ID == "" && in.Launch.Pool == pool {
			n += in.Launch.Count
		}
	}
	return n
}
