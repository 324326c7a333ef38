package agent

import (
	"cmp"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Settings are a machine's own limits. Zero values are the defaults.
type Settings struct {
	Poll   time.Duration // from one asking for the config to the next
	Wait   time.Duration // without a config for so long: power off
	Idle   time.Duration // the runner had no job for so long: stop it
	Job    time.Duration // its job runs so long: stop it
	Margin time.Duration // a busy runner is interrupted so long before Spot takes the machine
	Grace  time.Duration // from the interruption of a runner to its kill

	Standing   bool // the runner serves many jobs, and a power-off only stops the machine
	Configured bool // an earlier boot has stored the runner's config in its folder
}

// Defaults of the settings. The manager's limits are shorter where they
// overlap: these are for when nobody manages.
const (
	DefaultPoll   = 5 * time.Second
	DefaultWait   = 20 * time.Minute
	DefaultIdle   = 30 * time.Minute
	DefaultJob    = fleet.DefaultJobLimit
	DefaultMargin = 30 * time.Second // a step's end takes 10 s, telling GitHub five tries of 5 s
	DefaultGrace  = 30 * time.Second // what the runner itself allows at a shutdown
)

const (
	linger      = time.Minute      // from the end of the job to the runner's
	answer      = time.Minute      // what Ask may take
	patience    = 45 * time.Second // what AwaitUpdate may take
	dying       = 10 * time.Second // what a killed runner may take to be gone
	mostUpdates = 3

	mostRestarts = 5               // of a standing machine's runner, without a job in between
	breath       = 5 * time.Second // before a restart, as the runner's own script takes
	quietly      = 24 * time.Hour  // an idle standing machine is told the time so often
)

func (s Settings) withDefaults() Settings {
	return Settings{
		Poll: cmp.Or(s.Poll, DefaultPoll), Wait: cmp.Or(s.Wait, DefaultWait),
		Idle: cmp.Or(s.Idle, DefaultIdle), Job: cmp.Or(s.Job, DefaultJob),
		Margin: cmp.Or(s.Margin, DefaultMargin), Grace: cmp.Or(s.Grace, DefaultGrace),
		Standing: s.Standing, Configured: s.Configured,
	}
}
