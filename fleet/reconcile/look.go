package reconcile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Marks that looks keep in the ledger.
const (
	markLooked       = "looked"        // last full look
	markLookedBefore = "looked-before" // the one before it
	markReadBack     = "read-back"     // deliveries are read whole up to here
)

// look is the only reading: it fetches what the last plan asked for and what
// webhooks may have missed, lets a full look write its sights, and then reads
// the ledger.
func (r *Reconciler) look(ctx context.Context) (fleet.Snapshot, error) {
	at := r.Now()
	if err := r.answer(ctx); err != nil {
		return fleet.Snapshot{}, err
	}
	state, err := r.Ledger.Read(ctx)
	if err != nil {
		return fleet.Snapshot{}, err
	}
	if r.Deliveries != nil && !at.Before(r.memory.readBack.Add(readBackEvery)) {
		r.memory.readBack = at
		if state, err = r.readBack(ctx, state); err != nil {
			return fleet.Snapshot{}, err
		}
	}
	s := fleet.Snapshot{At: at, Fleet: r.Fleet(), State: state, Alone: r.Alone && !r.memory.started}
	if !at.Before(r.memory.full.Add(r.pause(s))) {
		r.memory.full = at
		if err := r.fullLook(ctx, &s); err != nil {
			return s, err
		}
	}
	r.memory.started = true
	s.LookedAt, s.LookedBefore = instant(s.State.Marks[markLooked]), instant(s.State.Marks[markLookedBefore])
	if s.Recipes, err = r.Cloud.Recipes(ctx); err != nil {
		r.Log.WarnContext(ctx, "recipes unknown", "error", err)
	}
	s.Boots = r.learnBoots(s.State, s.Fleet.Name)
	s.Allowance = r.allowance(s)
	return s, nil
}

// answer fetches the jobs that the last plan asked about. A job that GitHub no
// longer has is over.
func (r *Reconciler) answer(ctx context.Context) error {
	asked := r.memory.ask
	r.memory.ask = nil
	for _, j := range asked {
		seen, err := r.GitHub.Job(ctx, j)
		at := r.Now()
		switch {
		case errors.Is(err, fleet.ErrAbsent):
			seen = j
			seen.Status, seen.Conclusion, seen.DoneAt = fleet.Done, "gone", at
		case err != nil:
			r.limit(err)
			r.Log.WarnContext(ctx, "job not known", "job", j.Key.ID, "error", err)
			continue
		}
		e := fleet.Event{Kind: "job.read", At: at, Job: &seen, Read: true}
		if _, err := r.Ledger.Record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// readBack records the deliveries that GitHub could not deliver. A queued job
// older than a day is over, whatever its delivery says.
func (r *Reconciler) readBack(ctx context.Context, state fleet.State) (fleet.State, error) {
	since := instant(state.Marks[markReadBack])
	if since.IsZero() {
		since = r.Now().Add(-15 * time.Minute)
	}
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
	if len(events) == 0 && !upTo.After(since) {
		return state, nil
	}
	mark := fleet.Change{Marks: map[string]string{markReadBack: stamp(upTo)}}
	if err := r.Ledger.Settle(ctx, mark); err != nil {
		return state, err
	}
	return r.Ledger.Read(ctx)
}

// scopes lists where registrations of ours may be.
func scopes(state fleet.State) []fleet.Scope {
	var all []fleet.Scope
	for _, m := range state.Machines {
		if m.Scope != (fleet.Scope{}) {
			all = append(all, m.Scope)
		}
	}
	for _, x := range state.Runners {
		all = append(all, x.Scope)
	}
	for _, in := range state.Intents {
		if in.Mint != nil {
			all = append(all, in.Mint.Scope)
		}
	}
	slices.SortFunc(all, fleet.Scope.Compare)
	return slices.Compact(all)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// instant reads a mark; an absent or unreadable one is the zero time.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
