package replay_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet/replay"
)

// TestSumsHoldMoreThanADuration is about jobs that run for six hundred years
// together, in parallel.
func TestSumsHoldMoreThanADuration(t *testing.T) {
	const year = 365 * 24 * time.Hour
	trace := traceOf()
	for range 600 {
		trace.Jobs = append(trace.Jobs, replay.Job{Duration: year + time.Millisecond})
	}
	work := 600*year.Seconds() + 0.6
	if got := trace.Work(); got != work {
		t.Errorf("work %v, want %v", got, work)
	}
	if got := replay.Ephemeral(trace, 5*time.Second); got != work {
		t.Errorf("ephemeral: %v, want %v", got, work)
	}
	if got := replay.BaseStock(trace, year, 0); got.Sum != 600*year.Seconds() || got.Mean != year.Seconds() {
		t.Errorf("base stock: %+v", got)
	}
	if got := replay.ReuseOptimum(trace, year); got != 600*year.Seconds() {
		t.Errorf("optimum of reuse: %v", got)
	}
	if got := replay.ReuseTimeout(trace, replay.Timeout{Setup: time.Second, Idle: year}); got.Cost != work+600+600*year.Seconds() {
		t.Errorf("reuse: %v", got.Cost)
	}
}
