package reconcile

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestABootEstimateDoesNotFeedOnItself(t *testing.T) {
	noon := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name                string
		minted, shown, want time.Duration // since the launch
	}{
		{"a runner that was waiting booted in less than the estimate", 45 * time.Second, 50 * time.Second, 22500 * time.Millisecond},
		{"a runner that came later says how long it took", 45 * time.Second, 90 * time.Second, 90 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := fleet.Machine{LaunchedAt: noon, MintedAt: noon.Add(tt.minted)}
			if got := boot(m, noon.Add(tt.shown)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestNoTrailingMinuteHoldsMoreThanItsLimit(t *testing.T) {
	at := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
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
