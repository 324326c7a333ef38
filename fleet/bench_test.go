package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

// BenchmarkDecideInOrder decides for as many machines as jobs, in the order of
// a ledger and in none.
func BenchmarkDecideInOrder(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		inOrder := big(n)
		dice := rand.New(rand.NewPCG(1, 2))
		mixed := inOrder
		mixed.State.Jobs, mixed.State.Machines = shuffled(dice, inOrder.State.Jobs), shuffled(dice, inOrder.State.Machines)
		mixed.State.Runners = shuffled(dice, inOrder.State.Runners)
		for _, bb := range []struct {
			name string
			s    fleet.Snapshot
		}{{"sorted", inOrder}, {"shuffled", mixed}} {
			b.Run(fmt.Sprintf("n=%d/%s", n, bb.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					fleet.Decide(bb.s)
				}
			})
		}
	}
}

// big is a fleet with as many machines as jobs.
func big(n int) fleet.Snapshot {
	s := base()
	s.Fleet.Pools[0].Max, s.Fleet.Pools[1].Max = n*2, n*2
	for i := range n {
		j := queued(i+1, arm, 100)
		if i%2 == 0 {
			j = on(j, fleet.Running, fmt.Sprintf("i-%08d", i), 50)
		}
		s.State.Jobs = append(s.State.Jobs, j)
		m, r := minted(machine(fmt.Sprintf("i-%08d", i), "arm", 100), 90, 60)
		s.State.Machines, s.State.Runners = append(s.State.Machines, m), append(s.State.Runners, r)
	}
	return s
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		s := big(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				fleet.Decide(s)
			}
		})
	}
}
