package fleet

import "time"

// Origin is where a workflow run's code comes from. A job's events do not tell:
// its run does.
type Origin string

// The origins. Empty means that GitHub was not asked.
const (
	Own  Origin = "own"  // of the repository itself
	Fork Origin = "fork" // of a fork, or of a repository that is gone
)

// Repository is one that jobs came from, as far as calls and rows need it.
type Repository struct {
	Scope   Scope  // where its runners are registered
	OwnerID int64  // GitHub's id of the account
	Name    string // owner/name
}

// Pushed is a repository, and when it was pushed to last.
type Pushed struct {
	Repository
	At time.Time
}

// Run is a workflow run as GitHub shows it.
type Run struct {
	ID RunID
	Repository
	Public bool // the repository is not private
	Origin Origin
}
