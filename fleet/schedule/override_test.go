package schedule

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

func TestOverrides(t *testing.T) {
	w := windows(t, office)
	local := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, w.zone) } // the 25th is a Wednesday
	over := func(open bool, from, until time.Time) Override {
		return Override{Open: open, From: from, Until: until, Order: "ann"}
	}
	for _, tt := range []struct {
		name string
		w    Windows
		at   time.Time
		over []Override
		want string
	}{
		{"closed in the midst of a window", w, local(25, 12), []Override{over(false, local(25, 10), local(25, 14))},
			"closed since Nov 25 10:00 until Nov 25 14:00, next Nov 25 14:00, wake Nov 25 14:00"},
		{"closed beyond the closing opens with the next window", w, local(25, 12), []Override{over(false, local(25, 10), local(26, 2))},
			"closed since Nov 25 10:00 until Nov 26 08:00, next Nov 26 08:00, wake Nov 26 08:00"},
		{"closed at night was closed before", w, local(26, 1), []Override{over(false, local(25, 23), local(26, 12))},
			"closed since Nov 25 20:00 until Nov 26 12:00, next Nov 26 12:00, wake Nov 26 12:00"},
		{"open at night", w, local(25, 23), []Override{over(true, local(25, 22), local(26, 2))},
			"open since Nov 25 22:00 until Nov 26 02:00, next Nov 26 08:00, wake Nov 26 02:00"},
		{"open from one window to the next", w, local(25, 23), []Override{over(true, local(25, 18), local(26, 9))},
			"open since Nov 25 08:00 until Nov 26 20:00, next Nov 27 08:00, wake Nov 26 20:00"},
		{"one that is over has left its edge", w, local(25, 12), []Override{over(false, local(25, 7), local(25, 9))},
			"open since Nov 25 09:00 until Nov 25 20:00, next Nov 26 08:00, wake Nov 25 20:00"},
		{"one that is to come", w, local(25, 12), []Override{over(false, local(25, 15), local(25, 16))},
			"open since Nov 25 08:00 until Nov 25 15:00, next Nov 25 16:00, wake Nov 25 15:00"},
		{"the newest counts, then the older one again", w, local(25, 12),
			[]Override{over(true, local(25, 11), local(25, 13)), over(false, local(25, 10), local(26, 9))},
			"open since Nov 25 11:00 until Nov 25 13:00, next Nov 26 09:00, wake Nov 25 13:00"},
		{"of two at once the closing one counts", w, local(25, 12),
			[]Override{over(true, local(25, 11), local(25, 13)), over(false, local(25, 11), local(25, 13))},
			"closed since Nov 25 11:00 until Nov 25 13:00, next Nov 25 13:00, wake Nov 25 13:00"},
		{"without an end", w, local(25, 12), []Override{over(false, local(25, 11), time.Time{})},
			"closed since Nov 25 11:00 until -, next -, wake -"},
		{"one that ends before it begins is none", w, local(25, 12), []Override{over(false, local(25, 11), local(25, 10))},
			"open since Nov 25 08:00 until Nov 25 20:00, next Nov 26 08:00, wake Nov 25 20:00"},
		{"on a pool that never closes", Windows{}, local(25, 12), []Override{over(false, local(25, 11), local(25, 13))},
			"closed since Nov 25 16:00 until Nov 25 18:00, next Nov 25 18:00, wake Nov 25 18:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(tt.w.At(tt.at, 0, tt.over...))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOverridesAreOrders(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	until := at.Add(time.Hour)
	orders := []fleet.Order{
		{Kind: fleet.KeepOpen, Subject: "arm64", By: "ann", Reason: "release", At: at, Until: until},
		{Kind: fleet.KeepClosed, By: "bob", At: at},
		{Kind: fleet.KeepClosed, Subject: "x64", By: "bob", At: at, Until: until},
		{Kind: fleet.Pause, Subject: "arm64", By: "bob", At: at},
	}
	want := []Override{{Open: true, From: at, Until: until, Order: "ann: release"}, {From: at, Order: "bob"}}
	if diff := cmp.Diff(want, Overrides(orders, "arm64")); diff != "" {
		t.Errorf("overrides (-want +got):\n%s", diff)
	}
	h := windows(t, office).At(at, 0, want[0])
	if got := h.String(); got != "open until Sat 08:00 America/New_York (ann: release)" {
		t.Errorf("got %s", got)
	}
}

// TestAnswersUnderOverridesHoldUntilTheyEnd compares answers with the rule in
// its own words, at every instant at which something may change.
func TestAnswersUnderOverridesHoldUntilTheyEnd(t *testing.T) {
	w := windows(t, office)
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	hour := rapid.IntRange(0, 24*14)
	rapid.Check(t, func(r *rapid.T) {
		var all []Override
		marks := []time.Time{from}
		for range rapid.IntRange(0, 5).Draw(r, "overrides") {
			o := Override{Open: rapid.Bool().Draw(r, "open"), From: from.Add(time.Duration(hour.Draw(r, "from")) * time.Hour)}
			if rapid.IntRange(0, 9).Draw(r, "ends") > 0 {
				o.Until = o.From.Add(time.Duration(rapid.IntRange(-1, 100).Draw(r, "hours")) * time.Hour)
			}
			all, marks = append(all, o), append(marks, o.From, o.Until)
		}
		for win := range w.From(from.AddDate(0, 0, -7)) {
			if marks = append(marks, win.Open, win.Close); win.Open.After(from.AddDate(0, 0, 21)) {
				break
			}
		}
		open := func(at time.Time) bool {
			is, since := w.open(at), time.Time{}
			for _, o := range all {
				inForce := !at.Before(o.From) && (o.Until.IsZero() || at.Before(o.Until))
				if inForce && (o.From.After(since) || o.From.Equal(since) && !o.Open) {
					is, since = o.Open, o.From
				}
			}
			return is
		}
		at := from.Add(time.Duration(rapid.IntRange(0, 60*24*14).Draw(r, "at")) * time.Minute)
		lead := time.Duration(rapid.IntRange(0, 600).Draw(r, "lead")) * time.Minute
		h := w.At(at, lead, all...)
		is := open(at)
		if h.Closed == is || open(h.Since) != is || open(h.Since.Add(-1)) == is || h.Since.After(at) {
			r.Fatalf("at %v: %s", at, told(h))
		}
		for _, m := range marks {
			if m.After(h.Since) && (h.Until.IsZero() || m.Before(h.Until)) && open(m) != is {
				r.Fatalf("at %v: %s, but %v", at, told(h), m)
			}
		}
		if !h.Until.IsZero() && (open(h.Until) == is || open(h.Until.Add(-1)) != is || !h.Until.After(at)) {
			r.Fatalf("at %v: %s", at, told(h))
		}
		if h.Early != (h.Closed && !h.Until.IsZero() && h.Until.Sub(at) <= lead) {
			r.Fatalf("lead %s at %v: %s", lead, at, told(h))
		}
		if later := w.At(h.Wake, lead, all...); !h.Wake.IsZero() && later.Closed == h.Closed && later.Early == h.Early {
			r.Fatalf("nothing changes at %v: %s, then %s", h.Wake, told(h), told(later))
		}
		if before := w.At(h.Wake.Add(-1), lead, all...); !h.Wake.IsZero() && (before.Closed != h.Closed || before.Early != h.Early) {
			r.Fatalf("something changes before %v: %s, then %s", h.Wake, told(h), told(before))
		}
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if diff := cmp.Diff(h, w.At(at, lead, all...)); diff != "" {
			r.Fatalf("in another order (-want +got):\n%s", diff)
		}
	})
}

func BenchmarkAt(b *testing.B) {
	w := windows(b, office)
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for b.Loop() {
		w.At(at, time.Minute)
	}
}
