package fleet

import (
	"fmt"
	"slices"
	"time"
)

// Interrupted is a job that ran on a machine which Spot took back. It is kept
// for a day, as the story of what was broken and how it was mended.
type Interrupted struct {
	Job     JobKey
	Run     RunID
	Name    string // of the job: its re-run bears the same
	Scope   Scope
	Repo    string
	Machine MachineID
	At      time.Time // of the notice

	Conclusion string    // of the interrupted life; empty until GitHub told it
	TriedAt    time.Time // of the last re-run that GitHub did not take; zero: none
	Refused    int       // re-runs that GitHub refused, as it does without permission
	RerunAt    time.Time // when GitHub took the re-run of its run; zero: not
	Again      JobKey    // its next life; zero until it was seen
	On         MachineID // that took it, if it is the fleet's
	Market     Market    // of that machine
	Result     string    // conclusion of that; empty until it is done
	Why        string    // why it is not re-run; empty if it is, or needs not be
}

// cancelled is why a job is not re-run that somebody stopped on purpose.
const cancelled = "somebody cancelled it"

const (
	interruptedKept = 24 * time.Hour
	// mostRefused is how often a refused re-run is asked for, each time after
	// twice the pause: a permission may be given meanwhile.
	mostRefused = 6
	// settingUp is how long a job is being set up: one that is stopped then is
	// cancelled, later ones fail (runner 2.336.0).
	settingUp = time.Minute
)

// resume notes the jobs that Spot interrupts, and has their runs re-run: once,
// when GitHub has closed the run.
func (v *view) resume() {
	rows := map[JobKey]*Interrupted{}
	for _, i := range v.State.Interrupted {
		if v.past(i.At, interruptedKept) {
			v.plan.Resumed = append(v.plan.Resumed, i.Job)
			continue
		}
		rows[i.Job] = &i
	}
	for i := range v.machines {
		if m := &v.machines[i]; m.leaves() && m.job != nil && rows[m.job.Key] == nil && hurt(m.job, m.notice) {
			rows[m.job.Key] = &Interrupted{
				Job: m.job.Key, Run: m.job.Run, Name: m.job.Name, Scope: m.job.Class.Scope, Repo: m.job.Repo,
				Machine: m.ID, At: m.notice.At,
			}
		}
	}
	all := make([]*Interrupted, 0, len(rows))
	for _, i := range rows {
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b *Interrupted) int { return a.Job.Compare(b.Job) })
	v.follow(all)
	for _, i := range all {
		v.rerun(i, all)
	}
	v.tellInterrupted(all)
}

// hurt reports whether a job felt its machine's notice: it runs, or it did not
// end well after it.
func hurt(j *Job, n *Notice) bool {
	return j.Status == Running || j.Status == Done && !j.DoneAt.Before(n.At) && j.Broken()
}

// Broken reports whether a job ended as one that a shutdown stopped.
func (j *Job) Broken() bool {
	return j.Conclusion == "failure" || j.Conclusion == "cancelled" && j.DoneAt.Sub(j.StartedAt) < settingUp
}

// follow brings the rows up to what the jobs' rows say.
func (v *view) follow(all []*Interrupted) {
	for i := range v.State.Jobs {
		j := &v.State.Jobs[i]
		for _, row := range all {
			switch {
			case j.Key == row.Job && j.Status == Done && row.Conclusion == "":
				row.Conclusion = j.Conclusion
				if j.Conclusion == "cancelled" && !j.Broken() {
					row.Why = cancelled
				}
			case j.Run == row.Run && j.Name == row.Name && j.Key.Attempt > row.Job.Attempt && !row.RerunAt.IsZero():
				row.Again = j.Key
				v.settled(row, j)
				if j.Status == Done {
					row.Result = j.Conclusion
				}
			}
		}
	}
}

// settled notes where a job's next life runs: replacement capacity is on
// demand, but GitHub gives a job to any runner that fits.
func (v *view) settled(row *Interrupted, j *Job) {
	id, _, _ := ParseRunnerName(v.Fleet.Name, j.Runner)
	if at, ok := v.byID[id]; ok {
		row.On, row.Market = id, v.machines[at].Offer.Market
	}
}

// rerun asks for a job's run again, if that is what it needs.
func (v *view) rerun(i *Interrupted, all []*Interrupted) {
	final := i.Why != "" && (i.Refused == 0 || i.Refused >= mostRefused)
	if i.Conclusion != "failure" && i.Conclusion != "cancelled" || !i.RerunAt.IsZero() || final {
		return
	}
	for _, other := range all {
		if other.Run != i.Run || other == i {
			continue
		}
		if !other.RerunAt.IsZero() {
			if other.Job.Attempt == i.Job.Attempt {
				i.RerunAt = other.RerunAt // the same re-run has both
				return
			}
			i.Why = "its run was re-run once already"
			return
		}
	}
	if !i.TriedAt.IsZero() && !v.past(i.TriedAt, retryAfter<<i.Refused) || v.rerunning(i.Run) {
		return
	}
	if !slices.Contains(v.State.Interrupted, *i) {
		v.plan.Wake = v.At // what is acted on is in the ledger first: the act writes that row
		return
	}
	v.intend(Intent{
		Reason: fmt.Sprintf("Spot took %s while job %d ran", i.Machine, i.Job.ID),
		Rerun:  &Rerun{Job: i.Job, Run: i.Run, Scope: i.Scope, Repo: i.Repo},
	})
}

// rerunning reports whether a re-run of the run is under way.
func (v *view) rerunning(run RunID) bool {
	is := func(in Intent) bool { return in.Rerun != nil && in.Rerun.Run == run }
	return slices.ContainsFunc(v.State.Intents, is) || slices.ContainsFunc(v.plan.Intents, is)
}

// tellInterrupted writes the rows that changed, and alerts about jobs that
// stay broken.
func (v *view) tellInterrupted(all []*Interrupted) {
	for _, i := range all {
		at := slices.IndexFunc(v.State.Interrupted, func(x Interrupted) bool { return x.Job == i.Job })
		if at < 0 || v.State.Interrupted[at] != *i {
			v.plan.Interrupted = append(v.plan.Interrupted, *i)
		}
		if i.Why != "" && i.Why != cancelled {
			v.plan.Alerts = append(v.plan.Alerts, fmt.Sprintf("job %d of %s was interrupted and is not re-run: %s", i.Job.ID, i.Repo, i.Why))
		}
	}
}

// again reports whether a job is one of a re-run that mends an interruption:
// its machine is not to be taken back too. That a re-run was asked for is
// enough: its jobs may come before GitHub's answer, or without it.
func (v *view) again(j *Job) bool {
	return slices.ContainsFunc(v.State.Interrupted, func(i Interrupted) bool {
		asked := !i.RerunAt.IsZero() || !i.TriedAt.IsZero() || v.rerunning(i.Run)
		return i.Run == j.Run && j.Key.Attempt > i.Job.Attempt && asked
	})
}

// mending is how many of a class's uncovered jobs are re-runs that mend an
// interruption.
func (v *view) mending(c *classView) int {
	n := 0
	if len(v.State.Interrupted) > 0 {
		for _, j := range c.jobs[c.covered:] {
			if v.again(j) && v.doubt(j) == 0 {
				n++
			}
		}
	}
	return n
}
