package reconcile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// throttlePause is how long no launch is planned after EC2 throttled one.
const throttlePause = 2 * time.Second

// launch makes an intent's one request. What came is recorded, what was
// refused becomes a setback, and the rest is left to the next look.
func (r *Reconciler) launch(ctx context.Context, s fleet.Snapshot, in fleet.Intent, known map[fleet.MachineID]fleet.Machine) outcome {
	var o outcome
	l := in.Launch
	got, err := r.Cloud.Launch(ctx, in.ID, *l)
	log := r.Log.With("intent", in.ID, "pool", l.Pool, "market", l.Market, "count", l.Count)
	if throttled(got, err) {
		r.pauseLaunches()
	}
	switch {
	case err != nil && in.Tries > 1:
		// An earlier send may have launched: only its answer, or two full
		// looks, can settle it.
		log.WarnContext(ctx, "launch not answered again", "error", err)
		return o
	case errors.Is(err, fleet.ErrThrottled):
		log.DebugContext(ctx, "launch throttled", "error", err)
		o.settle(in)
		return o
	case errors.Is(err, fleet.ErrConfig):
		log.ErrorContext(ctx, "launch refused", "error", err)
		o.settle(in)
		o.Setbacks = append(o.Setbacks, struck(s, fleet.LaunchKey(l.Pool, l.Template), err.Error()))
		return o
	case err != nil:
		log.WarnContext(ctx, "launch not answered", "error", err)
		return o
	}
	o.settle(in)
	for _, m := range got.Machines {
		if _, ok := known[m.ID]; !ok {
			m.Pool, m.Intent, m.Template, m.Standing = l.Pool, in.ID, l.Template, l.Standing
			o.Machines = append(o.Machines, m)
		}
	}
	o.Setbacks = refusals(s, *l, got)
	o.Cleared = clears(s, *l, got, o.Setbacks)
	log.InfoContext(ctx, "launch", "machines", len(got.Machines), "refused", len(got.Refused), "reason", in.Reason)
	return o
}

// throttled reports whether EC2 asks for a pause, of the call or of an offer.
func throttled(got fleet.Launched, err error) bool {
	return errors.Is(err, fleet.ErrThrottled) || slices.ContainsFunc(got.Refused, func(f fleet.Refusal) bool {
		return errors.Is(f.Err, fleet.ErrThrottled)
	})
}

// clears forgets the setbacks that a launch has answered. An offer that gave
// machines and then had no more is struck, not cleared.
func clears(s fleet.Snapshot, l fleet.Launch, got fleet.Launched, setBack []fleet.Setback) []fleet.SetbackKey {
	answered := map[fleet.SetbackKey]bool{}
	for _, m := range got.Machines {
		answered[fleet.OfferKey(m.Offer)], answered[fleet.LaunchKey(l.Pool, l.Template)] = true, true
	}
	for _, b := range setBack {
		delete(answered, b.Key)
	}
	var keys []fleet.SetbackKey
	for _, b := range s.State.Setbacks {
		if answered[b.Key] {
			keys = append(keys, b.Key)
		}
	}
	return keys
}

// refusals turns each offer's error into a setback. A launch that brought
// nothing and named no error sets every offer of it back: 200 with nothing is
// an answer of EC2's too.
func refusals(s fleet.Snapshot, l fleet.Launch, got fleet.Launched) []fleet.Setback {
	var all []fleet.Setback
	seen := map[fleet.SetbackKey]bool{}
	strike := func(k fleet.SetbackKey, detail string) {
		if !seen[k] {
			seen[k] = true
			all = append(all, struck(s, k, detail))
		}
	}
	for _, f := range got.Refused {
		switch {
		case errors.Is(f.Err, fleet.ErrThrottled):
		case errors.Is(f.Err, fleet.ErrConfig) && len(got.Machines) == 0:
			strike(fleet.LaunchKey(l.Pool, l.Template), f.Detail)
		case f.Offer.Type != "" && f.Offer.Zone != "":
			f.Offer.Market = l.Market
			strike(fleet.OfferKey(f.Offer), f.Detail)
		default:
			strikeAll(l, got, f.Detail, strike)
		}
	}
	if len(got.Machines)+len(got.Refused) == 0 {
		strikeAll(l, got, "EC2 launched nothing and gave no reason", strike)
	}
	return all
}

func strikeAll(l fleet.Launch, got fleet.Launched, detail string, strike func(fleet.SetbackKey, string)) {
	if len(got.Machines) > 0 {
		return
	}
	for _, offer := range l.Offers {
		strike(fleet.OfferKey(offer), detail)
	}
}

// struck is the setback after one more failure.
func struck(s fleet.Snapshot, k fleet.SetbackKey, detail string) fleet.Setback {
	b := fleet.Setback{Key: k}
	for _, known := range s.State.Setbacks {
		if known.Key == k {
			b = known
		}
	}
	return b.Strike(s.At, detail)
}
