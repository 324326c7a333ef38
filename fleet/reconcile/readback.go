package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const (
	readBackEvery = 30 * time.Second   // looks for an App's lost deliveries
	readBackSoon  = 10 * time.Second   // after one that found some, or the first that failed
	readBackFirst = 15 * time.Minute   // what a new ledger asks for
	deliveriesFor = 3 * 24 * time.Hour // GitHub keeps a delivery so long
	gapToldFor    = 24 * time.Hour     // people are told of a gap so long
)

// readBackDue is the App whose deliveries are due next to be read back, and when;
// not ok if there is none. A look reads those of one App, so that many Apps hold
// no look up for longer than one does.
func (r *Reconciler) readBackDue() (app int64, at time.Time, ok bool) {
	if r.Deliveries == nil {
		return 0, time.Time{}, false
	}
	for _, of := range r.Deliveries.Senders() {
		if due := r.memory.readBack[of]; !ok || due.Before(at) {
			app, at, ok = of, due, true
		}
	}
	return app, at, ok
}

// readBack records the deliveries of an App that GitHub could not deliver. A
// queued job older than a day is over, whatever its delivery says.
//
// A job whose event is lost waits for its delivery to be old enough and for this
// pace, once; and once more if its runner is taken by a job whose event is lost,
// too. Losses come together, and there may be more of them than one call fetches,
// so the next look is sooner after one that found some.
func (r *Reconciler) readBack(ctx context.Context, state fleet.State, app int64) (fleet.State, error) {
	at := r.Now()
	if r.memory.readBack == nil {
		r.memory.readBack, r.memory.unread = map[int64]time.Time{}, map[int64]bool{}
	}
	r.memory.readBack[app] = at.Add(readBackEvery)
	if !r.mayRead(app, at) {
		return state, nil
	}
	since, gap := readFrom(app, r.readUpTo(state.Marks, app), at)
	events, upTo, err := r.Deliveries.Lost(ctx, app, since)
	if err != nil {
		r.notRead(ctx, app, at, err)
		return state, nil
	}
	r.memory.unread[app] = false
	if err := r.regain(ctx, app, events); err != nil {
		return state, err
	}
	if len(events) == 0 && !upTo.After(since) && gap == nil {
		return state, nil
	}
	// The mark and word of the gap are one change: after a crash both are there,
	// or the gap is found again.
	c := fleet.Change{Marks: map[string]string{readBackMark(app): stamp(upTo)}}
	if _, old := state.Marks[markReadBack]; old && app == r.Deliveries.Senders()[0] {
		c.Marks[markReadBack] = ""
	}
	if gap != nil {
		r.Log.ErrorContext(ctx, "deliveries may be lost for good", "app", app, "problem", gap.Detail)
		c.Setbacks = append(c.Setbacks, *gap)
	}
	if err := r.Ledger.Settle(ctx, c); err != nil {
		return state, err
	}
	return r.read(ctx)
}

// regain records events of an App's lost deliveries. GitHub's list overlaps with
// the one before it. What cannot be recorded is due again at once.
func (r *Reconciler) regain(ctx context.Context, app int64, events []fleet.Event) error {
	if len(events) == 0 {
		return nil
	}
	fresh, err := r.Ledger.Record(ctx, events...)
	if err != nil {
		r.memory.readBack[app] = r.Now()
		return err
	}
	fresh = slices.DeleteFunc(fresh, func(is bool) bool { return !is })
	if len(fresh) > 0 {
		r.memory.readBack[app] = r.Now().Add(readBackSoon)
		r.Log.InfoContext(ctx, "lost deliveries recorded", "app", app, "events", len(fresh))
	}
	return nil
}

// mayRead reports whether what GitHub leaves an App itself allows the read-back.
func (r *Reconciler) mayRead(app int64, at time.Time) bool {
	own := slices.DeleteFunc(slices.Clone(r.meters()), func(m fleet.Meter) bool { return m.App != app })
	return own.Allow(theApp, fleet.Housekeeping, at)
}

// notRead has an App that GitHub limits wait. The limit is of this App alone. After
// another failure, the first, it is asked again soon.
func (r *Reconciler) notRead(ctx context.Context, app int64, at time.Time, err error) {
	var l *fleet.LimitedError
	if errors.As(err, &l) {
		r.memory.readBack[app] = at.Add(max(l.For, readBackEvery))
	} else if !r.memory.unread[app] {
		r.memory.readBack[app] = at.Add(readBackSoon)
	}
	r.memory.unread[app] = true
	r.Log.WarnContext(ctx, "lost deliveries not read", "app", app, "error", err)
}

// readBackMark is the mark of the instant up to which an App's deliveries are read.
func readBackMark(app int64) string { return fmt.Sprintf("%s-%d", markReadBack, app) }

// readUpTo is the instant of an App's mark. In a ledger of before Apps were told
// apart the mark has no number: it is the first App's.
func (r *Reconciler) readUpTo(marks map[string]string, app int64) time.Time {
	own, ok := marks[readBackMark(app)]
	if !ok && app == r.Deliveries.Senders()[0] {
		own = marks[markReadBack]
	}
	return instant(own)
}

// readFrom is the instant from which an App's deliveries are asked for, and word
// of what GitHub does not have any more; nil if it has all.
func readFrom(app int64, mark, at time.Time) (since time.Time, gap *fleet.Setback) {
	if mark.IsZero() {
		return at.Add(-readBackFirst), nil
	}
	kept := at.Add(-deliveriesFor)
	if !mark.Before(kept) {
		return mark, nil
	}
	told := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
	return kept, &fleet.Setback{
		Key: fleet.DeliveriesKey(app), Strikes: 1, At: at, Until: at.Add(gapToldFor),
		Detail: fmt.Sprintf("GitHub keeps deliveries for three days: those of App %d from %s to %s that failed were never read back", app, told(mark), told(kept)),
	}
}
