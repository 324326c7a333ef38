package schedule

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

var office = Rule{Open: "0 8 * * 1-5", Close: "0 20 * * 1-5", Zone: "America/New_York", Closed: fleet.ClosedWait}

// told is an answer in one line of local times.
func told(h fleet.Hours) string {
	clock := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Format("Jan 2 15:04")
	}
	state := "open"
	switch {
	case h.Early:
		state = "early"
	case h.Closed:
		state = "closed"
	}
	return fmt.Sprintf("%s since %s until %s, next %s, wake %s", state, clock(h.Since), clock(h.Until), clock(h.Next), clock(h.Wake))
}

func TestAnAnswerAtAnInstant(t *testing.T) {
	night := Rule{Open: "0 22 * * 1-5", Close: "0 6 * * 2-6", Zone: "Europe/Berlin"}
	weekend := Rule{Open: "0 18 * * fri", Close: "30 7 * * mon", Zone: "Asia/Kolkata"}
	whole := Rule{Open: "0 0 * * 1-5", Close: "0 0 * * 2-6", Zone: "UTC"}
	gap := Rule{Open: "30 2 * * *", Close: "45 2 * * *", Zone: "America/New_York"}
	shut := Rule{Open: "45 2 * * *", Close: "30 2 * * *", Zone: "America/New_York"}
	fold := Rule{Open: "15 1 * * *", Close: "45 1 * * *", Zone: "America/New_York"}
	for _, tt := range []struct {
		name string
		rule Rule
		at   string // local
		lead time.Duration
		want string
	}{
		{"inside a window", office, "2026-11-25 12:00", 0, "open since Nov 25 08:00 until Nov 25 20:00, next Nov 26 08:00, wake Nov 25 20:00"},
		{"open at the opening", office, "2026-11-25 08:00", 0, "open since Nov 25 08:00 until Nov 25 20:00, next Nov 26 08:00, wake Nov 25 20:00"},
		{"closed at the closing", office, "2026-11-25 20:00", 0, "closed since Nov 25 20:00 until Nov 26 08:00, next Nov 26 08:00, wake Nov 26 08:00"},
		{"over a weekend", office, "2026-11-28 12:00", 0, "closed since Nov 27 20:00 until Nov 30 08:00, next Nov 30 08:00, wake Nov 30 08:00"},
		{"before the lead", office, "2026-11-30 07:44", 15 * time.Minute, "closed since Nov 27 20:00 until Nov 30 08:00, next Nov 30 08:00, wake Nov 30 07:45"},
		{"within the lead", office, "2026-11-30 07:45", 15 * time.Minute, "early since Nov 27 20:00 until Nov 30 08:00, next Nov 30 08:00, wake Nov 30 08:00"},
		{"a lead longer than the night", office, "2026-11-25 20:00", 13 * time.Hour, "early since Nov 25 20:00 until Nov 26 08:00, next Nov 26 08:00, wake Nov 26 08:00"},
		{"a lead below zero is none", office, "2026-11-30 07:59", -time.Hour, "closed since Nov 27 20:00 until Nov 30 08:00, next Nov 30 08:00, wake Nov 30 08:00"},

		{"a night window after midnight", night, "2026-11-28 05:59", 0, "open since Nov 27 22:00 until Nov 28 06:00, next Nov 30 22:00, wake Nov 28 06:00"},
		{"a day between nights", night, "2026-11-25 12:00", 0, "closed since Nov 25 06:00 until Nov 25 22:00, next Nov 25 22:00, wake Nov 25 22:00"},
		{"a weekend window", weekend, "2026-11-29 12:00", 0, "open since Nov 27 18:00 until Nov 30 07:30, next Dec 4 18:00, wake Nov 30 07:30"},
		{"a closing that falls on an opening does not close", whole, "2026-11-24 00:00", 0,
			"open since Nov 23 00:00 until Nov 28 00:00, next Nov 30 00:00, wake Nov 28 00:00"},

		{"a window in a gap is empty", gap, "2026-03-08 12:00", 0, "closed since Mar 7 02:45 until Mar 9 02:30, next Mar 9 02:30, wake Mar 9 02:30"},
		{"and is not promised before", gap, "2026-03-08 01:59", 0, "closed since Mar 7 02:45 until Mar 9 02:30, next Mar 9 02:30, wake Mar 9 02:30"},
		{"a pause in a gap is none", shut, "2026-03-08 12:00", 0, "open since Mar 7 02:45 until Mar 9 02:30, next Mar 9 02:45, wake Mar 9 02:30"},
		{"in a fold, before the clocks go back", fold, "2026-11-01 01:20", 0, "open since Nov 1 01:15 until Nov 1 01:45, next Nov 2 01:15, wake Nov 1 01:45"},

		{"clocks put forward at midnight open at one", Rule{Open: "0 0 * * *", Close: "0 12 * * *", Zone: "America/Sao_Paulo"}, "2018-11-04 02:00", 0,
			"open since Nov 4 01:00 until Nov 4 12:00, next Nov 5 00:00, wake Nov 4 12:00"},
		{"clocks put forward by half an hour", Rule{Open: "15 2 * * *", Close: "0 12 * * *", Zone: "Australia/Lord_Howe"}, "2026-10-04 03:00", 0,
			"open since Oct 4 02:30 until Oct 4 12:00, next Oct 5 02:15, wake Oct 4 12:00"},
		{"a day that a country skipped", Rule{Open: "0 8 * * *", Close: "0 20 * * *", Zone: "Pacific/Apia"}, "2011-12-31 01:00", 0,
			"closed since Dec 29 20:00 until Dec 31 08:00, next Dec 31 08:00, wake Dec 31 08:00"},
		{"a night across a skipped day is one night", Rule{Open: "0 22 * * *", Close: "0 6 * * *", Zone: "Pacific/Apia"}, "2011-12-31 01:00", 0,
			"open since Dec 29 22:00 until Dec 31 06:00, next Dec 31 22:00, wake Dec 31 06:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := windows(t, tt.rule)
			at, err := time.ParseInLocation("2006-01-02 15:04", tt.at, w.zone)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, told(w.At(at, tt.lead))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASecondPassingOpensNothing(t *testing.T) {
	w := windows(t, Rule{Open: "15 1 * * *", Close: "45 1 * * *", Zone: "America/New_York"})
	for _, utc := range []string{"2026-11-01T05:45:00Z", "2026-11-01T06:20:00Z", "2026-11-01T07:00:00Z"} {
		at, err := time.Parse(time.RFC3339, utc)
		if err != nil {
			t.Fatal(err)
		}
		if h := w.At(at, 0); h.Since.UTC().Format(time.RFC3339) != "2026-11-01T05:45:00Z" || !h.Closed {
			t.Errorf("%v: %s", at.In(w.zone), told(h))
		}
	}
}

func TestAnAnswerCarriesPolicyZoneAndLocalTimes(t *testing.T) {
	w := windows(t, office)
	h := w.At(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), 0)
	if h.Policy != fleet.ClosedWait || h.Zone != "America/New_York" || h.String() != "closed until Mon 08:00 America/New_York" {
		t.Errorf("%+v: %s", h, h)
	}
}

func TestAPoolWithoutHoursNeverCloses(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	want := fleet.Hours{Policy: fleet.ClosedCold, Zone: "UTC"}
	if diff := cmp.Diff(want, Windows{}.At(at, time.Hour)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	n := 0
	for win := range (Windows{}).From(at) {
		n++
		if win != (Window{}) {
			t.Errorf("window %v", win)
		}
	}
	if n != 1 {
		t.Errorf("%d windows", n)
	}
}
