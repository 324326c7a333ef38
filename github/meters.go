package github

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// sameWindow is how far apart GitHub names the end of one hour: its servers
// do not agree to the second.
const sameWindow = 5 * time.Second

// meters remembers what GitHub's answers say of allowances. It is safe for
// concurrent use.
type meters struct {
	mu    sync.Mutex
	known map[metered]reading
}

type metered struct {
	installation int64
	resource     string
}

// reading is a meter with the end of its hour by GitHub's clock.
type reading struct {
	fleet.Meter
	ends time.Time
}

// Allowances is what GitHub's answers said of every allowance so far, in order
// of accounts. Their times are by this process's clock.
func (c *Client) Allowances() fleet.Meters {
	c.meters.mu.Lock()
	defer c.meters.mu.Unlock()
	var all fleet.Meters
	for _, r := range c.meters.known {
		all = append(all, r.Meter)
	}
	slices.SortFunc(all, fleet.Meter.Compare)
	return all
}

// note takes what an answer says. Answers overtake each other, so within one
// hour the smaller number is the later one.
func (m *meters) note(told fleet.Meter, h http.Header) {
	number := func(name string) (int64, bool) {
		n, err := strconv.ParseInt(h.Get("X-Ratelimit-"+name), 10, 64)
		return n, err == nil && n >= 0
	}
	limit, ok := number("Limit")
	remaining, also := number("Remaining")
	reset, too := number("Reset")
	told.Resource = h.Get("X-Ratelimit-Resource")
	if !ok || !also || !too || told.Resource == "" || len(told.Resource) > resourceSize {
		return
	}
	now := told.SeenAt
	ends := time.Unix(reset, 0)
	told.Limit, told.Remaining = int(limit), int(min(remaining, limit))
	told.ResetAt = now.Add(min(max(ends.Sub(sentAt(h, now)), 0), longestPause))
	m.mu.Lock()
	defer m.mu.Unlock()
	old, known := m.known[metered{told.Installation, told.Resource}]
	switch apart := ends.Sub(old.ends); {
	case known && apart < -sameWindow:
		return // of an hour that is over
	case known && apart <= sameWindow && now.Before(old.ResetAt):
		told.Remaining = min(told.Remaining, old.Remaining)
	}
	m.put(reading{told, ends})
}

// pause takes a secondary limit, which holds for all that an installation asks.
func (m *meters) pause(told fleet.Meter, d time.Duration) {
	told.PausedUntil = told.SeenAt.Add(d)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(reading{Meter: told})
}

func (m *meters) put(r reading) {
	if m.known == nil {
		m.known = map[metered]reading{}
	}
	m.known[metered{r.Installation, r.Resource}] = r
}

// resourceSize bounds a name of GitHub's.
const resourceSize = 64

// sentAt is when an answer was sent, by the clock of its sender.
func sentAt(h http.Header, otherwise time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return otherwise
}
