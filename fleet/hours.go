package fleet

import "time"

// ClosedPolicy is what a job meets while its pool is closed.
type ClosedPolicy string

// The policies. An empty one is ClosedCold.
const (
	ClosedCold   ClosedPolicy = "cold"   // a machine is launched for it, but none is kept ready
	ClosedWait   ClosedPolicy = "wait"   // nothing is launched: it moves on to the next pool that fits, or waits
	ClosedRefuse ClosedPolicy = "refuse" // nothing is launched, and it moves on nowhere
)

// Hours says where a pool stands in its business hours at an instant. The zero
// value is a pool that never closes. Instants are in the pool's zone.
type Hours struct {
	Closed bool         // outside the windows, or by an operator's order
	Early  bool         // closed, but it opens within a boot: machines may be made ready
	Policy ClosedPolicy // while it is closed
	Since  time.Time    // when it opened or closed; zero: it always was so
	Until  time.Time    // when it closes if open, opens if closed; zero: nobody knows
	Next   time.Time    // the next opening; zero: nobody knows
	Wake   time.Time    // when time alone changes Closed or Early; zero: never
	Zone   string       // as the tz database names it
	Order  string       // who keeps it open or closed, and why; empty: the hours rule
}

// idle reports whether a pool may keep machines that no job needs.
func (h Hours) idle() bool { return !h.Closed || h.Early }

// launches reports whether a pool may launch for jobs that wait.
func (h Hours) launches() bool { return h.idle() || h.Policy == ClosedCold || h.Policy == "" }

// moves reports whether its jobs may go to the next pool that fits.
func (h Hours) moves() bool { return h.launches() || h.Policy != ClosedRefuse }

// sameWeek is the span within which a day of the week says which day is meant.
const sameWeek = 6 * 24 * time.Hour

// String is where the pool stands as people read it, such as "closed until
// Mon 08:00 America/New_York". It does not change with time alone.
func (h Hours) String() string {
	s := "open"
	if h.Closed {
		s = "closed"
	}
	if !h.Until.IsZero() {
		layout := "Mon 15:04"
		if h.Since.IsZero() || h.Until.Sub(h.Since) > sameWeek {
			layout = "Mon 2006-01-02 15:04"
		}
		if h.Until.Second() != 0 {
			layout += ":05"
		}
		s += " until " + h.Until.Format(layout) + " " + h.Zone
	}
	if h.Order != "" {
		s += " (" + h.Order + ")"
	}
	return s
}
