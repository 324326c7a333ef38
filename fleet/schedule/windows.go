package schedule

import (
	"iter"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Windows are a pool's business hours. The zero value is a pool that never
// closes; New makes the others.
type Windows struct {
	lines  *lines // nil: never closed
	zone   *time.Location
	policy fleet.ClosedPolicy
}

// Window is one span of business hours. It is open at Open, and not at Close.
// Both are zero in the one window of a pool that never closes.
type Window struct{ Open, Close time.Time }

// From lists the windows from the one that is open at an instant, or the next
// one, onwards: without end, in order, none touching the next. Instants are in
// the zone of the hours.
func (w Windows) From(at time.Time) iter.Seq[Window] {
	return func(yield func(Window) bool) {
		if w.lines == nil {
			yield(Window{})
			return
		}
		var next Window
		if w.open(at) {
			next.Open = w.began(at)
		} else {
			next.Open = w.ends(at)
		}
		for {
			next.Close = w.ends(next.Open)
			if !yield(next) {
				return
			}
			next.Open = w.ends(next.Close)
		}
	}
}

// open reports whether the hours are open at an instant.
func (w Windows) open(at time.Time) bool {
	return w.lines == nil || w.lines.open(shown(at, w.zone))
}

// ends is when what holds at an instant ends: the next closing if it is open,
// the next opening if it is closed. It is zero if that never comes.
func (w Windows) ends(at time.Time) time.Time {
	if w.lines == nil {
		return time.Time{}
	}
	seen := shown(at, w.zone)
	open := w.lines.open(seen)
	for {
		change := first(w.lines.changes(!open).after(seen), w.zone)
		seen = shown(change, w.zone)
		if w.lines.open(seen) != open {
			return change // else it changed back in the same gap
		}
	}
}

// began is when what holds at an instant began.
func (w Windows) began(at time.Time) time.Time {
	if w.lines == nil {
		return time.Time{}
	}
	seen := shown(at, w.zone)
	open := w.lines.open(seen)
	for {
		other := w.lines.changes(!open).upTo(seen)
		change := first(w.lines.changes(open).after(other), w.zone)
		seen = shown(change.Add(-1), w.zone)
		if w.lines.open(seen) != open {
			return change
		}
	}
}

// lines are the two cron lines of a pool's hours, on wall time.
type lines struct {
	opens, closes line
	alone         []int // minutes at which only the second one fires
}

func join(opens, closes line) lines {
	l := lines{opens: opens, closes: closes}
	for _, m := range closes.minutes {
		if _, both := slices.BinarySearch(opens.minutes, m); !both {
			l.alone = append(l.alone, m)
		}
	}
	return l
}

// open reports whether the last thing that happened was an opening.
func (l *lines) open(w wall) bool {
	return times(l.opens.on).upTo(w) > times(l.closings).upTo(w)
}

// changes are the openings, or the closings.
func (l *lines) changes(open bool) times {
	if open {
		return l.opens.on
	}
	return l.closings
}

// closings are the times at which the closing line fires and the opening line
// does not.
func (l *lines) closings(days int) []int {
	switch {
	case !l.closes.fires(days):
		return nil
	case l.opens.fires(days):
		return l.alone
	}
	return l.closes.minutes
}
