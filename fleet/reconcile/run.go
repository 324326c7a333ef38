package reconcile

import (
	"context"
	"time"
)

// Coalesce is how long wake-ups gather before a look, so that a matrix of 256
// jobs is one plan.
const Coalesce = 250 * time.Millisecond

// While looks fail, as they do when the ledger has no room, they come less and
// less often, and one line in a while says so.
const (
	failedFirst = time.Second
	failedMost  = 30 * time.Second
	tellEvery   = 10 * time.Minute
)

// Run looks whenever it is woken, and when time alone would change the answer,
// until the context ends. after is a timer: time.After, or a scaled one.
func (r *Reconciler) Run(ctx context.Context, woken <-chan struct{}, after func(time.Duration) <-chan time.Time) error {
	var bad troubled
	for ctx.Err() == nil {
		wake, err := r.Once(ctx)
		if ctx.Err() != nil {
			break
		}
		pause := wake.Sub(r.Now())
		if err != nil {
			pause = r.fails(ctx, &bad, err)
		} else {
			r.works(ctx, &bad)
		}
		if pause <= 0 {
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

// troubled is a row of looks that failed.
type troubled struct {
	looks       int
	since, told time.Time
	text        string // of the last line
}

// fails tells of a look that failed, and says how long to wait.
func (r *Reconciler) fails(ctx context.Context, bad *troubled, err error) time.Duration {
	now := r.Now()
	if bad.looks++; bad.looks == 1 {
		bad.since = now
	}
	if text := err.Error(); text != bad.text || now.Sub(bad.told) >= tellEvery {
		bad.text, bad.told = text, now
		r.Log.ErrorContext(ctx, "look", "error", err, "failed", bad.looks)
	}
	return min(failedFirst<<min(bad.looks-1, 10), failedMost)
}

// works tells that looks work again, if they did not.
func (r *Reconciler) works(ctx context.Context, bad *troubled) {
	if bad.looks > 0 {
		r.Log.InfoContext(ctx, "look works again", "failed", bad.looks, "for", r.Now().Sub(bad.since))
	}
	*bad = troubled{}
}
