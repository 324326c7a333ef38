package fleet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

func TestApplyMovesAJob(t *testing.T) {
	waiting := queued(1, arm, 100)
	gated := waiting
	gated.Status = fleet.Waiting
	running, done := on(waiting, fleet.Running, "i-1", 50), on(waiting, fleet.Done, "i-1", 20)
	done.StartedAt, done.Conclusion = ago(50), "success"
	judged := waiting
	judged.Verdict = fleet.Verdict{Code: fleet.Covered}
	unnamed := running
	unnamed.Runner = ""
	stranger := running
	stranger.Runner = "laptop"
	failed := done
	failed.Conclusion = "failure"
	cancelled := waiting
	cancelled.Status, cancelled.Conclusion, cancelled.DoneAt = fleet.Done, "cancelled", ago(20)

	for _, tt := range []struct {
		name    string
		row     *fleet.Job
		event   fleet.Event
		want    func(*fleet.Job) // from the event's job, or from the row
		changed bool
	}{
		{"an unknown job is recorded", nil, fleet.Event{At: ago(9), Job: &waiting}, func(j *fleet.Job) {
			*j = waiting
			j.RecordedAt, j.ChangedAt = ago(9), ago(9)
		}, true},
		{"an unknown job that was read counts as asked about", nil, fleet.Event{At: ago(9), Job: &waiting, Read: true}, func(j *fleet.Job) {
			*j = waiting
			j.RecordedAt, j.ChangedAt, j.AskedAt = ago(9), ago(9), ago(9)
		}, true},
		{"an unknown job that is done is recorded as done", nil, fleet.Event{At: ago(9), Job: &done}, func(j *fleet.Job) {
			*j = done
			j.RecordedAt, j.ChangedAt = ago(9), ago(9)
		}, true},
		{"an approval lets a job queue", &gated, fleet.Event{At: ago(9), Job: &waiting}, func(j *fleet.Job) {
			j.Status, j.ChangedAt = fleet.Queued, ago(9)
		}, true},
		{"a job that begins loses its verdict", &judged, fleet.Event{At: ago(9), Job: &running}, func(j *fleet.Job) {
			j.Status, j.Runner, j.StartedAt, j.ChangedAt, j.Verdict = fleet.Running, running.Runner, ago(50), ago(9), fleet.Verdict{}
		}, true},
		{"a job that is cancelled in the queue is done", &waiting, fleet.Event{At: ago(9), Job: &cancelled}, func(j *fleet.Job) {
			*j = cancelled
			j.ChangedAt = ago(9)
		}, true},
		{"a repeated queued event changes nothing", &waiting, fleet.Event{At: ago(9), Job: &waiting}, nil, false},
		{"a repeated in_progress event changes nothing", &running, fleet.Event{At: ago(9), Job: &running}, nil, false},
		{"a late queued event does not move a running job back", &running, fleet.Event{At: ago(9), Job: &waiting}, nil, false},
		{"a late in_progress event does not move a done job back", &done, fleet.Event{At: ago(9), Job: &running}, nil, false},
		{"a repeated completed event changes nothing", &done, fleet.Event{At: ago(9), Job: &done}, nil, false},
		{"a second conclusion changes nothing", &done, fleet.Event{At: ago(9), Job: &failed}, nil, false},
		{"the first runner's name stays", &running, fleet.Event{At: ago(9), Job: &stranger}, nil, false},
		{"a runner's name that came late is kept", &unnamed, fleet.Event{At: ago(9), Job: &running}, func(j *fleet.Job) { j.Runner = running.Runner }, true},
		{"a completed event without a runner keeps the known one", &running, fleet.Event{At: ago(9), Job: func() *fleet.Job { j := done; j.Runner = ""; return &j }()}, func(j *fleet.Job) {
			j.Status, j.Conclusion, j.DoneAt, j.ChangedAt = fleet.Done, "success", ago(20), ago(9)
		}, true},
		{"a newer read moves a job back and takes its runner away", &running, fleet.Event{At: ago(9), Job: &waiting, Read: true}, func(j *fleet.Job) {
			*j = waiting
			j.ChangedAt, j.AskedAt = ago(9), ago(9)
		}, true},
		{"an older read does not move a job back", &running, fleet.Event{At: ago(60), Job: &waiting, Read: true}, func(j *fleet.Job) { j.AskedAt = ago(60) }, true},
		{"a read that says the same notes that it was asked", &waiting, fleet.Event{At: ago(9), Job: &waiting, Read: true}, func(j *fleet.Job) { j.AskedAt = ago(9) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var want fleet.Job
			if tt.row != nil {
				want = *tt.row
			}
			if tt.want != nil {
				tt.want(&want)
			}
			got, changed := fleet.Apply(tt.row, tt.event)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("job (-want +got):\n%s", diff)
			}
			if changed != tt.changed {
				t.Errorf("changed is %v", changed)
			}
		})
	}
}

func TestWithoutReadsAJobOnlyMovesForward(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		row, _ := fleet.Apply(nil, fleet.Event{At: ago(500), Job: ptr(queued(1, arm, 500))})
		for i := range rapid.IntRange(1, 8).Draw(r, "events") {
			seen := queued(1, arm, 500)
			seen.Status = rapid.SampledFrom([]fleet.JobStatus{fleet.Waiting, fleet.Queued, fleet.Running, fleet.Done}).Draw(r, "status")
			e := fleet.Event{At: ago(400 - i), Job: &seen}
			next, _ := fleet.Apply(&row, e)
			if next.Status < row.Status {
				r.Fatalf("%v became %v", row.Status, next.Status)
			}
			if again, changed := fleet.Apply(&next, e); changed {
				r.Fatalf("the same event twice:\n%s", cmp.Diff(next, again))
			}
			row = next
		}
	})
}

func TestAJobsWaitEndsWhenItBegins(t *testing.T) {
	j := queued(1, arm, 100)
	ended := j
	ended.Status, ended.DoneAt = fleet.Done, ago(70)
	for _, tt := range []struct {
		name string
		job  fleet.Job
		want string
	}{
		{"a job that waits, waits until now", j, "1m40s"},
		{"a running job waited until it began", on(j, fleet.Running, "i-1", 60), "40s"},
		{"a job that never ran waited until it ended", ended, "30s"},
		{"a job of the future waits no time", queued(1, arm, -5), "0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.job.Wait(noon).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
