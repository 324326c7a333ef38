package world

import (
	"flag"
	"testing"
	"time"
)

var seeds = flag.Int("seeds", 20, "random days to play")

func TestRandomDaysKeepTheInvariants(t *testing.T) {
	for seed := range uint64(*seeds) {
		c := FaultDay(seed)
		w, err := New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		err = w.Run(t.Context(), 26*time.Hour)
		s := w.Summary()
		w.Close()
		if err != nil || !s.Good() {
			t.Errorf("seed %d: %v\n%+v", seed, err, s)
		}
	}
}
