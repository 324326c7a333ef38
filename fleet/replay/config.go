package replay

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/cost"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// Config is what a trace is replayed against.
type Config struct {
	// Fleet is judged by as in service, but that every account is served: a
	// trace does not name its accounts.
	Fleet fleet.Fleet
	// Recipes are what each pool may launch. The first offer of a launch is
	// what it gets: EC2 always has room.
	Recipes []fleet.Recipe
	Rates   cost.Rates
	Volumes map[string]Volume           // by pool
	Windows map[string]schedule.Windows // business hours of the pools that close
	Boot    Boot
	// Coalesce is how long wake-ups gather before a look; 0: a look follows at
	// once.
	Coalesce time.Duration
	// Mints is what GitHub allows to register in any minute and hour; zeros:
	// no limit.
	Mints Mints
	Seed  uint64
	// Tell is told now and then how far the replay came, if it is set. It ends
	// the replay by answering false.
	Tell func(Progress) bool

	// For tests: look at the end of every job, which must change nothing; hear
	// of everything that machines do.
	eager bool
	hear  func(deed)
}

// Volume is what a machine of a pool costs besides its time.
type Volume struct {
	DiskGiB int
	Public  bool // machines have public addresses
}

// Mints are registrations that GitHub allows.
type Mints struct{ PerMinute, PerHour int }

// Progress is how far a replay came.
type Progress struct {
	At                      time.Time // of the trace
	Arrived, Jobs, Machines int
}

// Report is what came of a replay.
type Report struct {
	Jobs      Jobs         `json:"jobs"`
	Wait      Waits        `json:"wait_seconds"`
	RunWait   Waits        `json:"run_wait_seconds"` // of the run's job that waited longest
	Machines  Machines     `json:"machines"`
	Bill      cost.Bill    `json:"cost"`
	Pools     []PoolReport `json:"pools"`
	Decisions int          `json:"decisions"`
}

// Jobs counts the jobs of a trace by what became of them.
type Jobs struct {
	Total     int `json:"total"`
	Ran       int `json:"ran"`
	Cancelled int `json:"cancelled"` // before they ran
	Unknown   int `json:"unknown"`   // likewise, and nobody knows when: left out
	NoPool    int `json:"no_pool"`   // no pool holds their labels
	GaveUp    int `json:"gave_up"`   // waited a day: GitHub ends them
	Cut       int `json:"cut"`       // of those that ran, ended with their machine
}

// Machines counts machines.
type Machines struct {
	Launched int `json:"launched"`
	Started  int `json:"started"` // stopped ones that were started again
	Wasted   int `json:"wasted"`  // never had a job
	Most     int `json:"most"`    // running at once
}

// PoolReport is what came of one pool.
type PoolReport struct {
	Name     string    `json:"name"`
	Machines Machines  `json:"machines"`
	Wait     Waits     `json:"wait_seconds"` // of the jobs that its machines took
	Bill     cost.Bill `json:"cost"`
}
