package schedule

import (
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // for hosts without a tz database

	"github.com/runfleet/runfleet/fleet"
)

// Rule is a pool's business hours as the fleet file says them.
type Rule struct {
	Open   string             // cron line of the openings, five fields
	Close  string             // cron line of the closings
	Zone   string             // as the tz database names it, such as Europe/Berlin
	Closed fleet.ClosedPolicy // empty is fleet.ClosedCold
}

// Problem is one thing that is wrong with a rule. It repeats no value.
type Problem struct {
	Key    string // of the rule: open, close, zone or closed
	Text   string // what is wrong
	Remedy string // what to write instead; may be empty
}

// Problems are all problems of a rule. As an error they print one a line.
type Problems []Problem

// Error prints one problem a line: key: text; remedy.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Key + ": " + p.Text
		if p.Remedy != "" {
			lines[i] += "; " + p.Remedy
		}
	}
	return strings.Join(lines, "\n")
}

// neverCloses is what to do instead of hours that do not restrict anything.
const neverCloses = "leave hours out for a pool that never closes"

// New makes the windows of a rule. The error is Problems, all of them at once.
func New(r Rule) (Windows, error) {
	var ps Problems
	add := func(key string, p Problem) {
		if p.Text != "" {
			p.Key = key
			ps = append(ps, p)
		}
	}
	opens, wrongOpen := parse(r.Open)
	add("open", wrongOpen)
	closes, wrongClose := parse(r.Close)
	add("close", wrongClose)
	both := join(opens, closes)
	if len(ps) == 0 && !times(both.closings).ever() {
		add("close", Problem{Text: "never closes: an opening falls on each closing", Remedy: neverCloses})
	}
	zone, wrongZone := locate(r.Zone)
	add("zone", wrongZone)
	if !slices.Contains([]fleet.ClosedPolicy{"", fleet.ClosedCold, fleet.ClosedWait, fleet.ClosedRefuse}, r.Closed) {
		add("closed", Problem{Text: "must be cold, wait or refuse"})
	}
	if len(ps) > 0 {
		return Windows{}, ps
	}
	return Windows{lines: &both, zone: zone, policy: r.Closed}, nil
}

// zoneName is what names of the tz database look like. Hosts keep other files
// beside them, such as localtime and right/Europe/Berlin, which counts leap
// seconds.
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9+_-]*(/[A-Z][A-Za-z0-9+_-]*)*$`)

// locate finds a zone. Local is Go's name for whatever the host is set to.
func locate(name string) (*time.Location, Problem) {
	const place = "name a place such as America/New_York, or UTC"
	if name == "" {
		return nil, Problem{Text: "must not be empty", Remedy: place}
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || !zoneName.MatchString(name) {
		return nil, Problem{Text: "is not in the tz database", Remedy: place}
	}
	return zone, Problem{}
}
