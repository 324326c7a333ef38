package lambda

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/provision/queue"
)

const (
	// lookTime is what one more look may take: what it reads, and its acts.
	lookTime = 30 * time.Second
	// lookFor is how long one invocation looks on. After that the sandbox is asked
	// anew: a deployment may have replaced it.
	lookFor = time.Minute
	// gather is how long a look waits at most for what its wakes stand for.
	gather = time.Second
	// firstRetry and lastRetry bound the time until a look that failed is tried
	// again. A tick comes each minute in any case.
	firstRetry, lastRetry = 2 * time.Second, time.Minute
)

// look is the function that looks.
type look struct {
	parts *parts[looker]
	later func(ctx context.Context, at time.Time) error
	now   func() time.Time
	wait  func(ctx context.Context, d time.Duration) error
	log   *slog.Logger

	planned time.Time     // the wake that was sent last
	retry   time.Duration // after the last failure; 0: it went well
	owner   bool          // the ledger owned the fleet when that was asked last
}

// looker is what looks, and may.
type looker interface {
	Once(context.Context) (wake time.Time, err error)
	Full()
	Owned(context.Context) error
	// Check has the fleet file checked at GitHub and AWS, if that is due, and
	// reports whether the next look has news of it.
	Check(context.Context) (news bool, err error)
}

func (f *look) handle(ctx context.Context, payload []byte) (any, error) {
	b, err := batchOf(payload)
	if err != nil {
		return nil, err
	}
	due, full := time.Time{}, false
	for _, m := range b.Records {
		w := queue.DecodeWake([]byte(m.Body))
		full = full || w.Full
		if w.Due().After(due) {
			due = w.Due()
		}
	}
	if err := f.wait(ctx, min(max(due.Sub(f.now()), 0), gather)); err != nil {
		return nil, err
	}
	if !f.mayLook(ctx, full) {
		return leave(nil), nil
	}
	wake := f.looks(ctx, full)
	if now := f.now(); f.retry == 0 && wake.After(now) && fits(ctx, now) && f.check(ctx) {
		wake = now
	}
	f.plan(ctx, wake)
	return leave(nil), nil
}

// check has the fleet file checked after the looks, if that is due: jobs come
// first. It reports whether there is news for a look.
func (f *look) check(ctx context.Context) bool {
	news, err := f.parts.get(ctx).Check(ctx)
	if err != nil {
		f.log.WarnContext(ctx, "fleet file not checked", "error", err)
	}
	return news
}

// mayLook asks whether the fleet is still this ledger's, at first and then with
// each full look.
func (f *look) mayLook(ctx context.Context, ask bool) bool {
	if f.owner && !ask {
		return true
	}
	err := f.parts.get(ctx).Owned(ctx)
	switch {
	case errors.Is(err, wire.ErrNotOwner):
		f.owner = false
		f.log.ErrorContext(ctx, "this fleet is not looked after", "error", err)
	case err == nil:
		f.owner = true
	default:
		f.log.WarnContext(ctx, "owner of the fleet not known", "error", err)
	}
	return f.owner
}

// looks looks as long as the plan is out of date at once and there is time, and
// says when to look again.
func (f *look) looks(ctx context.Context, full bool) time.Time {
	began := f.now()
	for first := true; ; first = false {
		l := f.parts.get(ctx)
		if full && first {
			l.Full()
		}
		wake, err := l.Once(ctx)
		if errors.Is(err, reconcile.ErrStale) && f.parts.renew(ctx) {
			continue
		}
		if err != nil {
			f.retry = min(max(2*f.retry, firstRetry), lastRetry)
			level := slog.LevelError
			if errors.Is(err, ledger.ErrConflict) {
				level = slog.LevelWarn // somebody else looks
			}
			f.log.Log(ctx, level, "look", "again_in", f.retry, "error", err)
			return f.now().Add(f.retry)
		}
		f.retry = 0
		if now := f.now(); wake.After(now) || now.Sub(began) >= lookFor || !fits(ctx, now) {
			return wake
		}
	}
}

// fits reports whether one more look fits before Lambda ends the function.
func fits(ctx context.Context, now time.Time) bool {
	end, ok := ctx.Deadline()
	return !ok || end.Sub(now) >= lookTime
}

// plan has a wake sent for an instant, unless one is under way that comes no
// later.
func (f *look) plan(ctx context.Context, at time.Time) {
	if now := f.now(); f.planned.After(now) && !f.planned.After(at) {
		return
	}
	if err := f.later(ctx, at); err != nil {
		f.log.WarnContext(ctx, "no later look was asked for", "at", at, "error", err)
		return
	}
	f.planned = at
}
