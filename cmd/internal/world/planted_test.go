package world

import (
	"context"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

// A checker that catches nothing proves nothing: each of these is a mistake
// in a decorator around a port, and some day must show it.

type greedy struct{ reconcile.Cloud }

func (g greedy) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	l.Count += 4
	return g.Cloud.Launch(ctx, id, l)
}

type rude struct{ reconcile.GitHub }

func (rude) Remove(context.Context, fleet.Scope, int64) error { return nil }

type forgetful struct{ ledger.Ledger }

func (f forgetful) Commit(ctx context.Context, number int64, c fleet.Change) error {
	c.Verdicts = nil
	return f.Ledger.Commit(ctx, number, c)
}

type hasty struct{ ledger.Ledger }

func (h hasty) Commit(ctx context.Context, number int64, c fleet.Change) error {
	c.Reserve = nil
	return h.Ledger.Commit(ctx, number, c)
}

type careless struct{ ledger.Ledger }

func (f careless) Settle(ctx context.Context, c fleet.Change) error {
	c.Machines = nil
	return f.Ledger.Settle(ctx, c)
}

func TestPlantedMistakesAreCaught(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(*reconcile.Reconciler)
	}{
		{"a launch that ignores the cap", func(r *reconcile.Reconciler) { r.Cloud = greedy{r.Cloud} }},
		{"a machine that is ended without GitHub's agreement", func(r *reconcile.Reconciler) { r.GitHub = rude{r.GitHub} }},
		{"a job that gets no verdict", func(r *reconcile.Reconciler) { r.Ledger = forgetful{r.Ledger} }},
		{"an intent that is not reserved", func(r *reconcile.Reconciler) { r.Ledger = hasty{r.Ledger} }},
		{"a machine that the ledger does not learn of", func(r *reconcile.Reconciler) { r.Ledger = careless{r.Ledger} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(60) {
				if caught(t, seed, tt.plant) {
					return
				}
			}
			t.Error("no day of sixty caught it")
		})
	}
}

func caught(t *testing.T, seed uint64, plant func(*reconcile.Reconciler)) bool {
	t.Helper()
	c := FaultDay(seed)
	c.Wrap = plant
	w, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.Run(t.Context(), 6*time.Hour) != nil || !w.Summary().Good()
}
