package fleet

import (
	"cmp"
	"fmt"
	"slices"
)

// explain gives a verdict to each job that waits, counts launches against the
// jobs they are for, raises alerts, and says when to look again.
func (v *view) explain() Plan {
	for i := range v.State.Jobs {
		if j := &v.State.Jobs[i]; j.Status == Waiting {
			v.judge(j, Verdict{Gated, "GitHub waits for an approval or another gate"})
		}
	}
	for _, c := range v.classes {
		v.explainClass(c)
	}
	v.alertSetbacks()
	v.canonical()
	if len(v.plan.Intents) > planSize {
		v.truncate()
	}
	return v.plan
}

// explainClass hands the class's covers, launches and obstacles out to its
// jobs, oldest first.
func (v *view) explainClass(c *classView) {
	at := 0
	v.plan.Verdicts = slices.Grow(v.plan.Verdicts, len(c.jobs))
	for _, by := range c.by {
		why := Verdict{Covered, "a machine of pool " + v.pools[by.pool].Name + " is coming or idle"}
		switch {
		case by.starts:
			why.Detail = "a stopped machine of pool " + v.pools[by.pool].Name + " is started"
		case by.gone:
			why = Verdict{Asking, "GitHub is asked whether a machine of pool " + v.pools[by.pool].Name + " that is gone had it"}
		}
		for range by.jobs {
			v.judge(c.jobs[at], why)
			v.late(c.jobs[at], c)
			at++
		}
	}
	for _, l := range c.launch {
		why := Verdict{Launching, fmt.Sprintf("pool %s, %s", v.pools[l.pool].Name, l.market)}
		for range l.jobs {
			j := c.jobs[at]
			v.judge(j, why)
			launched := *j
			launched.Launches, launched.LaunchedAt = j.Launches+1, v.At
			v.plan.Jobs = append(v.plan.Jobs, launched)
			at++
		}
	}
	for ; at < len(c.jobs); at++ {
		j, why := c.jobs[at], c.why
		if v.doubt(j) > 0 && c.served {
			why = Verdict{Asking, "GitHub is asked whether it still waits"}
		}
		v.judge(j, why)
		v.late(j, c)
	}
	v.alert(c)
}

// judge records a job's verdict if it is another than before.
func (v *view) judge(j *Job, why Verdict) {
	if j.Verdict != why {
		v.plan.Verdicts = append(v.plan.Verdicts, JobVerdict{j.Key, why})
	}
}

// late counts a job that could run and waits too long.
func (v *view) late(j *Job, c *classView) {
	if len(c.pools) == 0 || c.why.Code == Refused || c.why.Code == Closed {
		return
	}
	p := &v.pools[c.pools[0]]
	since := j.QueuedAt
	if p.hours.Policy == ClosedWait || p.hours.Policy == ClosedRefuse {
		if p.hours.Closed {
			return // it opens within a boot
		}
		since = later(since, p.hours.Since) // what waited for the opening has not waited in vain
	}
	if !v.past(since, p.AlertAfter) {
		return
	}
	if c.late == 0 || j.QueuedAt.Before(c.lateOldest.QueuedAt) {
		c.lateOldest = j // those that GitHub is asked about come last
	}
	c.late++
}

// alert tells a person once of a class whose jobs wait too long: its oldest
// stands for them all, however many they are.
func (v *view) alert(c *classView) {
	if c.late == 0 {
		return
	}
	text := fmt.Sprintf("job %d of %s waits longer than %s", c.lateOldest.Key.ID, c.lateOldest.Repo, v.pools[c.pools[0]].AlertAfter)
	if c.late > 1 {
		text += ", and so do others of its class"
	}
	v.plan.Alerts = append(v.plan.Alerts, text)
}

func (v *view) alertSetbacks() {
	for _, s := range v.setbacks {
		switch {
		case s.Key.Kind == OfferEmpty || !s.Holds(v.At):
		case s.Key.Kind.Warns():
			v.plan.Alerts = append(v.plan.Alerts, s.Detail)
		default:
			v.plan.Alerts = append(v.plan.Alerts, fmt.Sprintf("%s %s is set back: %s", s.Key.Kind, s.Key.Subject, s.Detail))
		}
	}
}

// truncate keeps what one transaction takes, the first ones first; the next
// look, at once, plans the rest.
func (v *view) truncate() {
	v.plan.Intents = v.plan.Intents[:planSize]
	v.plan.Wake = v.At
}

// canonical puts the parts of the plan in order that do not already follow
// from the order of the snapshot.
func (v *view) canonical() {
	p := &v.plan
	slices.SortStableFunc(p.Intents, func(a, b Intent) int { return cmp.Compare(a.rank(), b.rank()) })
	slices.SortFunc(p.Verdicts, func(a, b JobVerdict) int { return a.Job.Compare(b.Job) })
	p.Jobs = sorted(p.Jobs, compareJobs)
	slices.SortFunc(p.Setbacks, func(a, b Setback) int { return a.Key.compare(b.Key) })
	slices.SortFunc(p.Ask, JobKey.Compare)
	slices.SortFunc(p.Origins, JobKey.Compare)
	slices.SortFunc(p.Resumed, JobKey.Compare)
	slices.Sort(p.Alerts)
	slices.Sort(p.Forget)
	slices.Sort(p.Ended)
	p.Ended = slices.Compact(p.Ended)
}

// rank puts what jobs wait for first: a plan may be cut short.
func (i Intent) rank() int {
	switch {
	case i.Launch != nil && i.ID == "":
		return 0 // never cut: its jobs are counted as launched for
	case i.ID != "":
		return 1
	case i.Mint != nil, i.Start != nil:
		return 2
	}
	return 3
}

func (k SetbackKey) compare(l SetbackKey) int {
	return cmp.Or(cmp.Compare(k.Kind, l.Kind), cmp.Compare(k.Subject, l.Subject))
}

// worst is the obstacle that a person should hear of first: the last pool's
// cap says less than a pool that cannot boot.
func worst(a, b Verdict) Verdict {
	if weight(b.Code) > weight(a.Code) {
		return b
	}
	return a
}

var weights = []VerdictCode{"", Closed, Paced, PoolFull, Paused, NoCapacity, SetBack}

func weight(c VerdictCode) int { return slices.Index(weights, c) }
