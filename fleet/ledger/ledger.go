// Package ledger owns what must outlive a process: which jobs were asked for,
// what was intended, what came of it, and why. A store of its own is a child
// package; ledgertest is the suite that every store passes.
//
// # Decisions
//
// One plan number per fleet, no lease: a plan is committed only on the number
// that its look read, and increments it, so two managers cannot both act on
// one view. An outcome goes by no number, because whoever looked meanwhile left its
// rows alone; so it must be the word of whoever sent its intents last. Rows of jobs have two writers, events and plans: a plan writes only
// the fields that are its own (LaunchedAt, Launches, Closed, Verdict), an event
// only the others, so neither can undo the other. An event that moves a job
// clears its verdict, and opens it again if it waits again. Spot's notices are
// rows of the events' alone, and so are the reports of machines: a plan only
// forgets them, with their machines.
package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Errors of every store, to be found with errors.Is.
var (
	// ErrConflict: the plan number moved on; look again.
	ErrConflict = errors.New("plan number moved on")
	// ErrBusy: the queue of writers is full, or the store does not answer or
	// has no room; GitHub keeps a delivery that is refused for it.
	ErrBusy = errors.New("ledger is busy")
	// ErrNewer: the store was written by a newer version of the program.
	ErrNewer = errors.New("ledger was written by a newer version")
	// ErrOwned: the store belongs to another fleet.
	ErrOwned = errors.New("ledger belongs to another fleet")
	// ErrHeld: another manager holds the store.
	ErrHeld = errors.New("ledger is held")
	// ErrUnknown: there is no such row.
	ErrUnknown = errors.New("not in the ledger")
)

// Recorder takes events in.
type Recorder interface {
	// Record applies events durably, in order, each in its entirety or not at
	// all, and remembers their IDs for three days. fresh[i] is false for an
	// event whose ID was known already, or which changed nothing. It returns
	// ErrBusy at once when it cannot take more.
	Record(ctx context.Context, events ...fleet.Event) (fresh []bool, err error)
}

// Ledger is what a reconciler needs.
type Ledger interface {
	Recorder
	// Read returns everything that is alive, in canonical order (jobs by key,
	// machines by id, runners by name, intents by id), and the plan number.
	Read(ctx context.Context) (fleet.State, error)
	// Commit applies a change on the plan number that Read returned, and
	// increments it. It returns ErrConflict, and changes nothing, if the
	// number is another by now.
	Commit(ctx context.Context, number int64, c fleet.Change) error
	// Settle applies what came of acts, whatever the plan number: outcomes
	// are facts. It leaves the number alone. A change with SentAt comes too
	// late if an intent that it settles is gone, or was sent again since: then
	// it returns ErrConflict, and changes nothing.
	Settle(ctx context.Context, c fleet.Change) error
}

// Decision is one line of a job's story: what was decided, when, by which plan.
type Decision struct {
	At     time.Time
	Plan   int64
	Text   string
	Status fleet.JobStatus
}

// Query selects jobs for people.
type Query struct {
	Status []fleet.JobStatus // empty: all
	Runs   []fleet.RunID     // empty: all
	Limit  int               // 0: 100
}

// Reader answers people's questions.
type Reader interface {
	// Jobs returns rows, closed ones too, newest first.
	Jobs(ctx context.Context, q Query) ([]fleet.Job, error)
	// Explain returns a job's latest attempt and its story, oldest first.
	// ErrUnknown if there is no such job.
	Explain(ctx context.Context, id fleet.JobID) (fleet.Job, []Decision, error)
}

// Orders keeps what operators ask for.
type Orders interface {
	// Place writes an order; one with the ID of an older replaces it.
	Place(ctx context.Context, o fleet.Order) error
	// Lift removes an order. ErrUnknown if there is none.
	Lift(ctx context.Context, id string) error
}
