package fleet

import "time"

// Event is something that somebody told us: a delivery of GitHub's, or the
// answer to a question of ours. It leaves a record in the ledger and says
// "look now"; it is never an instruction.
type Event struct {
	ID   string    // GitHub's delivery GUID; the same ID is applied once. Empty for answers.
	Kind string    // GitHub's event name and action, such as workflow_job.queued
	At   time.Time // when we learned it
	Job  *Job      // the job as the event shows it; nil if it is about no job
	// Notice is what Spot said of a machine; nil if it is about none.
	Notice *Notice
	// Report is what a machine told of itself; nil if it told nothing that is kept.
	Report *Report
	// Read marks an answer of the API. It is the truth of its instant, so it
	// may move a job back where an event may not: GitHub re-queues a job that
	// its runner never picked up.
	Read bool
}

// Apply moves a job by an event: the row the ledger holds, or nil, and what
// the event shows. It returns the new row and whether anything changed.
func Apply(row *Job, e Event) (Job, bool) {
	seen := *e.Job
	if row == nil {
		seen.RecordedAt, seen.ChangedAt = e.At, e.At
		if e.Read {
			seen.AskedAt = e.At
		}
		return seen, true
	}
	next := *row
	if e.Read && e.At.After(row.AskedAt) {
		next.AskedAt = e.At
	}
	back := e.Read && seen.Status < row.Status && e.At.After(row.ChangedAt)
	switch {
	case seen.Status > row.Status, back:
		next.move(seen, e.At)
	case seen.Status == row.Status && next.Runner == "" && seen.Runner != "":
		next.Runner = seen.Runner
	}
	if next.Origin == "" {
		next.Origin = seen.Origin
	}
	unknown := next.Conclusion == "" || next.Conclusion == ConclusionGone
	if next.Status == Done && seen.Status == Done && unknown && seen.Conclusion != "" {
		next.Conclusion = seen.Conclusion
	}
	return next, next != *row
}

// ApplyNotice is the row after an event about a machine: the row the ledger
// holds, or nil, and what the event tells. It reports whether that is news.
func ApplyNotice(row *Notice, e Event) (Notice, bool) {
	if row == nil {
		return *e.Notice, true
	}
	return row.Heed(*e.Notice)
}

func (j *Job) move(seen Job, at time.Time) {
	j.Status, j.Conclusion, j.ChangedAt = seen.Status, seen.Conclusion, at
	j.StartedAt, j.DoneAt = seen.StartedAt, seen.DoneAt
	if seen.Runner != "" || seen.Status < Running {
		j.Runner = seen.Runner
	}
	j.Verdict = Verdict{}
}
