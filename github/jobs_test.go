package github_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestAJobIsReadAsItIsNow(t *testing.T) {
	known := fleet.Job{
		Key: fleet.JobKey{ID: 5, Attempt: 1}, Repo: "acme/web", Class: fleet.Class{Scope: acme, Labels: "linux"},
		OwnerID: 3, Status: fleet.Running, Runner: "rf-old", StartedAt: noon, RecordedAt: noon, Launches: 2,
	}
	read := func(change func(*fleet.Job)) fleet.Job {
		j := known
		j.Run, j.Name, j.Workflow = 77, "build", "CI"
		j.Runner, j.StartedAt, j.QueuedAt = "", time.Time{}, noon
		change(&j)
		return j
	}
	const head = `{"id":5,"run_id":77,"run_attempt":1,"name":"build","workflow_name":"CI","labels":["Linux",null],"steps":[null],
		"created_at":"2026-11-25T12:00:00Z","started_at":"2026-11-25T13:01:00+01:00",`
	started, done := noon.Add(time.Minute), noon.Add(time.Hour)
	for name, tt := range map[string]struct {
		body string
		want fleet.Job
	}{
		"a queued job has no runner and no start, whatever GitHub fills in": {`"status":"queued","runner_name":"rf-9","runner_id":9}`,
			read(func(j *fleet.Job) { j.Status = fleet.Queued })},
		"a requested job is as good as queued": {`"status":"requested"}`,
			read(func(j *fleet.Job) { j.Status = fleet.Queued })},
		"a job that waits for an approval": {`"status":"waiting","runner_name":null}`,
			read(func(j *fleet.Job) { j.Status = fleet.Waiting })},
		"a job that waits for its concurrency group": {`"status":"pending"}`,
			read(func(j *fleet.Job) { j.Status = fleet.Waiting })},
		"a running job": {`"status":"in_progress","runner_name":"rf-1","conclusion":null}`,
			read(func(j *fleet.Job) { j.Status, j.Runner, j.StartedAt = fleet.Running, "rf-1", started })},
		"a finished job": {`"status":"completed","runner_name":"rf-1","conclusion":"failure","completed_at":"2026-11-25T13:00:00Z"}`,
			read(func(j *fleet.Job) {
				j.Status, j.Conclusion, j.Runner, j.StartedAt, j.DoneAt = fleet.Done, "failure", "rf-1", started, done
			})},
		"a job cancelled in the queue never started": {`"status":"completed","runner_name":"","conclusion":"cancelled","completed_at":"2026-11-25T13:00:00Z"}`,
			read(func(j *fleet.Job) { j.Status, j.Conclusion, j.DoneAt = fleet.Done, "cancelled", done })},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			r.on("GET /repos/acme/web/actions/jobs/5", 200, head+tt.body)
			got, err := r.Job(t.Context(), known)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("job (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAJobKeepsTheKeyItWasAskedBy(t *testing.T) {
	for asked, want := range map[int]int{0: 2, 1: 1, 2: 2} {
		r := rigged(t)
		r.on("GET /repos/acme/web/actions/jobs/5", 200, `{"id":5,"run_attempt":2,"status":"completed","labels":["GPU"]}`)
		got, err := r.Job(t.Context(), fleet.Job{Key: fleet.JobKey{ID: 5, Attempt: asked}, Repo: "acme/web", Class: fleet.Class{Scope: acme}})
		if err != nil || got.Key.Attempt != want || got.Class.Labels != "gpu" {
			t.Errorf("asked for attempt %d: %+v %v", asked, got.Key, err)
		}
	}
}

func TestAnAnswerThatIsNoJobOfOursIsAnError(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":5,"status":"dreaming"}`: "error",
		`{"id":6,"status":"queued"}`:   "unknown",
		`{}`:                           "unknown",
	} {
		r := rigged(t)
		r.on("GET /repos/alice/tools/actions/jobs/5", 200, body)
		if got := meaning(r.calls()["job"](t.Context())); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
