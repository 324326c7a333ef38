package githubsim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

func TestRunsAreListedByStatusTheNewestFirst(t *testing.T) {
	s := newSim(t, nil)
	var runs []githubsim.RunID
	for _, label := range []string{"x64", "other", "other"} {
		runs = append(runs, s.outcome(s.queued(githubsim.JobSpec{Labels: []string{label}})).Run)
	}
	s.queued(githubsim.JobSpec{Run: runs[0], Labels: []string{"other"}})
	s.connected("one", "x64")
	s.run(time.Minute) // the first run has a job that runs, and one that waits
	for status, want := range map[string][]githubsim.RunID{
		"queued": {runs[2], runs[1]}, "in_progress": {runs[0]}, "completed": nil,
	} {
		var got struct {
			Total int                            `json:"total_count"`
			Runs  []struct{ ID githubsim.RunID } `json:"workflow_runs"`
		}
		s.call("GET", fmt.Sprintf("/repos/acme/widgets/actions/runs?status=%s", status), nil, 200, &got)
		var ids []githubsim.RunID
		for _, r := range got.Runs {
			ids = append(ids, r.ID)
		}
		if diff := cmp.Diff(want, ids); diff != "" || got.Total != len(want) {
			t.Errorf("%q: %d in all (-want +got):\n%s", status, got.Total, diff)
		}
	}
}

func TestAnEventOfWhichNoDeliveryIsMadeIsInNoList(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) { c.Faults.Unmade.Rate = 1 })
	s.queued(githubsim.JobSpec{})
	s.run(time.Hour)
	var list []struct{ ID int64 }
	s.asApp("GET", "/app/hook/deliveries", 200, &list)
	if len(list) > 0 {
		t.Errorf("%d deliveries", len(list))
	}
}
