package schedule

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// line is a cron line: the minutes of the days on which it fires.
type line struct {
	minutes []int // of a day, in order
	spec    cron.SpecSchedule
}

// columns are the fields of a line, in order.
var columns = []struct {
	name, want string
	option     cron.ParseOption
}{
	{"minute", "numbers from 0 to 59", cron.Minute},
	{"hour", "numbers from 0 to 23", cron.Hour},
	{"day of month", "numbers from 1 to 31", cron.Dom},
	{"month", "numbers from 1 to 12 or names from jan to dec", cron.Month},
	{"day of week", "numbers from 0 (Sunday) to 6 or names from sun to sat", cron.Dow},
}

// field is the syntax of one field. The library lets more through: 1,, and *-5
// and 8/2, which programs read in different ways.
var field = regexp.MustCompile(`^` + item + `(,` + item + `)*$`)

const (
	item  = `(\*(/[0-9]{1,2})?|` + value + `(-` + value + `(/[0-9]{1,2})?)?)`
	value = `([0-9]{1,2}|[A-Za-z]{3})`
)

// parse reads a cron line, or says what is wrong with it.
func parse(text string) (line, Problem) {
	fields := strings.Fields(text)
	switch {
	case len(fields) == 0:
		return line{}, Problem{Text: "must not be empty", Remedy: neverCloses}
	case strings.Contains(fields[0], "TZ="):
		return line{}, Problem{Text: "must not name a zone", Remedy: "give zone its own key"}
	case strings.HasPrefix(fields[0], "@"):
		return line{}, Problem{Text: "must be five fields, not a name such as @daily", Remedy: "write 0 0 * * * for midnight"}
	case len(fields) == len(columns)+1:
		return line{}, Problem{Text: "must have five fields, not six: there are no seconds and no years", Remedy: example}
	case len(fields) != len(columns):
		return line{}, Problem{Text: "must have five fields: minute, hour, day of month, month, day of week", Remedy: example}
	}
	for i, c := range columns {
		_, err := cron.NewParser(c.option).Parse(fields[i])
		if err != nil || !field.MatchString(fields[i]) {
			return line{}, Problem{Text: c.name + " must be " + c.want, Remedy: "alone, or as in *, 1-5, 1,3 or */2"}
		}
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	s, err := parser.Parse(strings.Join(fields, " "))
	if err != nil { // unreachable: each field was parsed above
		return line{}, Problem{Text: "not a cron line"}
	}
	l := line{spec: *s.(*cron.SpecSchedule)}
	for m := range 24 * 60 {
		if has(l.spec.Hour, m/60) && has(l.spec.Minute, m%60) {
			l.minutes = append(l.minutes, m)
		}
	}
	if !times(l.on).ever() {
		return line{}, Problem{Text: "never fires: no such month has such a day"}
	}
	return l, Problem{}
}

// on is when the line fires on a day.
func (l line) on(days int) []int {
	if l.fires(days) {
		return l.minutes
	}
	return nil
}

const example = "such as 0 8 * * 1-5, at 08:00 from Monday to Friday"

// has reports whether a field names a number.
func has(field uint64, n int) bool { return field>>n&1 == 1 }

// star is the bit by which the library marks a field that says nothing.
const star = 1 << 63

// fires reports whether the line fires on a day, counted from 1970. Where it
// restricts both, the day of the month or the day of the week is enough, as
// cron has always had it.
func (l line) fires(days int) bool {
	date := time.Unix(int64(wallAt(days, 0)), 0).UTC()
	inMonth, inWeek := has(l.spec.Dom, date.Day()), has(l.spec.Dow, int(date.Weekday()))
	switch {
	case !has(l.spec.Month, int(date.Month())):
		return false
	case l.spec.Dom&star > 0 || l.spec.Dow&star > 0:
		return inMonth && inWeek
	}
	return inMonth || inWeek
}

// times are the minutes of a day at which something happens, in order.
type times func(days int) []int

// after is the first time after another one.
func (ts times) after(w wall) wall {
	d, m := (w + minute).date() // the minute of w is over, or it is w
	for ; ; d, m = d+1, 0 {
		today := ts(d)
		if i, _ := slices.BinarySearch(today, m); i < len(today) {
			return wallAt(d, today[i])
		}
	}
}

// upTo is the last time that is not after another one.
func (ts times) upTo(w wall) wall {
	d, m := w.date()
	for ; ; d, m = d-1, 24*60 {
		today := ts(d)
		if i, _ := slices.BinarySearch(today, m+1); i > 0 {
			return wallAt(d, today[i-1])
		}
	}
}

// ever reports whether anything happens at all. In 28 years of one century,
// every date meets every day of the week; so no search above is without end.
func (ts times) ever() bool {
	const from, to = 10957, 10957 + 28*365 + 7 // 2000-01-01, 2028-01-01
	for d := from; d < to; d++ {
		if len(ts(d)) > 0 {
			return true
		}
	}
	return false
}
