package fleet

import "time"

// State is everything in the ledger that is alive: what a look reads first.
type State struct {
	Ledger   string // random id of the ledger: owner of what it launched
	Number   int64  // plan number
	Jobs     []Job  // not closed
	Machines []Machine
	Runners  []Runner
	Intents  []Intent // reserved, not settled
	Setbacks []Setback
	Orders   []Order
	Notices  []Notice // of Spot's, one a machine
	Reports  []Report // of agents, the last one of each machine
	Drills   []DrillRun
	// Interrupted is the jobs that Spot interrupted within a day.
	Interrupted []Interrupted
	Marks       map[string]string // small facts that shells keep: cursors, instants
}

// Recipe is what a pool's launches need and AWS knows.
type Recipe struct {
	Pool     string
	Template string  // id and version; empty while it could not be made
	Offers   []Offer // every type in every zone, on each market, in order of preference
	Problem  string  // why nothing can be launched from it; empty if it can
}

// Allowance is what may be done at the snapshot's instant.
type Allowance struct {
	Launches int             // machines; negative means no limit
	Configs  int             // runner configs to store; negative means no limit
	Mints    map[int64]Mints // by installation; an absent one has no limit
}

// Mints is what GitHub allows an installation to register.
type Mints struct {
	Now     int       // registrations
	PerBoot int       // registrations that refill during one boot
	Limited time.Time // GitHub refuses everything until then
}

// Leftovers is what a full look found in AWS that no machine of ours uses.
type Leftovers struct {
	Parameters []MachineID
	EC2Fleets  []string
	Templates  []string
}

// Snapshot is what a look saw. Its parts may come in any order.
type Snapshot struct {
	At        time.Time
	Fleet     Fleet
	State     State
	Recipes   []Recipe
	Allowance Allowance
	Leftovers Leftovers
	// Boots is the boot estimate of a pool, from launch to a registered
	// runner; DefaultBoot where it is absent.
	Boots map[string]time.Duration
	// Hours is where a pool stands in its business hours; it never closes
	// where it is absent.
	Hours map[string]Hours
	// Scopes is where a standing pool's runners are registered; it is not known
	// where it is absent.
	Scopes map[string]Scope
	// LookedAt is the last full look, LookedBefore the one before it: what is
	// absent must be absent twice.
	LookedAt, LookedBefore time.Time
	// Alone is true when no other process can be executing an open intent:
	// its predecessor is known to be dead.
	Alone bool
}
