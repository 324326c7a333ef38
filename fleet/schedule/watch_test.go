package schedule

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

// firing is a time of the wall at which a rule opens or closes.
type firing struct {
	at   wall
	open bool
}

// firings lists what a rule's lines say between two times of the wall, as the
// library finds it where no clock is ever changed: in UTC. It is the tests'
// own reading of a rule, and uses nothing of the package.
func firings(t testing.TB, r Rule, from, to time.Time) []firing {
	t.Helper()
	var all []firing
	opens := map[wall]bool{}
	for _, open := range []bool{true, false} {
		text := r.Close
		if open {
			text = r.Open
		}
		s, err := cron.ParseStandard(text)
		if err != nil {
			t.Fatal(err)
		}
		for at := s.Next(from); !at.IsZero() && at.Before(to); at = s.Next(at) {
			w := wall(at.Unix())
			if !open && opens[w] {
				continue
			}
			opens[w] = open
			all = append(all, firing{w, open})
		}
	}
	slices.SortFunc(all, func(a, b firing) int { return cmp.Compare(a.at, b.at) })
	return all
}

// span is a span of time in which a zone's clocks are not changed.
type span struct{ from, to, offset wall } // instants, and what to add to them

// spans lists a zone's spans. It looks at the clocks every three hours and
// halves its way to a change: what Go says of the bounds of a zone is left
// alone here.
func spans(zone *time.Location, from, to time.Time) []span {
	offset := func(at wall) wall {
		_, o := time.Unix(int64(at), 0).In(zone).Zone()
		return wall(o)
	}
	const step = 3 * 60 * minute
	at, end := wall(from.Unix()), wall(to.Unix())
	all := []span{{from: at, offset: offset(at)}}
	for ; at < end; at += step {
		last := &all[len(all)-1]
		if offset(at+step) == last.offset {
			continue
		}
		low, high := at, at+step
		for high-low > 1 {
			if mid := (low + high) / 2; offset(mid) == last.offset {
				low = mid
			} else {
				high = mid
			}
		}
		last.to = high
		all = append(all, span{from: high, offset: offset(high)})
	}
	all[len(all)-1].to = end
	return all
}

// watch is a person who looks at a clock on the wall, every quarter of an hour
// that it shows and whenever it is changed. What is due at a time happens when
// the clock shows that time or a later one for the first time. The person notes
// whether the door is open at first, and the instants at which that changes.
func watch(clocks []span, due []firing) (open bool, edges []time.Time) {
	const quarter = 15 * minute
	latest := clocks[0].from + clocks[0].offset - 1
	for ; len(due) > 0 && due[0].at <= latest; due = due[1:] {
		open = due[0].open
	}
	now := open
	for _, c := range clocks {
		for at := c.from; at < c.to; at += quarter - ((at+c.offset)%quarter+quarter)%quarter {
			latest = max(latest, at+c.offset)
			was := now
			for ; len(due) > 0 && due[0].at <= latest; due = due[1:] {
				now = due[0].open
			}
			if now != was {
				edges = append(edges, time.Unix(int64(at), 0))
			}
		}
	}
	return open, edges
}
