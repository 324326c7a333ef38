// Package chaos judges drills: it owns what a drill proves. What was seen goes
// in as values, what came of every job on a victim and the verdict come out; it
// has no effects and no clock.
//
// # Decisions
//
// The hypothesis is one: every job that a drill interrupted finishes green by
// a later attempt, and nothing stays behind, neither of the drill nor of the
// machines that it took. A job that failed by itself before its machine was
// warned is no matter of the drill's.
//
// The verdict is derived from what was seen, each time anew, and not stored in
// steps, so a manager that restarts in the middle of a drill judges the same.
// It is open while anything may still come right, also when something else
// went wrong already.
//
// A re-run has a new number at GitHub and is known by its run and name, which
// the jobs of a run may share: as many re-runs have to be green as jobs of the
// name were interrupted. GitHub repeats finished jobs under the next attempt
// with their old numbers; those are no re-runs.
//
// The ledger's rows of interrupted jobs are not asked: the drill is to prove
// that the manager wrote them and acted on them.
package chaos

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Seen is what is known of a drill at an instant. Its lists may be in any
// order.
type Seen struct {
	At         time.Time
	Fleet      string // its name, which is part of its runners' names
	Drill      fleet.Drill
	Experiment fleet.Experiment
	Before     []fleet.MachineID // that ran in the pool when the drill began
	After      []fleet.MachineID // and at AfterAt
	AfterAt    time.Time         // when its victims were gone, or should have been; zero: not yet
	Now        []fleet.Machine   // the pool's machines now; one that is not here is gone
	// Jobs are all lives of all jobs of the runs that had a job on a victim.
	// Other jobs do no harm.
	Jobs []fleet.Job
	// Notices are those that the fleet got, by whatever way. The ledger has one
	// a machine and forgets it with the machine, so a drill keeps its own.
	Notices []fleet.Notice
	Left    []string // what the drill made and is still there, in words
	// Traces are what victims left behind and is still there, in words:
	// registrations, parameters, what the manager has to clear.
	Traces map[fleet.MachineID][]string
	// Markets is where machines were bought that are in no list any more.
	Markets map[fleet.MachineID]fleet.Market
	// Patience is how long something that is due may be outstanding before it
	// counts as lost: a re-run after its run is complete, a runner for it.
	Patience time.Duration // 0: DefaultPatience
}

// DefaultPatience is long enough for GitHub to give up a runner that vanished,
// which takes it 10 to 15 minutes.
const DefaultPatience = time.Hour

// Result is how a drill stands.
type Result string

// The results.
const (
	Open   Result = "open"   // something may still come
	Passed Result = "passed" // every interrupted job is green, nothing is left
	Failed Result = "failed" // Why says what is not
	Void   Result = "void"   // no machine was interrupted, so nothing is proved
)

// Verdict is what a drill came to.
type Verdict struct {
	Result   Result
	Why      []string // what is awaited, went wrong, or limits what is proved
	Fates    []Fate   // of the jobs on victims, by run and job
	Timeline []Moment // in order of time
	// Before is what ran in the drill's pool when it began, After what ran when
	// its victims were gone, or what runs now as long as that is not known. Gone
	// and New compare the two.
	Before, After, Gone, New []fleet.MachineID
	Left                     []string // what the drill made and victims that are still there, in words
}

// Outcome is what came of a job that ran on a victim.
type Outcome string

// The outcomes of a job.
const (
	InTime    Outcome = "in time"    // green on the victim, before it went
	ByItself  Outcome = "by itself"  // failed before its machine was warned
	Cancelled Outcome = "cancelled"  // by somebody, as far as its conclusion tells
	Rerun     Outcome = "re-run"     // interrupted, and green by a later attempt
	Unsettled Outcome = "unsettled"  // it runs, or its re-run is due or runs
	Lost      Outcome = "not healed" // interrupted, and not green
)

// Fate is what came of one job that ran on a victim.
type Fate struct {
	Job     fleet.JobKey // the life on the victim
	Run     fleet.RunID
	Machine fleet.MachineID // the victim
	Outcome Outcome
	Why     string    // of Unsettled and Lost
	DoneAt  time.Time // of that life at GitHub; zero while it goes on there
	Again   Again     // the attempt that healed it, or the last one that tried
}

// Interrupted reports whether the drill interrupted the job, as far as GitHub
// has noticed.
func (f Fate) Interrupted() bool {
	switch f.Outcome {
	case InTime, ByItself, Cancelled:
		return false
	}
	return !f.DoneAt.IsZero()
}

// Again is a later attempt of a job. It is zero if there is none.
type Again struct {
	Job      fleet.JobKey
	QueuedAt time.Time
	DoneAt   time.Time       // zero while it waits or runs
	Machine  fleet.MachineID // empty while it waits, and on a runner of others
	Market   fleet.Market    // of the machine, if it is known still
}

// Heal is the time from a job's interruption to the end of its green attempt,
// zero for every other job.
func (f Fate) Heal() time.Duration {
	if f.Outcome != Rerun {
		return 0
	}
	return f.Again.DoneAt.Sub(f.DoneAt)
}

// Moment is one thing that happened in a drill.
type Moment struct {
	At      time.Time
	What    string          // from a closed list
	Machine fleet.MachineID // empty if it is about none
	Job     fleet.JobKey    // likewise
}

// What happens in a drill, in the usual order.
const (
	Began       = "drill began"
	Recommended = "recommended to leave" // the rebalance recommendation
	Warned      = "warned"               // the interruption notice
	Interrupted = "interrupted"
	Ended       = "experiment ended"
	Requeued    = "re-run"
	Green       = "green"     // in time on a victim, or by a re-run
	Red         = "not green" // a re-run's end
)
