package schedule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWhatIsWrongWithARuleIsTold(t *testing.T) {
	const (
		five   = "must have five fields: minute, hour, day of month, month, day of week; such as 0 8 * * 1-5, at 08:00 from Monday to Friday"
		six    = "must have five fields, not six: there are no seconds and no years; such as 0 8 * * 1-5, at 08:00 from Monday to Friday"
		forms  = "; alone, or as in *, 1-5, 1,3 or */2"
		week   = "day of week must be numbers from 0 (Sunday) to 6 or names from sun to sat" + forms
		noZone = "zone: is not in the tz database; name a place such as America/New_York, or UTC"
	)
	good := Rule{Open: "0 8 * * 1-5", Close: "0 20 * * 1-5", Zone: "America/New_York", Closed: "wait"}
	for _, tt := range []struct {
		name   string
		change func(*Rule)
		want   string
	}{
		{"nothing", func(*Rule) {}, ""},
		{"names of days and months are known, in any case", func(r *Rule) { r.Open = "0 8 * JAN-dec Mon,Wed-fri" }, ""},
		{"29 February comes", func(r *Rule) { r.Close = "0 20 29 2 *" }, ""},
		{"31 February comes where a day of the week is enough", func(r *Rule) { r.Close = "0 20 31 2 1" }, ""},
		{"spaces and tabs stand between fields", func(r *Rule) { r.Open = " 0\t8  * * 1-5 " }, ""},
		{"no policy is cold", func(r *Rule) { r.Closed = "" }, ""},

		{"no opening", func(r *Rule) { r.Open = "" }, "open: must not be empty; leave hours out for a pool that never closes"},
		{"no closing", func(r *Rule) { r.Close = " " }, "close: must not be empty; leave hours out for a pool that never closes"},
		{"30 February never comes", func(r *Rule) { r.Open = "0 8 30 2 *" }, "open: never fires: no such month has such a day"},
		{"nor does 31 April in a list", func(r *Rule) { r.Close = "0 20 31 4,6,9,11 *" }, "close: never fires: no such month has such a day"},
		{"open and close at the same instants", func(r *Rule) { r.Close = r.Open },
			"close: never closes: an opening falls on each closing; leave hours out for a pool that never closes"},
		{"closings that openings hide", func(r *Rule) { r.Open, r.Close = "*/15 * * * *", "30 20 * * 1-5" },
			"close: never closes: an opening falls on each closing; leave hours out for a pool that never closes"},
		{"a closing that openings leave on some days", func(r *Rule) { r.Open, r.Close = "0 0 * * 1-6", "0 0 1 1 *" }, ""},

		{"seconds", func(r *Rule) { r.Open = "0 0 8 * * 1-5" }, "open: " + six},
		{"years", func(r *Rule) { r.Open = "0 8 ? * MON-FRI *" }, "open: " + six},
		{"four fields", func(r *Rule) { r.Open = "0 8 * *" }, "open: " + five},
		{"a name for a line", func(r *Rule) { r.Open = "@daily" },
			"open: must be five fields, not a name such as @daily; write 0 0 * * * for midnight"},
		{"an interval", func(r *Rule) { r.Open = "@every 1h" },
			"open: must be five fields, not a name such as @daily; write 0 0 * * * for midnight"},
		{"a zone in front", func(r *Rule) { r.Close = "CRON_TZ=UTC 0 8 * * *" }, "close: must not name a zone; give zone its own key"},
		{"a zone and nothing else", func(r *Rule) { r.Close = "TZ=UTC" }, "close: must not name a zone; give zone its own key"},
		{"a minute too late", func(r *Rule) { r.Open = "60 8 * * *" }, "open: minute must be numbers from 0 to 59" + forms},
		{"an hour too late", func(r *Rule) { r.Open = "0 24 * * *" }, "open: hour must be numbers from 0 to 23" + forms},
		{"day 0", func(r *Rule) { r.Open = "0 8 0 * *" }, "open: day of month must be numbers from 1 to 31" + forms},
		{"month 13", func(r *Rule) { r.Open = "0 8 * 13 *" }, "open: month must be numbers from 1 to 12 or names from jan to dec" + forms},
		{"Sunday as 7", func(r *Rule) { r.Open = "0 8 * * 1-7" }, "open: " + week},
		{"a range that falls", func(r *Rule) { r.Open = "0 8 * * fri-mon" }, "open: " + week},
		{"a name that is none", func(r *Rule) { r.Open = "0 8 * * mo" }, "open: " + week},
		{"a step of nothing", func(r *Rule) { r.Open = "*/0 8 * * *" }, "open: minute must be numbers from 0 to 59" + forms},
		{"a step from a number, which programs read in two ways", func(r *Rule) { r.Open = "0 8/2 * * *" },
			"open: hour must be numbers from 0 to 23" + forms},
		{"a list with a hole", func(r *Rule) { r.Open = "0 8,,9 * * *" }, "open: hour must be numbers from 0 to 23" + forms},
		{"a star with an end", func(r *Rule) { r.Open = "0 *-5 * * *" }, "open: hour must be numbers from 0 to 23" + forms},
		{"a question mark", func(r *Rule) { r.Open = "0 8 ? * 1-5" }, "open: day of month must be numbers from 1 to 31" + forms},
		{"a comma alone", func(r *Rule) { r.Open = "0 , * * *" }, "open: hour must be numbers from 0 to 23" + forms},

		{"no zone", func(r *Rule) { r.Zone = "" }, "zone: must not be empty; name a place such as America/New_York, or UTC"},
		{"a zone that is unknown", func(r *Rule) { r.Zone = "America/Boston" }, noZone},
		{"whatever the host is set to", func(r *Rule) { r.Zone = "Local" }, noZone},
		{"a file beside the database", func(r *Rule) { r.Zone = "localtime" }, noZone},
		{"a zone with leap seconds", func(r *Rule) { r.Zone = "right/America/New_York" }, noZone},
		{"a path", func(r *Rule) { r.Zone = "../America/New_York" }, noZone},
		{"another policy", func(r *Rule) { r.Closed = "Cold" }, "closed: must be cold, wait or refuse"},
		{"everything, all told at once", func(r *Rule) { *r = Rule{Closed: "x"} },
			"open: must not be empty; leave hours out for a pool that never closes\n" +
				"close: must not be empty; leave hours out for a pool that never closes\n" +
				"zone: must not be empty; name a place such as America/New_York, or UTC\n" +
				"closed: must be cold, wait or refuse"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := good
			tt.change(&r)
			got := ""
			if _, err := New(r); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAProblemRepeatsNoValue(t *testing.T) {
	for _, text := range []string{"hunter2", "0 hunter2 * * *", "@hunter2", "TZ=hunter2 0 8 * * *", "1 2 3 4 5 hunter2"} {
		_, err := New(Rule{Open: text, Close: text, Zone: text, Closed: "hunter2"})
		var ps Problems
		if !errors.As(err, &ps) || len(ps) != 4 || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNoTextStopsTheProgram(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		words := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-0-9*/,?@A-Za-z= ]{0,30}`), rapid.StringMatching(`([0-9*/,-]{1,5} ){4}[0-6]`))
		w, err := New(Rule{Open: words.Draw(r, "open"), Close: words.Draw(r, "close"), Zone: "UTC"})
		if err == nil {
			w.At(time.Unix(rapid.Int64Range(-1e10, 1e10).Draw(r, "at"), 0), 0)
		}
	})
}
