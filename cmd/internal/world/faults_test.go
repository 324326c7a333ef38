package world

import (
	"flag"
	"testing"
	"time"
)

var (
	seeds = flag.Uint64("seeds", 20, "random days to play")
	first = flag.Uint64("first", 0, "seed of the first of them")
)

func TestRandomDaysKeepTheInvariants(t *testing.T) {
	happened, end := map[string]int{}, *first+*seeds
	if testing.Short() {
		end = min(end, *first+6) // a world has one thread; make test plays them all
	}
	for seed := *first; seed < end; seed++ {
		c := FaultDay(seed)
		w, err := New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		err = w.Run(t.Context(), 26*time.Hour)
		s := w.Summary()
		for what, n := range map[string]int{
			"crash of the manager": w.crashes, "job that Spot interrupted and that was run again": s.Interrupted.Again,
			"job of a standing machine": s.Standing.Jobs, "stop": s.Standing.Stops, "start": s.Standing.Starts,
			"machine that stopped itself": w.stood.quits, "second App": map[bool]int{true: 1}[c.Second],
		} {
			happened[what] += n
		}
		w.Close()
		if err != nil || !s.Good() {
			t.Errorf("seed %d: %v\n%+v", seed, err, s)
		}
	}
	for what, n := range happened {
		if n == 0 && !testing.Short() {
			t.Errorf("no day had a %s", what)
		}
	}
	t.Logf("%v", happened)
}
