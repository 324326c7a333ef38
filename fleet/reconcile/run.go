package reconcile

import (
	"context"
	"time"
)

// Coalesce is how long wake-ups gather before a look, so that a matrix of 256
// jobs is one plan.
const Coalesce = 250 * time.Millisecond

// Run looks whenever it is woken, and when time alone would change the answer,
// until the context ends. after is a timer: time.After, or a scaled one.
func (r *Reconciler) Run(ctx context.Context, woken <-chan struct{}, after func(time.Duration) <-chan time.Time) error {
	for ctx.Err() == nil {
		wake, err := r.Once(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "look", "error", err)
		}
		pause := wake.Sub(r.Now())
		if pause <= 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-after(max(pause, Coalesce)):
		case <-woken:
			select {
			case <-ctx.Done():
			case <-after(Coalesce):
			}
		}
		// Who woke us meanwhile had recorded before, so this look has it.
		select {
		case <-woken:
		default:
		}
	}
	return nil
}
