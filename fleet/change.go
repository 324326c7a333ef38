package fleet

import (
	"slices"
	"time"
)

// Change is a plan, or the outcome of its acts, as the ledger applies it: all
// or nothing.
type Change struct {
	Reserve  []Intent // new, or sent again
	Settle   []IntentID
	SentAt   time.Time // of an outcome: when the intents that it settles were sent; zero: whenever
	Jobs     []Job     // of known jobs; only a plan's own fields are written
	Machines []Machine
	Forget   []MachineID // with what Spot and their agents said of them
	Runners  []Runner
	Ended    []string // names of registrations
	Setbacks []Setback
	Cleared  []SetbackKey
	Verdicts []JobVerdict
	Marks    map[string]string // an empty value removes the mark
	// Interrupted is rows of interrupted jobs, Resumed those to drop.
	Interrupted []Interrupted
	Resumed     []JobKey
	Drills      []DrillRun
	Drilled     []string // ids of drills to drop
	Lifted      []string // ids of orders to drop
}

// Empty reports whether there is nothing to apply.
func (c Change) Empty() bool {
	return len(c.Reserve)+len(c.Settle)+len(c.Jobs)+len(c.Machines)+len(c.Forget)+len(c.Runners)+
		len(c.Ended)+len(c.Setbacks)+len(c.Cleared)+len(c.Verdicts)+len(c.Marks)+len(c.Interrupted)+len(c.Resumed)+len(c.Drills)+len(c.Drilled)+len(c.Lifted) == 0
}

// Join is c followed by d. Marks are d's where both have one, SentAt stays c's.
func (c Change) Join(d Change) Change {
	c.Reserve = slices.Concat(c.Reserve, d.Reserve)
	c.Settle = slices.Concat(c.Settle, d.Settle)
	c.Jobs = slices.Concat(c.Jobs, d.Jobs)
	c.Machines = slices.Concat(c.Machines, d.Machines)
	c.Forget = slices.Concat(c.Forget, d.Forget)
	c.Runners = slices.Concat(c.Runners, d.Runners)
	c.Ended = slices.Concat(c.Ended, d.Ended)
	c.Setbacks = slices.Concat(c.Setbacks, d.Setbacks)
	c.Cleared = slices.Concat(c.Cleared, d.Cleared)
	c.Verdicts = slices.Concat(c.Verdicts, d.Verdicts)
	c.Interrupted = slices.Concat(c.Interrupted, d.Interrupted)
	c.Resumed = slices.Concat(c.Resumed, d.Resumed)
	c.Drills = slices.Concat(c.Drills, d.Drills)
	c.Drilled = slices.Concat(c.Drilled, d.Drilled)
	c.Lifted = slices.Concat(c.Lifted, d.Lifted)
	if c.Marks == nil {
		c.Marks = d.Marks
		return c
	}
	for k, v := range d.Marks {
		c.Marks[k] = v
	}
	return c
}
