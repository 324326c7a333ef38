package reconcile

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// guarded refuses forks, and has so many jobs announced of each run.
func (r *rig) guarded(runs, each int) {
	r.t.Helper()
	pools := r.Fleet()
	pools.Forks.Rule = fleet.RefuseForks
	r.Fleet = func() fleet.Fleet { return pools }
	r.Search = &r.hub
	for i := range runs * each {
		j := hidden(i+1, acme, arm)
		j.Run = fleet.RunID(i/each + 1)
		if j.Run == 1 {
			j.Origin = fleet.Fork
		}
		r.hub.hidden = append(r.hub.hidden, j)
		j.Origin, j.Found = "", false
		r.hears(fleet.Event{ID: j.Key.String(), At: r.now, Job: &j})
	}
	r.memory.search.begun, r.memory.search.todo = r.now, []errand{{repo: fleet.Repository{Scope: zeta, Name: "zeta/rests"}}}
	r.refuse["runs zeta/rests"] = limited(8)
}

// origins counts the jobs of each origin and verdict.
func (r *rig) origins() map[string]int {
	got := map[string]int{}
	for _, j := range r.state().Jobs {
		got[string(j.Origin)+" "+string(j.Verdict.Code)]++
	}
	return got
}

func TestGitHubIsAskedOnceForEachRunWhereItComesFrom(t *testing.T) {
	r := rigged(t)
	r.guarded(3, 2)
	r.look()
	if n := len(r.launches()); n != 0 {
		t.Errorf("%d launches before GitHub told", n)
	}
	if wake := r.look(); !wake.Equal(r.now) {
		t.Errorf("looks again at %s", wake)
	}
	if diff := cmp.Diff(map[string]int{"fork refused": 2, "own launching": 4}, r.origins()); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	asked := 0
	for _, line := range r.said() {
		if line == "run 1" || line == "run 2" || line == "run 3" {
			asked++
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

func TestAnOriginThatGitHubDoesNotTellIsAskedForOnceAMinuteAndMovesNothing(t *testing.T) {
	r := rigged(t)
	r.guarded(1, 1)
	r.refuse["run 1"] = fleet.ErrUnknownOutcome
	for range 60 {
		r.look()
		r.now = r.now.Add(time.Second)
	}
	asked := 0
	for _, line := range r.said() {
		if line == "run 1" {
			asked++
		}
	}
	if asked != 1 || len(r.launches()) > 0 {
		t.Errorf("asked %d times, %d launches", asked, len(r.launches()))
	}
	if diff := cmp.Diff(map[string]int{" asking": 1}, r.origins()); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

func TestWordOfAnOriginMovesNoJobBack(t *testing.T) {
	r := rigged(t)
	r.guarded(2, 1)
	r.look()
	runs := r.hub.hidden[1]
	runs.Status, runs.Runner = fleet.Running, "laptop"
	r.hears(fleet.Event{ID: "runs", At: r.now, Job: &runs})
	r.now = r.now.Add(time.Second)
	r.look()
	for _, j := range r.state().Jobs {
		if j.Key.ID == 2 && (j.Status != fleet.Running || j.Origin != fleet.Own) {
			t.Errorf("job %+v", j)
		}
	}
}

func TestALookAsksAboutTwentyRuns(t *testing.T) {
	r := rigged(t)
	r.guarded(45, 1)
	for _, want := range []int{0, 20, 40, 45} {
		r.look()
		known := 0
		for _, j := range r.state().Jobs {
			if j.Origin != "" {
				known++
			}
		}
		if known != want {
			t.Errorf("%d origins known, want %d", known, want)
		}
	}
}
