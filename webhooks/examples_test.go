package webhooks

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

const guid = "72d3162e-cc78-11e3-81ab-4c9367dc0958"

var learned = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func utc(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// wanted is what GitHub's own examples mean to the fleet, by file name.
func wanted() map[string]fleet.Event {
	event := func(action string, j fleet.Job) fleet.Event {
		return fleet.Event{ID: guid, Kind: "workflow_job." + action, At: learned, Job: &j}
	}
	hello := func(installation int64, status fleet.JobStatus) fleet.Job {
		return fleet.Job{
			Key: fleet.JobKey{ID: 289782451, Attempt: 1}, Run: 2202229078,
			Class:   fleet.Class{Scope: fleet.Scope{Installation: installation, Owner: "Octocoders"}, Labels: "ubuntu-latest"},
			OwnerID: 38302899, Repo: "Octocoders/Hello-World", Public: true,
			Name: "linters", Workflow: "CodeQL", Status: status,
		}
	}
	done := hello(0, fleet.Done)
	done.Runner, done.QueuedAt = "GitHub Actions 5", utc("2021-08-05T10:33:58Z")
	done.StartedAt, done.DoneAt = utc("2021-08-05T10:34:58Z"), utc("2021-08-05T10:38:16Z")
	failed, succeeded := done, done
	failed.Conclusion, succeeded.Conclusion = "failure", "success"

	analyze := hello(1, fleet.Running)
	analyze.Name, analyze.Runner = "Analyze (javascript)", "GitHub Actions 5"
	analyze.QueuedAt, analyze.StartedAt = utc("2021-09-13T02:21:13Z"), utc("2021-09-13T02:21:13Z")

	update := hello(3456996, fleet.Queued) // it names a runner although it is queued
	update.Name, update.QueuedAt = "update", utc("2021-09-13T02:21:13Z")

	oldest := fleet.Job{ // without created_at, run_attempt and workflow_name
		Key: fleet.JobKey{ID: 2832853555, Attempt: 1}, Run: 940463255,
		Class:   fleet.Class{Scope: fleet.Scope{Owner: "octo-org"}, Labels: "db-app,dc-03,gpu"},
		OwnerID: 33435655, Repo: "octo-org/example-workflow", Name: "Test workflow",
		Status: fleet.Running, Runner: "my runner",
		QueuedAt: utc("2021-06-15T19:22:27Z"), StartedAt: utc("2021-06-15T19:22:27Z"),
	}
	person := fleet.Job{
		Key: fleet.JobKey{ID: 14541957942, Attempt: 1}, Run: 5373506832,
		Class: fleet.Class{
			Scope:  fleet.Scope{Installation: 3456996, Owner: "wolfy1339", Repo: "github-events-schemas"},
			Labels: "ubuntu-latest",
		},
		OwnerID: 4595477, Repo: "wolfy1339/github-events-schemas", Public: true,
		Name: "Do examples need to be regenerated?", Workflow: "Test",
		Status: fleet.Running, Runner: "GitHub Actions 6",
		QueuedAt: utc("2023-06-26T03:31:29Z"), StartedAt: utc("2023-06-26T03:31:36Z"),
	}
	gated := fleet.Job{
		Key: fleet.JobKey{ID: 12877621891, Attempt: 1}, Run: 4747967848,
		Class: fleet.Class{
			Scope:  fleet.Scope{Installation: 23154469, Owner: "lineville", Repo: "elastic-machines-testing"},
			Labels: "k8s,self-hosted",
		},
		OwnerID: 25349044, Repo: "lineville/elastic-machines-testing", Public: true,
		Name: "test", Workflow: "Env Test", Status: fleet.Waiting, QueuedAt: utc("2023-04-19T21:12:12Z"),
	}
	approved := gated // its status still says waiting
	approved.Status = fleet.Queued
	return map[string]fleet.Event{
		"completed.1": event("completed", failed), "completed.2": event("completed", succeeded),
		"in_progress.1": event("in_progress", oldest), "in_progress.2": event("in_progress", analyze),
		"in_progress.3": event("in_progress", person), "queued.1": event("queued", update),
		"queued.2": event("queued", approved), "waiting.1": event("waiting", gated),
	}
}

func TestExamplesOfGitHubDecode(t *testing.T) {
	got := map[string]fleet.Event{}
	for name, body := range examples(t) {
		e, known, err := Decode("workflow_job", guid, body, learned)
		if err != nil || !known {
			t.Errorf("%s: known %v, error %v", name, known, err)
		}
		clear(body) // the handler uses its buffer again
		got[name] = e
	}
	if diff := cmp.Diff(wanted(), got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
