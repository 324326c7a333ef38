package world

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// verdictOf is that of the job that waits; empty if none does.
func verdictOf(t *testing.T, w *World) string {
	t.Helper()
	jobs, err := w.Store.Jobs(t.Context(), ledger.Query{Status: []fleet.JobStatus{fleet.Queued}})
	if err != nil || len(jobs) != 1 {
		t.Errorf("%d jobs wait, %v", len(jobs), err)
		return ""
	}
	return jobs[0].Verdict.String()
}

func TestASuspendedInstallationCostsNothingUntilItOpens(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	labels := []string{"self-hosted", "linux", "arm64"}
	w, err := New(t.Context(), Config{
		Seed: 1, Begin: begin(), Fleet: f, Types: types,
		Script: []Job{{Run: 1, Duration: 3 * time.Minute, Labels: labels}, {Run: 2, After: 15 * time.Minute, Duration: time.Minute, Labels: labels}},
		Moments: []Moment{
			{After: 10 * time.Minute, Do: func(w *World) { w.GitHub.Suspend(installation, true) }},
			{After: 25 * time.Minute, Do: func(w *World) {
				if got := verdictOf(t, w); got != "refused: the App is suspended on acme" {
					t.Errorf("verdict %q", got)
				}
				if n := w.AWS.Calls()["ec2"]["CreateFleet"]; n != 1 {
					t.Errorf("%d launches, want that of the first job", n)
				}
				w.GitHub.Suspend(installation, false)
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Run(t.Context(), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	s := w.Summary()
	if !s.Good() || s.Jobs.Completed != 2 || s.Wait.Max < (10*time.Minute).Seconds() || s.Wait.Max > (12*time.Minute).Seconds() {
		t.Errorf("summary %+v", s)
	}
}

func TestARenamedAccountIsServedOn(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	labels := []string{"self-hosted", "linux", "arm64"}
	w, err := New(t.Context(), Config{
		Seed: 1, Begin: begin(), Fleet: f, Types: types,
		Script: []Job{{Run: 1, Duration: 20 * time.Minute, Labels: labels}},
		Moments: []Moment{{After: 10 * time.Minute, Do: func(w *World) {
			if err := w.GitHub.Rename(organisation, "acme-two"); err != nil {
				t.Error(err)
			}
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Run(t.Context(), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	if s := w.Summary(); !s.Good() || s.Jobs.Completed != 1 || s.RunnersLeft != 0 {
		t.Errorf("summary %+v", s)
	}
}

func TestAStandingPoolServesARenamedAccountOn(t *testing.T) {
	var script []Job
	for i := range 6 { // every four minutes, the account is renamed while the third runs
		script = append(script, Job{Run: i, After: time.Duration(1+4*i) * time.Minute, Duration: 3 * time.Minute, Labels: buildLabels})
	}
	w := standing(t, fleet.ClosedWait, script, func(c *Config) {
		c.Fleet.Accounts = []fleet.Account{{Login: organisation, ID: 1000 + installation}}
		c.Moments = []Moment{{After: 10 * time.Minute, Do: func(w *World) {
			if err := w.GitHub.Rename(organisation, "acme-two"); err != nil {
				t.Error(err)
			}
			w.repo = "acme-two/widgets"
		}}}
	})
	s := w.Summary()
	if !s.Good() || s.Jobs.Completed != 6 || s.Machines.Launched != 2 || s.Standing.Jobs != 6 || s.Wait.Max > time.Minute.Seconds() {
		t.Errorf("summary %+v", s)
	}
}
