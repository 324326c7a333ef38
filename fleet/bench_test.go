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
