package schedule

import (
	"cmp"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Override is an operator's order about a pool's hours.
type Override struct {
	Open  bool // or closed
	From  time.Time
	Until time.Time // zero: until the order is lifted
	Order string    // who says so, and why
}

// Overrides are the orders about the hours of a pool, or of the whole fleet.
func Overrides(orders []fleet.Order, pool string) []Override {
	var all []Override
	for _, o := range orders {
		if o.Subject != "" && o.Subject != pool || o.Kind != fleet.KeepOpen && o.Kind != fleet.KeepClosed {
			continue
		}
		why := o.By
		if o.Reason != "" {
			why += ": " + o.Reason
		}
		all = append(all, Override{Open: o.Kind == fleet.KeepOpen, From: o.At, Until: o.Until, Order: why})
	}
	return all
}

// laid is overrides laid over windows.
type laid struct {
	Windows
	overrides []Override
}

func (o Override) holds(at time.Time) bool {
	return !at.Before(o.From) && (o.Until.IsZero() || at.Before(o.Until))
}

// inForce is the override that counts at an instant.
func (l laid) inForce(at time.Time) (newest Override, ok bool) {
	for _, o := range l.overrides {
		if o.holds(at) && (!ok || o.compare(newest) > 0) {
			newest, ok = o, true
		}
	}
	return newest, ok
}

// compare orders overrides by what counts more.
func (o Override) compare(p Override) int {
	if o.Open != p.Open && o.From.Equal(p.From) {
		if p.Open {
			return 1
		}
		return -1
	}
	return cmp.Or(o.From.Compare(p.From), cmp.Compare(o.Order, p.Order))
}

func (l laid) open(at time.Time) bool {
	if o, ok := l.inForce(at); ok {
		return o.Open
	}
	return l.Windows.open(at)
}

// ends is when what holds at an instant ends. It goes from one instant at
// which something may change to the next.
func (l laid) ends(at time.Time) time.Time {
	open := l.open(at)
	for {
		var next time.Time
		sooner := func(t time.Time) {
			if t.After(at) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
		if _, ok := l.inForce(at); !ok {
			sooner(l.Windows.ends(at))
		}
		for _, o := range l.overrides {
			sooner(o.From)
			sooner(o.Until)
		}
		if at = next; at.IsZero() || l.open(at) != open {
			return at
		}
	}
}

// began is when what holds at an instant began.
func (l laid) began(at time.Time) time.Time {
	open := l.open(at)
	for {
		var last time.Time
		later := func(t time.Time) {
			if !t.After(at) && t.After(last) {
				last = t
			}
		}
		if _, ok := l.inForce(at); !ok {
			later(l.Windows.began(at))
		}
		for _, o := range l.overrides {
			later(o.From)
			later(o.Until)
		}
		before := last.Add(-1)
		if last.IsZero() || l.open(before) != open {
			return last
		}
		at = before
	}
}
