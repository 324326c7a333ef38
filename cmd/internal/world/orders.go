package world

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// heed remembers the orders that the ledger has, for the invariants: one that is
// not there any more was lifted, and ended then.
func (w *World) heed(now []fleet.Order) {
	same := func(a, b fleet.Order) bool { return a.ID == b.ID && a.At.Equal(b.At) }
	for i, o := range w.orders {
		there := slices.ContainsFunc(now, func(x fleet.Order) bool { return same(x, o) })
		if !there && o.Holds(w.Now()) {
			w.orders[i].Until = w.Now()
		}
	}
	for _, o := range now {
		if at := slices.IndexFunc(w.orders, func(x fleet.Order) bool { return same(x, o) }); at < 0 {
			w.orders = append(w.orders, o)
		}
	}
}

// hours is where a pool stands in its hours at an instant, orders included.
func (w *World) hours(pool string, at time.Time) fleet.Hours {
	windows, timed := w.cfg.Hours[pool]
	if !timed {
		return fleet.Hours{}
	}
	return windows.At(at, 0, schedule.Overrides(w.orders, pool)...)
}

// held reports whether an operator keeps a machine.
func (w *World) held(machine string) bool {
	return slices.ContainsFunc(w.orders, func(o fleet.Order) bool {
		return o.Kind == fleet.Hold && o.Subject == machine && o.Holds(w.Now())
	})
}

// overridden reports whether an order kept a pool open or closed at any time of
// a span.
func (w *World) overridden(pool string, from, to time.Time) bool {
	return slices.ContainsFunc(w.orders, func(o fleet.Order) bool {
		about := o.Kind == fleet.KeepOpen || o.Kind == fleet.KeepClosed
		return about && (o.Subject == "" || o.Subject == pool) && o.At.Before(to) && o.Holds(from)
	})
}
