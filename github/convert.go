package github

import (
	"fmt"
	"time"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// runnerFrom is a registration as GitHub lists it. When it was first and last
// seen is for the caller to say.
func runnerFrom(r *github.Runner, s fleet.Scope) fleet.Runner {
	return fleet.Runner{
		Name: r.GetName(), ID: r.GetID(), Scope: s,
		Online: r.GetStatus() == "online", Busy: r.GetBusy(),
	}
}

// jobFrom is a job with GitHub's answer written over what was known of it.
//
// The key stays as asked: a job's number names one life, and GitHub shows an
// old job under the number of its run's latest attempt once that was re-run.
func jobFrom(w *github.WorkflowJob, known fleet.Job) (fleet.Job, error) {
	status, err := statusFrom(w.GetStatus())
	if err != nil {
		return fleet.Job{}, err
	}
	j := known
	j.Status, j.Conclusion = status, w.GetConclusion()
	if j.Key.Attempt == 0 {
		j.Key.Attempt = int(w.GetRunAttempt())
	}
	if id := w.GetRunID(); id != 0 {
		j.Run = fleet.RunID(id)
	}
	if j.Class.Labels == "" {
		j.Class.Labels = fleet.NewLabels(w.Labels...)
	}
	if name := w.GetName(); name != "" {
		j.Name = name
	}
	if name := w.GetWorkflowName(); name != "" {
		j.Workflow = name
	}
	if at := w.GetCreatedAt(); !at.IsZero() {
		j.QueuedAt = at.UTC()
	}
	// GitHub fills in started_at while a job waits, and was seen to name a
	// runner then; a job cancelled in the queue has a start and no runner.
	j.Runner, j.StartedAt, j.DoneAt = "", time.Time{}, time.Time{}
	if status >= fleet.Running {
		j.Runner = w.GetRunnerName()
	}
	if j.Runner != "" {
		j.StartedAt = w.GetStartedAt().UTC()
	}
	if status == fleet.Done {
		j.DoneAt = w.GetCompletedAt().UTC()
	}
	return j, nil
}

// statusFrom orders GitHub's words by the life of a job. A pending job waits
// for its concurrency group, a waiting one for an approval: no runner helps
// either. A requested one is about to be queued, and is counted, because a
// machine too early costs less than a job that nobody serves.
func statusFrom(s string) (fleet.JobStatus, error) {
	switch s {
	case "waiting", "pending":
		return fleet.Waiting, nil
	case "queued", "requested":
		return fleet.Queued, nil
	case "in_progress":
		return fleet.Running, nil
	case "completed":
		return fleet.Done, nil
	}
	return 0, fmt.Errorf("status %q is none that we know", clean(s))
}

// installationFrom is GitHub's installation in the fleet's words.
func installationFrom(in *github.Installation) fleet.Installation {
	return fleet.Installation{
		ID: in.GetID(), Account: in.GetAccount().GetLogin(), AccountID: in.GetAccount().GetID(), Suspended: in.SuspendedAt != nil,
		Person: in.GetTargetType() == person,
	}
}

// person is GitHub's word for accounts that are no organisations.
const person = "User"
