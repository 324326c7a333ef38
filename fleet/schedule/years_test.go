package schedule

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

// rules are hours of many kinds. Their lines fire at quarters of an hour.
var rules = []struct {
	name string
	rule Rule
}{
	{"office hours", Rule{Open: "0 8 * * 1-5", Close: "0 20 * * 1-5"}},
	{"over night and over the weekend", Rule{Open: "0 22 * * mon-thu,sat", Close: "30 5 * * tue-fri,sun"}},
	{"inside the hours that clocks skip and repeat", Rule{Open: "15 0-3 * * *", Close: "45 0-2,23 * * *"}},
	{"a pause that falls into the gap of a spring", Rule{Open: "45 2 * * *", Close: "15 2 * * *"}},
	{"midnight to midnight", Rule{Open: "0 0 * * 1-5", Close: "0 0 * * 2-6"}},
	{"days of the month", Rule{Open: "30 2 1,15 */2 *", Close: "30 1 7-9,29 * 0"}},
}

// stretch is a span of calendar time in which windows are checked.
type stretch struct{ from, to time.Time }

func years(from, count int) stretch {
	at := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
	return stretch{at, at.AddDate(count, 0, 0)}
}

// due lists what a rule's lines say in a stretch, and before it, so that a
// watch knows how it begins.
func (s stretch) due(t testing.TB, r Rule) []firing {
	return firings(t, r, s.from.AddDate(-1, -1, 0), s.to.AddDate(0, 0, 3))
}

// TestTenYearsInEveryZone holds in every zone that the windows are those of
// somebody who watches a clock for ten years: nothing is opened twice, nothing
// is skipped, windows alternate, and the answer at any instant agrees with them.
// Zones whose clocks cannot be told apart in these years share a run.
func TestTenYearsInEveryZone(t *testing.T) {
	ten := years(2026, 10)
	var due [][]firing
	for _, r := range rules {
		due = append(due, ten.due(t, r.rule))
	}
	all := twins(t, ten)
	t.Logf("%d different clocks in %d zones", len(all), len(zones(t)))
	for i, group := range all {
		if testing.Short() && i%4 != 0 {
			continue // a sample, for the race detector
		}
		t.Run(group[0], func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(1, uint64(i)))
			clocks := spans(location(t, group[0]), ten.from, ten.to)
			for j, r := range rules {
				r.rule.Zone = group[0]
				w := windows(t, r.rule)
				open, edges := watch(clocks, due[j])
				wrong := ten.compare(w, edges)
				if wrong == "" {
					wrong = answers(w, open, edges, dice)
				}
				if wrong != "" || len(edges) < 200 {
					t.Errorf("%s, in %v, %d edges: %s", r.name, group, len(edges), wrong)
				}
			}
		})
	}
}

// compare says where the windows of a stretch differ from the edges that
// somebody saw.
func (s stretch) compare(w Windows, edges []time.Time) string {
	var got []time.Time
	var last time.Time
	for win := range w.From(s.from) {
		if !win.Open.After(last) || !win.Close.After(win.Open) {
			return fmt.Sprintf("window %v to %v after %v", win.Open, win.Close, last)
		}
		for _, edge := range []time.Time{win.Open, win.Close} {
			if edge.After(s.from) && edge.Before(s.to) {
				got = append(got, edge)
			}
		}
		if last = win.Close; !last.Before(s.to) {
			break
		}
	}
	if len(edges) > 0 && edges[0].Equal(s.from) {
		edges = edges[1:]
	}
	for i := range min(len(got), len(edges)) {
		if !got[i].Equal(edges[i]) {
			return fmt.Sprintf("edge %d is %v, want %v", i, got[i], edges[i].In(w.zone))
		}
	}
	if len(got) != len(edges) {
		return fmt.Sprintf("%d edges, want %d", len(got), len(edges))
	}
	return ""
}

// answers says where an answer at one of many instants differs from the edges.
func answers(w Windows, open bool, edges []time.Time, dice *rand.Rand) string {
	for range min(30, len(edges)-2) {
		i := dice.IntN(len(edges) - 2)
		long := edges[i+1].Sub(edges[i])
		for _, in := range []time.Duration{0, time.Duration(dice.Int64N(int64(long))), long - 1} {
			at := edges[i].Add(in)
			want := fleet.Hours{
				Closed: (i%2 == 0) == open, Policy: fleet.ClosedCold, Since: edges[i], Until: edges[i+1],
				Next: edges[i+1], Wake: edges[i+1], Zone: w.zone.String(),
			}
			window := Window{edges[i+1], edges[i+2]}
			if !want.Closed {
				want.Next, window = edges[i+2], Window{edges[i], edges[i+1]}
			}
			diff := cmp.Diff(want, w.At(at, 0))
			for got := range w.From(at) {
				diff += cmp.Diff(window, got)
				break
			}
			if diff != "" {
				return fmt.Sprintf("at %v (-want +got):\n%s", at.In(w.zone), diff)
			}
		}
	}
	return ""
}

// drawField draws a field of a cron line: any, a step, a list, a range.
func drawField(r *rapid.T, label string, low, high int) string {
	number := func() int { return rapid.IntRange(low, high).Draw(r, label) }
	switch rapid.IntRange(0, 4).Draw(r, label+" form") {
	case 0:
		return "*"
	case 1:
		return fmt.Sprintf("*/%d", rapid.IntRange(1, high).Draw(r, label+" step"))
	case 2:
		a, b := number(), number()
		return fmt.Sprintf("%d-%d", min(a, b), max(a, b))
	case 3:
		return fmt.Sprintf("%d,%d", number(), number())
	}
	return fmt.Sprint(number())
}

// drawLine draws a cron line; with quarters, one that fires at quarters of an
// hour.
func drawLine(r *rapid.T, label string, quarters bool) string {
	minutes := drawField(r, label+" minute", 0, 59)
	if quarters {
		minutes = rapid.SampledFrom([]string{"0", "15", "30", "45", "0,45", "*/15", "15-30/15"}).Draw(r, label+" minute")
	}
	return strings.Join([]string{
		minutes, drawField(r, label+" hour", 0, 23), drawField(r, label+" day", 1, 31),
		drawField(r, label+" month", 1, 12), drawField(r, label+" week", 0, 6),
	}, " ")
}

// TestAnyRuleInAnyYear draws rules, zones and years, from before there were
// zones to after the tables of transitions end.
func TestAnyRuleInAnyYear(t *testing.T) {
	all := zones(t)
	rapid.Check(t, func(r *rapid.T) {
		rule := Rule{
			Open: drawLine(r, "open", true), Close: drawLine(r, "close", true),
			Zone: rapid.SampledFrom(all).Draw(r, "zone"),
		}
		year := years(rapid.IntRange(1850, 2200).Draw(r, "year"), 1)
		w, err := New(rule)
		due := year.due(t, rule)
		if err != nil || len(due) == 0 || due[0].at > wall(year.from.AddDate(0, 0, -3).Unix()) {
			r.Skip("it never fires, never closes, or seldom does")
		}
		open, edges := watch(spans(w.zone, year.from, year.to), due)
		if wrong := year.compare(w, edges); wrong != "" {
			r.Fatalf("%+v: %s", rule, wrong)
		}
		dice := rand.New(rand.NewPCG(3, rapid.Uint64().Draw(r, "dice")))
		if wrong := answers(w, open, edges, dice); wrong != "" {
			r.Fatalf("%+v: %s", rule, wrong)
		}
	})
}
