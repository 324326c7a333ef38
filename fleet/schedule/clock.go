package schedule

import "time"

// wall is what a clock on the wall shows, in seconds since it would have shown
// the beginning of 1970. An instant in UTC has the same number.
type wall int64

const (
	minute wall = 60
	day    wall = 24 * 60 * minute

	// reach is more than two offsets of any zone differ by.
	reach = 48 * time.Hour
)

// date splits a wall time into its day since 1970 and the minute of the day.
func (w wall) date() (days, minutes int) {
	d := w / day
	if w%day < 0 {
		d--
	}
	return int(d), int((w - d*day) / minute)
}

// wallAt is the wall time of a minute of a day.
func wallAt(days, minutes int) wall { return wall(days)*day + wall(minutes)*minute }

// read is what the zone's clocks show at an instant, to the second.
func read(at time.Time) wall {
	_, offset := at.Zone()
	return wall(at.Unix()) + wall(offset)
}

// steady is a span around an instant in which the zone's clocks are not
// changed: from start, to before end. Zero is without bound.
func steady(at time.Time) (start, end time.Time) {
	start, end = at.ZoneBounds()
	if !end.IsZero() && !end.After(at) {
		// Go means the end of the year, and is a day early in leap years
		// (golang/go issue 81583).
		end = time.Date(at.UTC().Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC).In(at.Location())
	}
	return start, end
}

// shown is the latest time that the zone's clocks have shown up to an instant.
// Where they were put back, it stands still until they catch up.
func shown(at time.Time, zone *time.Location) wall {
	at = at.In(zone)
	latest := read(at)
	for start, _ := steady(at); !start.IsZero() && at.Sub(start) < reach; {
		before := start.Add(-1)
		latest = max(latest, read(before))
		start, _ = steady(before)
	}
	return latest
}

// first is the first instant at which the zone's clocks show a time or a later
// one.
func first(w wall, zone *time.Location) time.Time {
	from := time.Unix(int64(w), 0).Add(-reach).In(zone)
	for {
		_, offset := from.Zone()
		at := time.Unix(int64(w)-int64(offset), 0).In(zone)
		if at.Before(from) {
			at = from // clocks were put forward over it
		}
		_, end := steady(from)
		if end.IsZero() || at.Before(end) {
			return at
		}
		from = end
	}
}
