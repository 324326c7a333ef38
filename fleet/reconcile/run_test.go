package reconcile

import (
	"context"
	"log/slog"
	"strings"
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
	fails int    // so many reads
	again bool   // the next read belongs to the same look
}

func (s *still) Read(context.Context) (fleet.State, error) {
	if !s.again {
		s.look()
	}
	s.again = false
	if s.fails > 0 {
		s.fails--
		return fleet.State{}, ledger.ErrBusy
	}
	job := fleet.Job{Verdict: fleet.Verdict{Code: fleet.Gated, Detail: "GitHub waits for an approval or another gate"}}
	return fleet.State{Jobs: []fleet.Job{job}}, nil
}

func (s *still) Commit(context.Context, int64, fleet.Change) error {
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
		fails int             // so many looks do, from the first on
		want  []time.Duration // looks, in a minute and a half
	}{
		{"by itself when a look is due", nil, 0, []time.Duration{0, time.Minute}},
		{"a little after it was woken", []time.Duration{5000 * ms}, 0, []time.Duration{0, 5250 * ms, time.Minute}},
		{"once for wake-ups that come together", []time.Duration{5000 * ms, 5050 * ms, 5100 * ms}, 0, []time.Duration{0, 5250 * ms, time.Minute}},
		{"again for one that comes later", []time.Duration{5000 * ms, 5300 * ms}, 0, []time.Duration{0, 5250 * ms, 5550 * ms, time.Minute}},
		{"in a second after a look that failed", nil, 1, []time.Duration{0, 1000 * ms, 61000 * ms}},
		{"less and less often while looks fail", nil, 99, []time.Duration{0, 1000 * ms, 3000 * ms, 7000 * ms, 15000 * ms, 31000 * ms, 61000 * ms}},
		{"as soon as it is woken while looks fail", []time.Duration{16000 * ms}, 5,
			[]time.Duration{0, 1000 * ms, 3000 * ms, 7000 * ms, 15000 * ms, 16250 * ms, 76250 * ms}},
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

func TestALookThatFailsAndFailsIsOneLineInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		book := &still{fails: 30, look: func() {}}
		r := &Reconciler{
			Ledger: book, Cloud: empty{}, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Fleet: func() fleet.Fleet { return fleet.Fleet{} },
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := r.Run(ctx, nil, time.After); err != nil {
			t.Error(err)
		}
		var said []string
		for line := range strings.Lines(log.String()) {
			_, line, _ = strings.Cut(strings.TrimSpace(line), "level=")
			said = append(said, line)
		}
		want := []string{
			`ERROR msg=look error="look: ledger is busy" failed=1`,
			`ERROR msg=look error="look: ledger is busy" failed=25`,
			`INFO msg="look works again" failed=30 for=13m1s`,
		}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("the log (-want +got):\n%s", diff)
		}
	})
}

// A full look that the ledger did not take is made again, so that the next one
// does not go well by writing nothing.
func TestAFullLookThatWasNotRecordedIsMadeAgain(t *testing.T) {
	r := rigged(t)
	r.Ledger = &unwritten{Ledger: r.Ledger, fails: 2}
	for range 2 {
		if _, err := r.Once(t.Context()); err == nil {
			t.Error("it went well")
		}
	}
	r.look()
	if r.state().Marks[markLooked] == "" {
		t.Error("no full look is recorded")
	}
}

// unwritten is a ledger that takes no outcomes at first.
type unwritten struct {
	ledger.Ledger
	fails int
}

func (u *unwritten) Settle(ctx context.Context, c fleet.Change) error {
	if u.fails > 0 {
		u.fails--
		return ledger.ErrBusy
	}
	return u.Ledger.Settle(ctx, c)
}

func (u *unwritten) Commit(ctx context.Context, number int64, c fleet.Change) error {
	if u.fails > 0 {
		u.fails--
		return ledger.ErrBusy
	}
	return u.Ledger.Commit(ctx, number, c)
}
