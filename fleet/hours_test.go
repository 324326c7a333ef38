package fleet_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestHoursReadAsPeopleSayThem(t *testing.T) {
	zone := time.FixedZone("America/New_York", -5*3600)
	monday := time.Date(2026, 12, 28, 8, 0, 0, 0, zone)
	back := func(days int) time.Time { return monday.AddDate(0, 0, -days) }
	for _, tt := range []struct {
		name string
		h    fleet.Hours
		want string
	}{
		{"a pool without hours never closes", fleet.Hours{}, "open"},
		{"closed over a weekend", fleet.Hours{Closed: true, Since: back(3), Until: monday, Zone: "America/New_York"},
			"closed until Mon 08:00 America/New_York"},
		{"open", fleet.Hours{Since: back(1), Until: monday, Zone: "America/New_York"}, "open until Mon 08:00 America/New_York"},
		{"a day of the week that may mean two days gets its date",
			fleet.Hours{Closed: true, Since: back(7), Until: monday, Zone: "America/New_York"},
			"closed until Mon 2026-12-28 08:00 America/New_York"},
		{"since ever", fleet.Hours{Until: monday, Zone: "America/New_York"}, "open until Mon 2026-12-28 08:00 America/New_York"},
		{"by order, to the second",
			fleet.Hours{Closed: true, Since: back(1), Until: monday.Add(7 * time.Second), Zone: "America/New_York", Order: "ann: freeze"},
			"closed until Mon 08:00:07 America/New_York (ann: freeze)"},
		{"by order without an end", fleet.Hours{Closed: true, Since: back(1), Order: "ann: freeze"}, "closed (ann: freeze)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.h.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
