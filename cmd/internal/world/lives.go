package world

import (
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// lives holds that the ledger tells each job's life as GitHub does: it forgets
// none, calls none done too early, and moves none back but with GitHub.
type lives struct {
	status map[fleet.JobKey]fleet.JobStatus // as the ledger had it at the last look
}

var statuses = map[string]fleet.JobStatus{
	"waiting": fleet.Waiting, "queued": fleet.Queued, "in_progress": fleet.Running, "completed": fleet.Done,
}

func (l *lives) check(c *checker, w *World, s fleet.State) {
	truth := map[fleet.JobKey]githubsim.Outcome{}
	for _, o := range w.GitHub.Outcomes() {
		truth[fleet.JobKey{ID: fleet.JobID(o.ID), Attempt: o.Attempt}] = o
	}
	now := make(map[fleet.JobKey]fleet.JobStatus, len(s.Jobs))
	for _, j := range s.Jobs {
		now[j.Key] = j.Status
		o, ok := truth[j.Key]
		before, known := l.status[j.Key]
		switch really := statuses[o.Status]; {
		case !ok:
			c.fail(w, "the ledger has job %d, attempt %d, and GitHub has not", j.Key.ID, j.Key.Attempt)
		case j.Status == fleet.Done && really != fleet.Done:
			c.fail(w, "the ledger calls job %d done, and it is %s", j.Key.ID, really)
		case known && j.Status < before && j.Status < really:
			c.fail(w, "job %d went back from %s to %s, and it is %s", j.Key.ID, before, j.Status, really)
		}
	}
	for key := range l.status {
		if _, ok := now[key]; !ok && truth[key].Status != "completed" {
			c.fail(w, "the ledger forgot job %d, and it is %s", key.ID, truth[key].Status)
		}
	}
	l.status = now
}
