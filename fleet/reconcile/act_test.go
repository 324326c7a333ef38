package reconcile

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestActsRunSoManyAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name     string
		parallel int
		want     time.Duration // for eight acts of a second
	}{
		{"one after the other if nothing is said", 0, 8 * time.Second},
		{"one after the other", 1, 8 * time.Second},
		{"four at once", 4, 2 * time.Second},
		{"all at once", 16, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				acts := make([]func(), 8)
				for i := range acts {
					acts[i] = func() { time.Sleep(time.Second) }
				}
				(&Reconciler{Parallel: tt.parallel}).spread(acts)
				if took := time.Since(began); took != tt.want {
					t.Errorf("took %s, want %s", took, tt.want)
				}
			})
		})
	}
}

// silent is an EC2 that never answers.
type silent struct{ Cloud }

func (silent) Launch(ctx context.Context, _ fleet.IntentID, _ fleet.Launch) (fleet.Launched, error) {
	<-ctx.Done()
	return fleet.Launched{}, fleet.ErrUnknownOutcome
}

func TestActsAreGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := &Reconciler{Cloud: silent{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		o := r.act(t.Context(), fleet.Snapshot{At: began}, []fleet.Intent{three(1)})
		if took := time.Since(began); took != actLimit || !o.Empty() {
			t.Errorf("after %s came %q", took, told(o))
		}
	})
}

func TestNothingIsDoneThatOthersMayDoByNow(t *testing.T) {
	for _, tt := range []struct {
		late time.Duration // from the reservation to the acts
		want int           // launches
	}{{actLimit - time.Second, 1}, {actLimit, 0}, {fleet.ResendAfter, 0}} {
		r := rigged(t)
		r.now = noon.Add(tt.late)
		r.acted(three(1))
		if n := len(r.launches()); n != tt.want {
			t.Errorf("%s late: %d launches", tt.late, n)
		}
	}
}

func TestAnIntentOfAnUnknownKindIsSettled(t *testing.T) {
	r := rigged(t)
	if diff := cmp.Diff([]string{"settle x"}, r.acted(fleet.Intent{ID: "x"})); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestActsInParallelAreAllRecorded(t *testing.T) {
	r := rigged(t)
	r.Parallel = 8
	r.machines(40)
	r.queue(40, acme)
	r.play(time.Second)
	for _, m := range r.state().Machines {
		if !m.Minted() {
			t.Errorf("%s was not registered", m.ID)
		}
	}
	if len(r.shelf.configs) != 40 || len(r.state().Intents) != 0 {
		t.Errorf("%d configs, open intents %v", len(r.shelf.configs), r.state().Intents)
	}
}

// leaving is an EC2 during whose answer the manager is asked to stop.
type leaving struct {
	Cloud
	stop func()
}

func (l leaving) Launch(ctx context.Context, id fleet.IntentID, _ fleet.Launch) (fleet.Launched, error) {
	l.stop()
	return fleet.Launched{Machines: []fleet.Machine{{ID: "i-1", Intent: id}}}, ctx.Err()
}

func TestAnActUnderWayFinishesWhenTheManagerIsToStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r := &Reconciler{Cloud: leaving{stop: stop}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	got := r.act(ctx, fleet.Snapshot{}, []fleet.Intent{{ID: "a", Launch: &fleet.Launch{Pool: "arm", Count: 1}}})
	if len(got.Machines) != 1 || len(got.Settle) != 1 {
		t.Errorf("%d machines and %d intents are known, although EC2 answered", len(got.Machines), len(got.Settle))
	}
}
