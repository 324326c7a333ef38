// Package reconcile owns the loop of the fleet: look, decide, reserve, act,
// record. It is the only caller of fleet.Decide that has effects, and the only
// writer of outcomes.
//
// # Decisions
//
// Once is serial and holds no lock: the ledger's plan number is the only
// guard, so a second manager costs a conflict, never a machine. Outcomes are
// recorded in one change after the acts; a crash in between leaves intents
// open, and every act bears being done twice.
//
// A row of a machine has one writer at a time: the process that reserved an
// intent about it, for half a minute, and else the looks, on the plan number. So
// a full look, which reads for seconds, can neither undo an outcome nor bring
// back a row that was forgotten. To let looks write whole rows whatever the
// number, as outcomes are, lost registrations when two processes looked at once;
// to merge rows by field in the stores would have cost a second form of each. An
// outcome that comes when another process has taken its intent up is dropped; a
// drill's row is written by plans, and while a step of it is open by its outcome.
//
// Where several managers read the fleet file by themselves, the ledger keeps the
// generation that the last plan went by. A look whose own is another asks the
// file's source, after it has read the ledger: if that has another by now, the
// look is old and commits nothing (ErrStale); if both generations are of that
// source, the look's is the newer. Of two that are kept apart, as those are that
// came with the program or under a name of their own, neither source can tell:
// there the one that the ledger has not seen is the newer, and one that another
// followed in the last three minutes is old, which is longer than a replaced
// process goes on. Who goes back to such a one waits that long. Under the plan
// number, two processes with two files so cannot take turns: one of them stops
// at its first plan. A full look and outcomes go by no file, and are not held up.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/schedule"
)

const (
	fullEvery  = time.Minute      // full looks while anything is alive
	restEvery  = 10 * time.Minute // full looks while nothing is
	sweepEvery = 10 * time.Minute // looks at what machines leave behind
	actLimit   = 20 * time.Second // one plan's acts, from its reservation
	conflicts  = 3                // looks again before Once gives up
)

// Reconciler keeps a fleet as its jobs need it. Its fields are set before the
// first call and not changed.
type Reconciler struct {
	Ledger     ledger.Ledger
	GitHub     GitHub
	Runs       Runs
	Accounts   Accounts   // nil: standing pools have no machines
	Deliveries Deliveries // nil: lost deliveries are not looked for
	Guards     Guards     // nil: runner groups and versions are not looked at
	Search     Search     // nil: jobs that no delivery told of are not looked for
	Cloud      Cloud
	Switch     Switch
	Sweeper    Sweeper
	Configs    Configs
	Plains     Plains                             // nil: no pool has a plain form
	Faults     Faults                             // nil: drills are refused
	Fleet      func() fleet.Fleet                 // as of now: the file may be read again
	Hours      func() map[string]schedule.Windows // of pools that close, by name; nil: none
	Now        func() time.Time
	Log        *slog.Logger
	// Installations tells numbers of accounts, and which installations are
	// shut; nil: neither is known.
	Installations Installations
	// Homes tells by which installation an account is known; nil: there is one App.
	Homes Homes
	// Meters is what GitHub's answers said of its allowances so far; nil: they
	// are not known.
	Meters func() fleet.Meters
	// Room is what the fleet's share of AWS's allowance leaves now: machines to
	// launch or start, and configs to store; nil: there is no limit.
	Room func() (machines, configs int)
	// Parallel is how many acts run at once; 0 or 1 is one after the other,
	// in order, on the caller's goroutine.
	Parallel int
	// MintsPerMinute is how many runners an installation may register in any
	// minute; 0 is what GitHub allows, 180.
	MintsPerMinute int
	// Generation names the fleet file that Fleet and Hours go by, SOURCE/CONTENT,
	// where several managers may be awake at once; empty: there is but one.
	Generation string
	// Current asks the fleet file's source for its generation; nil: the file came
	// with the program, and is what it is.
	Current func(context.Context) (string, error)
	// Alone says that no other manager can be alive on this ledger: open
	// intents of a predecessor are taken over at once.
	Alone bool

	memory memory
	lock   sync.Mutex // guards memory's pace while acts run in parallel
}

// memory is what one process remembers between looks. Losing it costs calls
// and seconds, never correctness.
type memory struct {
	ask       []fleet.Job
	origins   []fleet.Job              // whose runs GitHub is to be asked about
	unheard   map[fleet.JobKey]unheard // questions that were not answered
	mints     map[int64]*mintWindow
	limited   map[int64]time.Time // GitHub refuses installations until then
	unminted  map[int64]time.Time // likewise, registrations
	installed installed
	doubted   map[int64]time.Time       // installations that may be shut or renamed, with when that was learned
	homes     map[int64]fleet.Scope     // of installations, in one look
	seats     map[string]seat           // scopes of standing pools, by account
	plains    map[fleet.Plain]time.Time // until when what was put is good
	throttled time.Time                 // EC2 asked for a pause until then
	learnt    map[string]string         // marks of boots that the plan is to write
	alerted   map[string]time.Time
	started   bool
	readBack  map[int64]time.Time // when an App's deliveries are due again
	unread    map[int64]bool      // Apps that did not tell when they were asked last
	search    searching
	check     checkMark // as the last look read it
	unchecked time.Time // when a check was begun that was not answered
	guardAt   time.Time // no sooner, to look at groups and versions again
	swept     time.Time
	left      fleet.Leftovers // what was found then, and no plan has swept yet
	full      time.Time       // last attempt at a full look
}

// Once looks, decides, reserves, acts and records, and says when to look
// again if nothing happens before.
func (r *Reconciler) Once(ctx context.Context) (wake time.Time, err error) {
	for range conflicts {
		wake, err = r.once(ctx)
		if !errors.Is(err, ledger.ErrConflict) {
			return wake, err
		}
		r.Log.DebugContext(ctx, "plan number moved on, looking again")
	}
	return r.Now().Add(time.Second), err
}

func (r *Reconciler) once(ctx context.Context) (time.Time, error) {
	seen, err := r.look(ctx, true)
	if err != nil {
		return r.Now().Add(time.Second), fmt.Errorf("look: %w", err)
	}
	plan := fleet.Decide(seen)
	mine, err := r.reserve(ctx, seen, plan)
	if err != nil {
		return r.Now().Add(time.Second), fmt.Errorf("reserve: %w", err)
	}
	out := r.act(ctx, seen, mine)
	if len(mine) > 0 {
		out.SentAt = mine[0].SentAt // they were sent together
	}
	if err := r.record(ctx, out); err != nil {
		return r.Now().Add(time.Second), fmt.Errorf("record: %w", err)
	}
	return r.wake(seen, plan), nil
}

// Full has the next look be a full one.
func (r *Reconciler) Full() { r.memory.full = time.Time{} }

// Plan looks and decides without reserving, acting or writing anything down:
// the dry run, beside a manager that runs.
func (r *Reconciler) Plan(ctx context.Context) (fleet.Snapshot, fleet.Plan, error) {
	seen, err := r.look(ctx, false)
	if err != nil {
		return seen, fleet.Plan{}, fmt.Errorf("look: %w", err)
	}
	return seen, fleet.Decide(seen), nil
}

// wake is the next instant at which a look is due. A plan that did something is
// out of date at once, whatever came of it: its own instant knows nothing of
// what was refused, or not answered.
func (r *Reconciler) wake(s fleet.Snapshot, p fleet.Plan) time.Time {
	now := r.Now()
	if len(p.Intents)+len(p.Settle)+len(r.memory.ask)+len(r.memory.origins) > 0 {
		return now
	}
	next := r.memory.full.Add(r.pause(s))
	if _, at, ok := r.readBackDue(); ok && at.Before(next) {
		next = at
	}
	if at := r.searchWake(s.State, now); !at.IsZero() && at.Before(next) {
		next = at
	}
	if !p.Wake.IsZero() && p.Wake.Before(next) {
		next = p.Wake
	}
	if next.Before(now) {
		return now
	}
	return next
}

// pause is the time between full looks: a fleet at rest is looked at seldom,
// once what its machines left is swept.
func (r *Reconciler) pause(s fleet.Snapshot) time.Duration {
	if r.memory.swept.IsZero() && r.Sweeper != nil || len(s.State.Intents) > 0 || stirs(s) {
		return fullEvery
	}
	for _, j := range s.State.Jobs {
		if j.Verdict.Code != fleet.NoPool {
			return fullEvery
		}
	}
	return restEvery
}

// stirs reports whether there is a machine that is not stopped, or a
// registration of none that is.
func stirs(s fleet.Snapshot) bool {
	stopped := map[fleet.MachineID]bool{}
	for _, m := range s.State.Machines {
		if m.StoppedAt.IsZero() || m.State != fleet.Stopped {
			return true
		}
		stopped[m.ID] = true
	}
	return slices.ContainsFunc(s.State.Runners, func(x fleet.Runner) bool {
		id, _, ok := fleet.ParseRunnerName(s.Fleet.Name, x.Name)
		return !ok || !stopped[id] || x.Online
	})
}
