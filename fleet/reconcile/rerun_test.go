package reconcile

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestWhatComesOfAReRun(t *testing.T) {
	lost := func(id fleet.JobID, run fleet.RunID, attempt int) fleet.Interrupted {
		return fleet.Interrupted{Job: fleet.JobKey{ID: id, Attempt: attempt}, Run: run, Scope: acme, Repo: "acme/w", At: noon, Conclusion: "failure"}
	}
	for _, tt := range []struct {
		name string
		err  error
		want []string
	}{
		{"every job that its run lost is re-run", nil, []string{"1 re-run", "2 re-run"}},
		{"a run that is not over is tried later", fleet.ErrBusy, []string{"1 tried", "2 tried"}},
		{"so is one that GitHub did not answer about", fleet.ErrUnknownOutcome, []string{"1 tried", "2 tried"}},
		{"a limit of GitHub's is no refusal", limited(7), []string{"1 tried", "2 tried"}},
		{"a refusal is told", fleet.ErrConfig, []string{"1 refused: configuration refused", "2 refused: configuration refused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.refuse["rerun"] = tt.err
			r.has(fleet.Change{Interrupted: []fleet.Interrupted{lost(1, 9, 1), lost(2, 9, 1), lost(3, 9, 2), lost(4, 8, 1)}})
			in := fleet.Intent{ID: "r", Rerun: &fleet.Rerun{Job: fleet.JobKey{ID: 1, Attempt: 1}, Run: 9, Scope: acme, Repo: "acme/w"}}
			o := r.rerun(t.Context(), r.snapshot(), in)
			var got []string
			for _, i := range o.Interrupted {
				what := i.Why
				switch {
				case i.RerunAt.Equal(noon):
					what = "re-run"
				case i.Refused == 1:
					what = "refused: " + i.Why
				case i.TriedAt.Equal(noon):
					what = "tried"
				}
				got = append(got, fmt.Sprint(i.Job.ID, " ", what))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || len(o.Settle) != 1 {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnInterruptedJobIsRunAgainByTheLoop(t *testing.T) {
	r := rigged(t)
	r.queue(1, acme)
	r.play(time.Minute)
	j := r.hub.jobs[1]
	m := r.state().Machines[0]
	j.Status, j.Runner, j.StartedAt, j.Run = fleet.Running, fleet.RunnerName("f", m.ID, 1), r.now, 1
	r.hears(fleet.Event{ID: "began", At: r.now, Job: &j})
	n := fleet.Notice{Machine: m.ID, Kind: fleet.Interruption, At: r.now, Deadline: r.now.Add(2 * time.Minute)}
	r.hears(fleet.Event{ID: "spot", At: r.now, Notice: &n})
	r.due = r.now
	r.play(time.Minute)
	j.Status, j.Conclusion, j.DoneAt = fleet.Done, "failure", r.now
	r.hears(fleet.Event{ID: "failed", At: r.now, Job: &j})
	r.asked()
	r.due = r.now
	r.play(time.Second)
	if diff := cmp.Diff([]string{"rerun 1"}, r.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if got := r.state().Interrupted; len(got) != 1 || got[0].RerunAt.IsZero() || got[0].Machine != m.ID {
		t.Errorf("rows: %+v", got)
	}
}
