package config

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// Windows are the business hours of the pools that have them, by name. A pool
// that is absent never closes. Hours that Parse refused are left out.
func (f *File) Windows() map[string]schedule.Windows {
	all := map[string]schedule.Windows{}
	for _, p := range f.Pools {
		if w, err := schedule.New(p.Hours); err == nil {
			all[p.Name] = w
		}
	}
	return all
}

func hoursKeys() object[schedule.Rule] {
	return object[schedule.Rule]{
		fill: func(r *schedule.Rule) { r.Closed = cmp.Or(r.Closed, fleet.ClosedCold) },
		keys: []key[schedule.Rule]{
			field("open", "Cron line of the openings: minute, hour, day of month, month, day of week.", text{max: 200},
				func(r *schedule.Rule) *string { return &r.Open }).must(),
			field("close", "Cron line of the closings.", text{max: 200},
				func(r *schedule.Rule) *string { return &r.Close }).must(),
			field("zone", "Whose clocks the lines speak of, as the tz database names it: America/New_York, UTC.", text{max: 64},
				func(r *schedule.Rule) *string { return &r.Zone }).must(),
			field("closed", "What a job meets while the pool is closed: a cold launch, a wait for the next pool or the opening, or nothing.",
				choice[fleet.ClosedPolicy]{words: []fleet.ClosedPolicy{fleet.ClosedCold, fleet.ClosedWait, fleet.ClosedRefuse}},
				func(r *schedule.Rule) *fleet.ClosedPolicy { return &r.Closed }),
		},
	}
}

// hours reports what package schedule finds wrong with a pool's hours. Keys
// without a value were reported when they were read.
func (r *reading) hours(path string, rule schedule.Rule) {
	_, err := schedule.New(rule)
	var problems schedule.Problems
	if rule == (schedule.Rule{}) || !errors.As(err, &problems) {
		return
	}
	said := map[string]string{"open": rule.Open, "close": rule.Close, "zone": rule.Zone}
	for _, p := range problems {
		if said[p.Key] != "" {
			r.at(path+".hours."+p.Key, p.Text, p.Remedy)
		}
	}
}

// warnHours tells what cron and the tz database have always meant and people
// often do not.
func (r *reading) warnHours(path string, rule schedule.Rule) {
	for _, line := range [][2]string{{"open", rule.Open}, {"close", rule.Close}} {
		if f := strings.Fields(line[1]); len(f) == 5 && f[2] != "*" && f[4] != "*" {
			r.at(path+".hours."+line[0], "of a day of the month and a day of the week, either one is enough", "")
		}
	}
	if slices.Contains([]string{"EST", "MST", "HST"}, rule.Zone) {
		r.at(path+".hours.zone", "has no daylight-saving time", "name a place, such as America/New_York")
	}
}
