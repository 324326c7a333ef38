package schedule

import (
	"cmp"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// At says where a pool stands at an instant. The lead, at least 0, is how long
// before an opening machines may be made ready. Of the overrides in force, the
// newest counts; of two from the same instant, the one that closes. Their order
// does not matter.
func (w Windows) At(at time.Time, lead time.Duration, overrides ...Override) fleet.Hours {
	l := laid{w, overrides}
	h := fleet.Hours{
		Closed: !l.open(at),
		Policy: cmp.Or(w.policy, fleet.ClosedCold),
		Since:  w.local(l.began(at)),
		Until:  w.local(l.ends(at)),
		Zone:   w.zone.String(),
	}
	h.Next, h.Wake = h.Until, h.Until
	if o, ok := l.inForce(at); ok {
		h.Order = o.Order
	}
	if h.Until.IsZero() {
		return h
	}
	if !h.Closed {
		h.Next = w.local(l.ends(h.Until))
		return h
	}
	early := h.Until.Add(-max(lead, 0))
	if h.Early = !at.Before(early); !h.Early {
		h.Wake = early
	}
	return h
}

// local is an instant in the zone of the hours, without a monotonic clock.
func (w Windows) local(at time.Time) time.Time {
	switch {
	case at.IsZero():
		return time.Time{}
	case w.zone == nil:
		return at.Round(0).UTC()
	}
	return at.Round(0).In(w.zone)
}
