package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const (
	readBackEvery = 90 * time.Second   // looks for lost deliveries
	readBackFirst = 15 * time.Minute   // what a new ledger asks for
	deliveriesFor = 3 * 24 * time.Hour // GitHub keeps a delivery so long
	gapToldFor    = 24 * time.Hour     // people are told of a gap so long
)

// readBack records the deliveries that GitHub could not deliver. A queued job
// older than a day is over, whatever its delivery says.
func (r *Reconciler) readBack(ctx context.Context, state fleet.State) (fleet.State, error) {
	if r.limitOn(theApp, fleet.Housekeeping) != nil {
		return state, nil
	}
	at := r.Now()
	since, gap := readFrom(instant(state.Marks[markReadBack]), at)
	events, upTo, err := r.Deliveries.Lost(ctx, since)
	if err != nil {
		r.limit(err)
		r.Log.WarnContext(ctx, "lost deliveries not read", "error", err)
		return state, nil
	}
	if len(events) > 0 {
		if _, err := r.Ledger.Record(ctx, events...); err != nil {
			return state, err
		}
		r.Log.InfoContext(ctx, "lost deliveries recorded", "events", len(events))
	}
	if len(events) == 0 && !upTo.After(since) && gap == nil {
		return state, nil
	}
	// The mark and word of the gap are one change: after a crash both are there,
	// or the gap is found again.
	c := fleet.Change{Marks: map[string]string{markReadBack: stamp(upTo)}}
	if gap != nil {
		r.Log.ErrorContext(ctx, "deliveries may be lost for good", "problem", gap.Detail)
		c.Setbacks = append(c.Setbacks, *gap)
	}
	if err := r.Ledger.Settle(ctx, c); err != nil {
		return state, err
	}
	return r.Ledger.Read(ctx)
}

// readFrom is the instant from which deliveries are asked for, and word of what
// GitHub does not have any more; nil if it has all.
func readFrom(mark, at time.Time) (since time.Time, gap *fleet.Setback) {
	if mark.IsZero() {
		return at.Add(-readBackFirst), nil
	}
	kept := at.Add(-deliveriesFor)
	if !mark.Before(kept) {
		return mark, nil
	}
	told := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
	return kept, &fleet.Setback{
		Key: fleet.DeliveriesKey(), Strikes: 1, At: at, Until: at.Add(gapToldFor),
		Detail: fmt.Sprintf("GitHub keeps deliveries for three days: those of %s to %s that failed were never read back", told(mark), told(kept)),
	}
}
