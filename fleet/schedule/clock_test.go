package schedule

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/robfig/cron/v3"
	"pgregory.net/rapid"
)

// These two are why the package does not search with the library.
func TestTheLibraryAloneGetsClockChangesWrong(t *testing.T) {
	newYork := location(t, "America/New_York")
	for _, tt := range []struct {
		name, line string
		from       time.Time
		library    []string // what cron.SpecSchedule.Next finds
		ours       []string // when hours that open by the line open
	}{
		{"02:30 does not exist on 2026-03-08: skipped, and now at the end of the gap", "30 2 * * *",
			time.Date(2026, 3, 7, 12, 0, 0, 0, newYork),
			[]string{"2026-03-09 02:30 EDT", "2026-03-10 02:30 EDT"},
			[]string{"2026-03-08 03:00 EDT", "2026-03-09 02:30 EDT"}},
		{"01:30 passes twice on 2026-11-01: run twice, and now at the first passing", "30 1 * * *",
			time.Date(2026, 10, 31, 12, 0, 0, 0, newYork),
			[]string{"2026-11-01 01:30 EDT", "2026-11-01 01:30 EST"},
			[]string{"2026-11-01 01:30 EDT", "2026-11-02 01:30 EST"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := cron.ParseStandard("CRON_TZ=America/New_York " + tt.line)
			if err != nil {
				t.Fatal(err)
			}
			w := windows(t, Rule{Open: tt.line, Close: "0 20 * * *", Zone: "America/New_York"})
			var library, ours []string
			at := tt.from
			for win := range w.From(tt.from) {
				if win.Open.After(tt.from) {
					at = s.Next(at)
					library = append(library, at.Format("2006-01-02 15:04 MST"))
					ours = append(ours, win.Open.Format("2006-01-02 15:04 MST"))
				}
				if len(ours) == len(tt.ours) {
					break
				}
			}
			if diff := cmp.Diff([][]string{tt.library, tt.ours}, [][]string{library, ours}); diff != "" {
				t.Errorf("library and ours (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALineFiresAsTheLibrarySaysWhereNoClockChanges(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := drawLine(r, "line", false)
		s, err := cron.ParseStandard(text)
		if err != nil {
			r.Fatal(err)
		}
		l, wrong := parse(text)
		at := time.Unix(rapid.Int64Range(-5e9, 8e9).Draw(r, "from"), 0).UTC()
		if rapid.Bool().Draw(r, "before midnight") {
			at = at.Truncate(24 * time.Hour).Add(-5 * time.Minute)
		}
		if s.Next(at).IsZero() && s.Next(at.AddDate(5, 0, 0)).IsZero() {
			if wrong.Text == "" {
				r.Fatalf("%s never fires", text)
			}
			r.Skip("it never fires")
		}
		ts, before := times(l.on), wall(0)
		for range 20 {
			next := s.Next(at)
			if next.IsZero() { // it looks five years ahead, and 29 February may be eight away
				break
			}
			w := ts.after(wall(at.Unix()))
			if w != wall(next.Unix()) {
				r.Fatalf("%s after %v: %v, want %v", text, at, time.Unix(int64(w), 0).UTC(), next)
			}
			if ts.upTo(w) != w || ts.upTo(w-1) > wall(at.Unix()) || ts.upTo(w+59) != w || before != 0 && ts.upTo(w-1) != before {
				r.Fatalf("%s back from %v: %d, %d, %d", text, next, ts.upTo(w), ts.upTo(w-1), ts.upTo(w+59))
			}
			at, before = next, w
		}
	})
}

// spread is more than clocks can differ from themselves by being changed.
const spread = 60 * 60 * minute

func TestFirstAndShownAreTheTwoSidesOfOneClock(t *testing.T) {
	all := zones(t)
	rapid.Check(t, func(r *rapid.T) {
		zone := location(t, rapid.SampledFrom(all).Draw(r, "zone"))
		year := years(rapid.IntRange(1850, 2200).Draw(r, "year"), 1)
		clocks := spans(zone, year.from.Add(-100*time.Hour), year.to.Add(100*time.Hour))
		near := wall(rapid.SampledFrom(clocks).Draw(r, "change").from)
		if near < wall(year.from.Unix()) || rapid.IntRange(0, 3).Draw(r, "anywhere") == 0 {
			near = wall(rapid.Int64Range(year.from.Unix(), year.to.Unix()).Draw(r, "near"))
		}
		near = min(max(near, wall(year.from.Unix())+spread), wall(year.to.Unix())-spread)
		at := near + wall(rapid.Int64Range(-int64(spread), int64(spread)).Draw(r, "at"))
		if rapid.Bool().Draw(r, "exactly") {
			at = near
		}
		// What the clocks showed latest, without asking Go for the bounds of a zone.
		want := wall(-1 << 62)
		for _, c := range clocks {
			if c.from <= at {
				want = max(want, min(at, c.to-1)+c.offset)
			}
		}
		got := shown(time.Unix(int64(at), 999), zone)
		if got != want {
			r.Fatalf("shown up to %v: %d, want %d", time.Unix(int64(at), 0).In(zone), got, want)
		}
		for _, w := range []wall{want, want + 1, at + wall(rapid.Int64Range(-1e5, 1e5).Draw(r, "wall"))} {
			begins := first(w, zone)
			if (w <= want) == begins.After(time.Unix(int64(at), 0)) {
				r.Fatalf("%d is shown first at %v, and %d up to %v", w, begins, want, time.Unix(int64(at), 0).In(zone))
			}
			if shown(begins, zone) < w || shown(begins.Add(-1), zone) >= w {
				r.Fatalf("%d is shown first at %v: %d then, %d before", w, begins, shown(begins, zone), shown(begins.Add(-1), zone))
			}
		}
	})
}

// The end of a zone's bounds lies before the last day of a leap year that the
// tables of transitions do not hold; a search by it would not end.
func TestTheLastDayOfALeapYearPasses(t *testing.T) {
	for _, year := range []int{2028, 2040, 2096} {
		w := windows(t, Rule{Open: "0 8 31 12 *", Close: "0 20 31 12 *", Zone: "Europe/Warsaw"})
		noon := time.Date(year, 12, 31, 12, 0, 0, 0, w.zone)
		want := []time.Time{noon.Add(-4 * time.Hour), noon.Add(8 * time.Hour), noon.AddDate(1, 0, 0).Add(-4 * time.Hour)}
		h := w.At(noon, 0)
		if got := []time.Time{h.Since, h.Until, h.Next}; h.Closed || !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%v: %+v", noon, h)
		}
	}
}
