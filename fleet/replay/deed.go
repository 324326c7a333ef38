package replay

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// deed is something that a machine did or met, for tests.
type deed struct {
	At      time.Duration // since the trace's begin
	What    string
	Machine fleet.MachineID
	Pool    int
	Job     int32 // that began or ended; -1: none
}

// What a machine does.
const (
	launched = "launched"
	started  = "started"
	listens  = "listens" // its runner is online, the first time since then
	begins   = "begins"  // a job
	leaves   = "leaves"  // it is done
	stopped  = "stopped"
	ended    = "ended"
)

func (p *play) note(what string, l *life) {
	if p.hear != nil {
		p.hear(deed{At: p.at, What: what, Machine: l.id, Pool: l.pool, Job: l.job})
	}
}
