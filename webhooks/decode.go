package webhooks

import (
	"errors"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Decode turns a delivery into an event: the name of GitHub's event, the
// delivery's GUID, its JSON, and the instant at which we learn it. It reports
// false, and no error, for events and actions that mean nothing to the fleet:
// GitHub adds both without notice. The event shares no memory with the body.
// An error's text holds nothing of the body.
//
// The action decides, never the status inside the job: a job that waited for
// an approval is announced as queued while its status still says waiting.
func Decode(event, guid string, body []byte, at time.Time) (fleet.Event, bool, error) {
	if event != "workflow_job" {
		return fleet.Event{}, false, nil
	}
	if !isGUID(guid) {
		return fleet.Event{}, false, errors.New("the delivery's GUID is none")
	}
	p, syntax, wrong := parse(body)
	if syntax != nil {
		return fleet.Event{}, false, syntax
	}
	kind, status := meaning(p.action)
	if kind == "" && p.action != "" {
		return fleet.Event{}, false, nil
	}
	if wrong != nil {
		return fleet.Event{}, false, wrong
	}
	if p.action == "" {
		return fleet.Event{}, false, errors.New("there is no action")
	}
	if err := p.check(); err != nil {
		return fleet.Event{}, false, err
	}
	row := p.row(status, at)
	return fleet.Event{ID: guid, Kind: kind, At: at, Job: &row}, true, nil
}

// meaning is what an action of a workflow_job is to the fleet; the kind is
// empty for an unknown one.
func meaning(action string) (kind string, status fleet.JobStatus) {
	switch action {
	case "waiting":
		return "workflow_job.waiting", fleet.Waiting
	case "queued":
		return "workflow_job.queued", fleet.Queued
	case "in_progress":
		return "workflow_job.in_progress", fleet.Running
	case "completed":
		return "workflow_job.completed", fleet.Done
	}
	return "", 0
}
