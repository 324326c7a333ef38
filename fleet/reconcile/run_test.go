package reconcile

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// still is a ledger with one job, which waits for an approval.
type still struct {
	ledger.Ledger
	look  func() // called for each look
	fails bool   // once
	again bool   // the next read belongs to the same look
}

func (s *still) Read(context.Context) (fleet.State, error) {
	if !s.again {
		s.look()
	}
	s.again = false
	if s.fails {
		s.fails = false
		return fleet.State{}, ledger.ErrBusy
	}
	job := fleet.Job{Verdict: fleet.Verdict{Code: fleet.Gated, Detail: "GitHub waits for an approval or another gate"}}
	return fleet.State{Jobs: []fleet.Job{job}}, nil
}

func (s *still) Settle(context.Context, fleet.Change) error {
	s.again = true // a full look reads what it wrote
	return nil
}

// empty is an EC2 without a machine.
type empty struct{ Cloud }

func (empty) Machines(context.Context) ([]fleet.Machine, error) { return nil, nil }
func (empty) Recipes(context.Context) ([]fleet.Recipe, error)   { return nil, nil }

func TestRunLooksWhenTimeOrAWakeUpSaysSo(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name  string
		wake  []time.Duration // wake-ups, from the start
		fails bool            // the first look does
		want  []time.Duration // looks, in a minute and a half
	}{
		{"by itself when a look is due", nil, false, []time.Duration{0, time.Minute}},
		{"a little after it was woken", []time.Duration{5000 * ms}, false, []time.Duration{0, 5250 * ms, time.Minute}},
		{"once for wake-ups that come together", []time.Duration{5000 * ms, 5050 * ms, 5100 * ms}, false, []time.Duration{0, 5250 * ms, time.Minute}},
		{"again for one that comes later", []time.Duration{5000 * ms, 5300 * ms}, false, []time.Duration{0, 5250 * ms, 5550 * ms, time.Minute}},
		{"in a second after a look that failed", nil, true, []time.Duration{0, 1000 * ms, 61000 * ms}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var looks []time.Duration
				book := &still{fails: tt.fails}
				r := &Reconciler{
					Ledger: book, Cloud: empty{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
					Fleet: func() fleet.Fleet { return fleet.Fleet{} },
				}
				book.look = func() { looks = append(looks, time.Since(began)) }
				ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
				defer cancel()
				woken := make(chan struct{}, 1)
				for _, at := range tt.wake {
					time.AfterFunc(at, func() {
						select {
						case woken <- struct{}{}:
						default:
						}
					})
				}
				if err := r.Run(ctx, woken, time.After); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(tt.want, looks); diff != "" {
					t.Errorf("looks (-want +got):\n%s", diff)
				}
			})
		})
	}
}
