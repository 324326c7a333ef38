package replay

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// window counts uses within a trailing span.
type window struct {
	span  time.Duration
	limit int // 0: none, and nothing is counted
	used  fifo[time.Duration]
}

// left is how many uses remain at an instant.
func (w *window) left(at time.Duration) int {
	for w.used.len() > 0 && w.used.first() <= at-w.span {
		w.used.pop()
	}
	return max(0, w.limit-w.used.len())
}

func (w *window) use(at time.Duration) {
	if w.limit > 0 {
		w.used.push(at)
	}
}

// pace is what the fleet's own limit and GitHub's leave. All jobs of a trace
// are of one installation.
type pace struct {
	launches, minute, hour window
	mints                  map[int64]fleet.Mints // used again for each look
}

func newPace(c Config) pace {
	return pace{
		launches: window{span: time.Minute, limit: c.Fleet.Limits.LaunchesPerMinute},
		minute:   window{span: time.Minute, limit: c.Mints.PerMinute},
		hour:     window{span: time.Hour, limit: c.Mints.PerHour},
		mints:    map[int64]fleet.Mints{},
	}
}

func (p *pace) mint(at time.Duration) {
	p.minute.use(at)
	p.hour.use(at)
}

func (p *pace) allowance(at time.Duration) fleet.Allowance {
	a := fleet.Allowance{Launches: -1, Configs: -1}
	if p.launches.limit > 0 {
		a.Launches = p.launches.left(at)
	}
	if p.minute.limit > 0 && p.hour.limit > 0 {
		a.Mints = p.mints
		a.Mints[scope.Installation] = fleet.Mints{
			Now:     min(p.minute.left(at), p.hour.left(at)),
			PerBoot: p.minute.limit * int(fleet.DefaultBoot/time.Second) / 60,
		}
	}
	return a
}
