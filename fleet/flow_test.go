package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

// covering is a drawn fleet of generic machines, and the jobs that wait for
// them, as counts.
type covering struct {
	snapshot fleet.Snapshot
	machines []int    // of each pool
	jobs     []int    // of each class
	fits     [][]bool // class, pool
}

// draw makes pools and classes of random subsets of four labels.
func draw(dice *rand.Rand) covering {
	s := base()
	s.Fleet.Pools, s.Recipes = nil, nil
	subset := func() fleet.Labels {
		names := []string{"self-hosted"}
		for _, l := range []string{"a", "b", "c", "d"} {
			if dice.IntN(2) == 0 {
				names = append(names, l)
			}
		}
		return fleet.NewLabels(names...)
	}
	var c covering
	for p := range 2 + dice.IntN(5) {
		name := fmt.Sprint("p", p)
		s.Fleet.Pools = append(s.Fleet.Pools, fleet.Pool{Name: name, Labels: subset(), Max: 1000, Market: fleet.OnDemand})
		s.Recipes = append(s.Recipes, fleet.Recipe{Pool: name, Template: "lt-1:1", Offers: []fleet.Offer{odA}})
		c.machines = append(c.machines, dice.IntN(7))
		for i := range c.machines[p] {
			put(&s, machine(fmt.Sprintf("i-%d-%d", p, i), name, 20))
		}
	}
	seen := map[fleet.Labels]bool{}
	for range 1 + dice.IntN(5) {
		labels, n := subset(), 1+dice.IntN(6)
		var row []bool
		some := false
		for _, p := range s.Fleet.Pools {
			row = append(row, p.Fits(labels))
			some = some || p.Fits(labels)
		}
		if !some || seen[labels] {
			continue
		}
		seen[labels] = true
		c.fits, c.jobs = append(c.fits, row), append(c.jobs, n)
		for range n {
			wait(&s, queued(1+len(s.State.Jobs), labels, 60))
		}
	}
	c.snapshot = s
	return c
}

// nests reports whether the pools of any two classes are apart, or those of
// one are among those of the other.
func (c covering) nests() bool {
	for i, a := range c.fits {
		for _, b := range c.fits[:i] {
			var both, onlyA, onlyB bool
			for p := range a {
				both, onlyA, onlyB = both || a[p] && b[p], onlyA || a[p] && !b[p], onlyB || b[p] && !a[p]
			}
			if both && onlyA && onlyB {
				return false
			}
		}
	}
	return true
}

// most is how many jobs the machines could take at best: a maximum flow, one
// augmenting path for each job.
func (c covering) most() int {
	given := make([][]int, len(c.machines)) // by pool and class
	for p := range given {
		given[p] = make([]int, len(c.jobs))
	}
	var visited []bool
	var place func(class int) bool
	place = func(class int) bool {
		for p := range c.machines {
			if !c.fits[class][p] || visited[p] {
				continue
			}
			visited[p] = true
			used := 0
			for _, n := range given[p] {
				used += n
			}
			if used < c.machines[p] {
				given[p][class]++
				return true
			}
			for other := range given[p] {
				if given[p][other] > 0 && place(other) {
					given[p][other]--
					given[p][class]++
					return true
				}
			}
		}
		return false
	}
	flow := 0
	for class, n := range c.jobs {
		for range n {
			visited = make([]bool, len(c.machines))
			if place(class) {
				flow++
			}
		}
	}
	return flow
}

func TestCoverIsAMaximumFlowWherePoolsNestAndNearOneElsewhere(t *testing.T) {
	const fleets = 20_000
	dice := rand.New(rand.NewPCG(1, 1))
	nested, tangled, excess, worst := 0, 0, 0, 0
	for range fleets {
		c := draw(dice)
		want := len(c.snapshot.State.Jobs) - c.most()
		got := 0
		for _, in := range fleet.Decide(c.snapshot).Intents {
			if in.Launch != nil {
				got += in.Launch.Count
			}
		}
		gap := got - want
		switch {
		case gap < 0:
			t.Fatalf("%d launches, and the machines can take at most %d of %v jobs", got, c.most(), c.jobs)
		case !c.nests():
			tangled++
			excess += gap
			worst = max(worst, gap)
		case gap > 0:
			t.Fatalf("%d launches instead of %d: jobs %v, machines %v, fits %v", got, want, c.jobs, c.machines, c.fits)
		default:
			nested++
		}
	}
	if excess*20 > tangled {
		t.Errorf("%d launches too many in %d fleets whose pools do not nest", excess, tangled)
	}
	t.Logf("%d fleets nest; of %d that do not, launches too many: %d in all, %d at worst", nested, tangled, excess, worst)
}
