package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// questions is how often GitHub was asked about jobs.
func (r *rig) questions() (n int) {
	for _, line := range r.calls {
		if line == "job 1" || line == "job 2" {
			n++
		}
	}
	return n
}

func TestGitHubsAnswerAboutAJobIsRecorded(t *testing.T) {
	shows := func(change func(*fleet.Job)) func(*rig) {
		return func(r *rig) {
			j := r.hub.jobs[1]
			change(&j)
			r.hub.jobs[1] = j
		}
	}
	gone := func(r *rig) { delete(r.hub.jobs, 1) }
	for _, tt := range []struct {
		name   string
		before func(*rig) // at an answer a minute ago; nil: none
		now    func(*rig)
		want   string
	}{
		{"it still waits", nil, func(*rig) {}, "queued, asked"},
		{"it runs", nil, shows(func(j *fleet.Job) { j.Status, j.Runner = fleet.Running, "laptop" }), "running, asked"},
		{"it is over", nil, shows(func(j *fleet.Job) { j.Status, j.Conclusion = fleet.Done, "cancelled" }), "done cancelled, asked"},
		{"GitHub does not have it, which proves nothing yet", nil, gone, "queued"},
		{"GitHub does not have it a minute later either", gone, func(*rig) {}, "done gone, asked"},
		{"GitHub has it again", gone, func(r *rig) { r.hub.jobs[1] = r.state().Jobs[0] }, "queued, asked"},
		{"GitHub does not answer", nil, func(r *rig) { r.refuse["job"] = fleet.ErrUnknownOutcome }, "queued"},
		{"GitHub does not answer twice", func(r *rig) { r.refuse["job"] = fleet.ErrUnknownOutcome }, func(*rig) {}, "queued"},
		{"GitHub refuses to tell", nil, func(r *rig) { r.refuse["job"] = fleet.ErrConfig }, "queued"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.queue(1, acme)
			for _, with := range []func(*rig){tt.before, tt.now} {
				if with == nil {
					continue
				}
				r.now = r.now.Add(askAgain)
				with(r)
				r.memory.ask = r.state().Jobs
				if err := r.answer(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			rows, err := r.store.Jobs(t.Context(), ledger.Query{})
			if err != nil || len(rows) != 1 {
				t.Fatal(rows, err)
			}
			j := rows[0]
			got := j.Status.String()
			if j.Conclusion != "" {
				got += " " + j.Conclusion
			}
			if j.AskedAt.Equal(r.now) {
				got += ", asked"
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAJobIsOverWhenItIsAbsentTwiceInARow(t *testing.T) {
	r := rigged(t)
	r.queue(1, acme)
	job := r.hub.jobs[1]
	for i, there := range []bool{false, true, false} {
		delete(r.hub.jobs, 1)
		if there {
			r.hub.jobs[1] = job
		}
		r.now = r.now.Add(askAgain)
		r.memory.ask = r.state().Jobs
		if err := r.answer(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(r.state().Jobs) != 1 {
			t.Fatalf("over after answer %d", i+1)
		}
	}
}

// doubted makes jobs that were launched for and not heard of since.
func (r *rig) doubted(n int) {
	r.queue(n, acme)
	s := r.state()
	for i := range s.Jobs {
		s.Jobs[i].Launches, s.Jobs[i].LaunchedAt = 1, r.now
	}
	r.has(fleet.Change{Jobs: s.Jobs})
	r.now = r.now.Add(90 * time.Second)
	r.due = r.now
}

func TestADoubtedJobIsLaunchedForAgainWhenGitHubSaysThatItWaits(t *testing.T) {
	r := rigged(t)
	r.doubted(2)
	r.hub.jobs[2] = func(j fleet.Job) fleet.Job { j.Status = fleet.Done; return j }(r.hub.jobs[2])
	r.play(time.Second)
	if diff := cmp.Diff([]string{"launch 1 spot", "mint rf-f-i-1-1", "put i-1"}, r.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAQuestionThatFailsKeepsNoOther(t *testing.T) {
	r := rigged(t)
	r.doubted(2)
	r.refuse["job 1"] = fleet.ErrUnknownOutcome
	r.look() // both are asked about
	r.look()
	if diff := cmp.Diff([]string{"launch 1 spot"}, r.launches()); diff != "" {
		t.Errorf("launches (-want +got):\n%s", diff)
	}
}

func TestAnUnansweredQuestionWaitsAMinute(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want int // in the first two minutes, looks every second
	}{
		{"without an answer it is asked once a minute", fleet.ErrUnknownOutcome, 2},
		{"a limited installation is asked when the limit is over", limited(7), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.doubted(1)
			r.refuse["job"] = tt.err
			for range 120 {
				r.look()
				r.now = r.now.Add(time.Second)
			}
			if got := r.questions(); got != tt.want {
				t.Errorf("asked %d times", got)
			}
			if len(r.launches()) > 0 {
				t.Error("launched without an answer")
			}
		})
	}
}

func TestAPredecessorsIntentsAreTakenOverOnce(t *testing.T) {
	for _, alone := range []bool{true, false} {
		t.Run(fmt.Sprintf("alone: %v", alone), func(t *testing.T) {
			r := rigged(t)
			r.Alone = alone
			r.has(fleet.Change{Reserve: []fleet.Intent{three(1)}})
			r.refuse["launch"] = fleet.ErrUnknownOutcome
			r.look()
			r.look()
			ids := []fleet.IntentID{}
			for _, in := range r.yard.sent {
				ids = append(ids, in.ID)
			}
			want := []fleet.IntentID{}
			if alone {
				want = append(want, "l")
			}
			if !slices.Equal(want, ids) {
				t.Errorf("sent %q, want %q", ids, want)
			}
		})
	}
}

func TestWithoutRecipesAJobHearsWhy(t *testing.T) {
	r := rigged(t)
	r.queue(1, acme)
	r.refuse["recipes"] = fleet.ErrThrottled
	r.look()
	if got := r.state().Jobs[0].Verdict.String(); got != "set-back: pool arm: AWS was not asked yet" {
		t.Errorf("verdict %q", got)
	}
}
