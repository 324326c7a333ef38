package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// green reports whether GitHub counts a conclusion as success.
func green(conclusion string) bool {
	return conclusion == "success" || conclusion == "neutral" || conclusion == "skipped"
}

// machine is where a job ran, empty if on no machine of the fleet.
func (v *view) machine(j fleet.Job) fleet.MachineID {
	id, _, _ := fleet.ParseRunnerName(v.Fleet, j.Runner)
	return id
}

// fates are what came of every job that ran on a victim when the drill began
// or later, by run and job.
func (v *view) fates() []Fate {
	jobs := slices.SortedFunc(slices.Values(v.Jobs), func(a, b fleet.Job) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), a.Key.Compare(b.Key))
	})
	var fates []Fate
	interrupted := map[string][]int{} // fates by run and name, in order
	for _, j := range jobs {
		k, ok := v.struck[v.machine(j)]
		if !ok || v.repeated(j) || j.Status == fleet.Done && j.DoneAt.Before(v.Experiment.StartedAt.Truncate(time.Second)) {
			continue
		}
		f := Fate{Job: j.Key, Run: j.Run, Machine: v.machine(j), DoneAt: j.DoneAt}
		switch {
		case j.Status == fleet.Done && green(j.Conclusion):
			f.Outcome = InTime
		case j.Status == fleet.Done && j.DoneAt.Before(k.warned):
			f.Outcome = ByItself
		case j.Conclusion == "cancelled" && !j.Broken():
			f.Outcome = Cancelled
		case j.Status == fleet.Done:
			interrupted[group(j)] = append(interrupted[group(j)], len(fates))
		default:
			f.Outcome, f.Why = v.wait(k.end, "it is still running as GitHub sees it")
		}
		fates = append(fates, f)
	}
	for name, list := range interrupted {
		v.heal(fates, list, v.lives(jobs, name))
	}
	return fates
}

// group is what a job and its re-runs share.
func group(j fleet.Job) string { return fmt.Sprintf("%d %s", j.Run, j.Name) }

// repeated reports whether a life is the echo of an earlier one: GitHub sends
// finished jobs again under the next attempt, with their old numbers.
func (v *view) repeated(j fleet.Job) bool {
	return slices.ContainsFunc(v.Jobs, func(o fleet.Job) bool { return o.Key.ID == j.Key.ID && o.Key.Attempt < j.Key.Attempt })
}

// lives are the lives of a group that are no echoes: the green ones first, by
// attempt, then the others from the last on.
func (v *view) lives(jobs []fleet.Job, name string) []fleet.Job {
	var greens, others []fleet.Job
	for _, j := range jobs {
		switch {
		case group(j) != name || v.repeated(j):
		case j.Status == fleet.Done && green(j.Conclusion):
			greens = append(greens, j)
		default:
			others = append(others, j)
		}
	}
	slices.SortStableFunc(greens, func(a, b fleet.Job) int { return cmp.Compare(a.Key.Attempt, b.Key.Attempt) })
	slices.SortStableFunc(others, func(a, b fleet.Job) int { return cmp.Compare(b.Key.Attempt, a.Key.Attempt) })
	return append(greens, others...)
}

// heal gives each interrupted job of a group a later life of its own, as lives
// orders them.
func (v *view) heal(fates []Fate, interrupted []int, lives []fleet.Job) {
	taken := map[fleet.JobKey]bool{}
	for _, same := range chains(fates, interrupted) {
		f := fates[same[len(same)-1]]
		i := slices.IndexFunc(lives, func(j fleet.Job) bool { return j.Key.Attempt > f.Job.Attempt && !taken[j.Key] })
		if i < 0 {
			v.untried(&f)
		} else {
			v.tried(&f, lives[i])
			taken[lives[i].Key] = true
		}
		for _, k := range same {
			fates[k].Outcome, fates[k].Why, fates[k].Again = f.Outcome, f.Why, f.Again
		}
	}
}

// chains joins the fates that are one job's: a re-run that was interrupted
// again needs no healing of its own. Among jobs of one name nobody can tell
// whose re-run is whose, so the first of an attempt follows the first of the
// attempt before.
func chains(fates []Fate, interrupted []int) [][]int {
	var list [][]int
	place := map[int]int{} // by attempt
	slices.SortStableFunc(interrupted, func(a, b int) int { return cmp.Compare(fates[a].Job.Attempt, fates[b].Job.Attempt) })
	for _, i := range interrupted {
		n := place[fates[i].Job.Attempt]
		place[fates[i].Job.Attempt]++
		if n == len(list) {
			list = append(list, nil)
		}
		list[n] = append(list[n], i)
	}
	return list
}

// untried says how an interrupted job stands that has no later life.
func (v *view) untried(f *Fate) {
	complete, at := v.complete(f.Run, f.Job.Attempt)
	if !complete {
		f.Outcome, f.Why = Unsettled, "its run goes on, and is re-run when it is complete"
		return
	}
	f.Outcome, f.Why = v.wait(at, "it was not re-run")
}

// tried says how an interrupted job stands that has a later life.
func (v *view) tried(f *Fate, last fleet.Job) {
	f.Again = v.again(last)
	switch {
	case last.Status == fleet.Done && green(last.Conclusion):
		f.Outcome = Rerun
	case last.Status == fleet.Done:
		f.Outcome, f.Why = Lost, fmt.Sprintf("attempt %d ended %s", last.Key.Attempt, cmp.Or(last.Conclusion, "without a conclusion"))
	case last.Status == fleet.Running:
		f.Outcome, f.Why = Unsettled, fmt.Sprintf("attempt %d runs", last.Key.Attempt)
	default:
		f.Outcome, f.Why = v.wait(last.QueuedAt, fmt.Sprintf("attempt %d waits for a runner", last.Key.Attempt))
	}
}

// wait is Unsettled for as long as patience lasts, then Lost.
func (v *view) wait(since time.Time, why string) (Outcome, string) {
	if !v.At.After(since.Add(v.Patience)) {
		return Unsettled, why
	}
	return Lost, fmt.Sprintf("%s, %s later", why, v.At.Sub(since).Truncate(time.Second))
}

// complete reports whether all jobs of a run's attempt are done, and since
// when: GitHub re-runs complete runs only.
func (v *view) complete(run fleet.RunID, attempt int) (bool, time.Time) {
	var last time.Time
	for _, j := range v.Jobs {
		if j.Run != run || j.Key.Attempt != attempt {
			continue
		}
		if j.Open() {
			return false, time.Time{}
		}
		if j.DoneAt.After(last) {
			last = j.DoneAt
		}
	}
	return true, last
}

func (v *view) again(j fleet.Job) Again {
	a := Again{Job: j.Key, QueuedAt: j.QueuedAt, DoneAt: j.DoneAt, Machine: v.machine(j)}
	if a.Machine != "" {
		a.Market = v.Markets[a.Machine]
	}
	for _, m := range v.Now {
		if m.ID == a.Machine && a.Machine != "" {
			a.Market = m.Offer.Market
		}
	}
	return a
}

// text is a fate in words.
func (f Fate) text() string {
	return fmt.Sprintf("job %d of run %d, on %s: %s", f.Job.ID, f.Run, f.Machine, f.Why)
}
