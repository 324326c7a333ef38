package fleet

import (
	"cmp"
	"fmt"
	"time"
)

// JobID is GitHub's number of a workflow job. A re-run gets a new one.
type JobID int64

// RunID is GitHub's number of a workflow run.
type RunID int64

// JobKey names one life of a job: GitHub repeats old events of a job under the
// next attempt's number when a run is re-run.
type JobKey struct {
	ID      JobID
	Attempt int // counts from 1
}

// String is the key as a row's name, such as 42-1.
func (k JobKey) String() string { return fmt.Sprintf("%d-%d", k.ID, k.Attempt) }

// Compare orders keys by id, then attempt.
func (k JobKey) Compare(l JobKey) int {
	return cmp.Or(cmp.Compare(k.ID, l.ID), cmp.Compare(k.Attempt, l.Attempt))
}

// JobStatus says how far a job came. The order is the order of life: events
// only move a job forward.
type JobStatus int

// The statuses of a job.
const (
	Waiting JobStatus = iota // for an approval or another gate of GitHub's
	Queued                   // for a runner
	Running                  // on a runner
	Done                     // whatever its conclusion
)

var jobStatuses = []string{"waiting", "queued", "running", "done"}

// String is the status as the CLI prints it.
func (s JobStatus) String() string {
	if s < 0 || int(s) >= len(jobStatuses) {
		return "unknown"
	}
	return jobStatuses[s]
}

// ConclusionGone is ours: GitHub no longer has the job, or no longer shows it
// to the App. It proves less than a conclusion of GitHub's.
const ConclusionGone = "gone"

// Job is a workflow job as the ledger knows it.
type Job struct {
	Key        JobKey
	Run        RunID
	Class      Class
	OwnerID    int64  // GitHub's id of the account: logins can be re-registered
	Repo       string // owner/name, for calls and for people
	Public     bool   // the repository is not private
	Origin     Origin // of its run's code; empty while GitHub was not asked
	Found      bool   // a search of runs found it: no delivery had told of it
	Name       string // chosen by whoever wrote the workflow: never trusted
	Workflow   string // likewise
	Status     JobStatus
	Conclusion string    // of a job that is done
	Runner     string    // name of the runner that took it, when GitHub told
	QueuedAt   time.Time // GitHub's created_at
	StartedAt  time.Time // when it began to run; zero before
	DoneAt     time.Time // zero before
	RecordedAt time.Time // when the ledger first heard of it
	ChangedAt  time.Time // when we last learned its status
	AskedAt    time.Time // last GET of this job; zero if never
	LaunchedAt time.Time // last launch that was made with this job uncovered
	Launches   int       // how often that happened
	Closed     bool      // done, and nothing of ours is left of it
	Verdict    Verdict   // why it is not running, as last decided
}

// Open reports whether the job still waits or runs.
func (j Job) Open() bool { return j.Status != Done }

// Wait is the time the job waited for a runner, up to at while it waits.
func (j Job) Wait(at time.Time) time.Duration {
	switch {
	case !j.StartedAt.IsZero():
		at = j.StartedAt
	case !j.DoneAt.IsZero():
		at = j.DoneAt
	}
	return max(0, at.Sub(j.QueuedAt))
}
