package world

import (
	"flag"
	"testing"
	"time"
)

var seeds = flag.Int("seeds", 20, "random days to play")

func TestRandomDaysKeepTheInvariants(t *testing.T) {
	crashes, again := 0, 0
	for seed := range uint64(*seeds) {
		c := FaultDay(seed)
		w, err := New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		err = w.Run(t.Context(), 26*time.Hour)
		s := w.Summary()
		crashes, again = crashes+w.crashes, again+s.Interrupted.Again
		w.Close()
		if err != nil || !s.Good() {
			t.Errorf("seed %d: %v\n%+v", seed, err, s)
		}
	}
	if crashes == 0 {
		t.Error("no day had a crash of the manager")
	}
	if again == 0 {
		t.Error("no day had a job that Spot interrupted")
	}
	t.Logf("%d crashes, %d interrupted jobs run again", crashes, again)
}
