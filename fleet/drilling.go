package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// DrillRun is a drill in the ledger: what was asked for, and how far it came.
// Plans and acts write it; what it proves is for package chaos to judge.
type DrillRun struct {
	Drill      Drill
	By, Reason string    // of the order
	At         time.Time // when the manager took it up
	Experiment Experiment
	SeenAt     time.Time // when the experiment was last followed
	TriedAt    time.Time // of the last start or clean-up that did not work
	Cleaned    bool      // nothing of it is left at AWS
	Refused    string    // why it was not run; empty if it is

	// What the ledger does not know of it later by itself. Machines stand by
	// id: a row must fit what a ledger takes, however large the pool.
	Notices   []Notice    // that its victims got
	Runs      []RunID     // that had a job on a victim, in order
	RanBefore []MachineID // of the pool, at At, in order
	RanAfter  []MachineID // the same at AfterAt
	AfterAt   time.Time   // when its victims were gone, or should have been; zero: not yet
}

// Over reports whether nothing more is to be done for the drill.
func (d DrillRun) Over() bool { return d.Refused != "" || d.Cleaned }

// Settled reports whether another drill may begin: FIS might pick what this one
// takes back, as long as that is there.
func (d DrillRun) Settled() bool {
	return d.Over() && (len(d.Experiment.Victims) == 0 || !d.AfterAt.IsZero())
}

const (
	drillStarts = 15 * time.Minute // to get an experiment started
	drillKept   = 7 * 24 * time.Hour
	drillHeard  = time.Hour // from its begin on, of jobs on its victims: GitHub gives up a runner after a quarter of it
	// drillSettles is how long after the end of its experiment all that it took
	// back is gone, and a full look has seen it.
	drillSettles = NoticeTime + 3*time.Minute
	// FollowEvery is how often a running experiment is looked at.
	FollowEvery = 10 * time.Second
)

// drill takes up the drills that operators ordered, one at a time, starts
// each, and has it cleaned up when it is over.
func (v *view) drill() {
	runs := sorted(v.State.Drills, compareDrills)
	busy := slices.ContainsFunc(runs, func(d DrillRun) bool { return !d.Settled() })
	for _, d := range runs {
		if d.Over() && v.past(d.At, drillKept) {
			v.plan.Drilled = append(v.plan.Drilled, d.Drill.ID)
			continue
		}
		v.drillOn(d)
	}
	for _, o := range sorted(v.State.Orders, compareOrders) {
		if o.Kind != Inject || o.Drill == nil {
			continue
		}
		if slices.ContainsFunc(runs, func(d DrillRun) bool { return d.Drill.ID == o.ID }) {
			v.plan.Lifted = append(v.plan.Lifted, o.ID) // its row goes on without it
			continue
		}
		if busy || !o.Holds(v.At) {
			continue
		}
		d := DrillRun{Drill: *o.Drill, By: o.By, Reason: o.Reason, At: v.At}
		d.Refused, busy = v.undrillable(d.Drill), true
		d.RanBefore = v.running(d.Drill.Pool)
		v.plan.Drills = append(v.plan.Drills, d)
		v.plan.Wake = v.At // what is acted on is in the ledger first
	}
}

// undrillable is why a drill is not to be run now; empty if it is.
func (v *view) undrillable(d Drill) string {
	if err := d.Check(); err != nil {
		return err.Error()
	}
	if v.pool(d.Pool) < 0 {
		return "drill: the fleet file has no pool " + d.Pool
	}
	if _, err := d.Candidates(v.State.Machines); err != nil {
		return err.Error()
	}
	return ""
}

// running is which machines of a pool run, by id.
func (v *view) running(pool string) (ids []MachineID) {
	for _, m := range v.State.Machines {
		if m.Pool == pool && m.State == Up && !m.Gone() {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// drillOn takes the next step of a drill. While one is under way the row is that
// of whoever takes it.
func (v *view) drillOn(d DrillRun) {
	if v.drillStep(d.Drill.ID) {
		return
	}
	changed := v.witness(&d)
	switch {
	case d.Over():
	case d.Experiment.ID == "" && v.past(d.At, drillStarts):
		d.Refused, changed = fmt.Sprintf("it could not be started within %s", drillStarts), true
	case d.Experiment.ID != "" && !d.Experiment.State.Over():
		v.wake(v.At.Add(FollowEvery))
	case !v.refusedLately(d.TriedAt):
		v.intend(Intent{Reason: "ordered by " + d.By, Drill: &DrillStep{Drill: d.Drill, Clean: d.Experiment.ID != ""}})
	}
	if changed {
		v.plan.Drills = append(v.plan.Drills, d)
	}
}

// witness writes down what the ledger will not know of a drill later, and
// reports whether there is anything new.
func (v *view) witness(d *DrillRun) (changed bool) {
	for _, n := range v.State.Notices {
		struck := slices.Contains(d.Experiment.Victims, n.Machine)
		if at := slices.IndexFunc(d.Notices, func(x Notice) bool { return x.Machine == n.Machine && x.Kind == n.Kind }); struck && at < 0 {
			d.Notices, changed = append(slices.Clip(d.Notices), n), true
		}
	}
	if len(d.Experiment.Victims) > 0 && !v.past(d.At, drillHeard) {
		runs := slices.Clone(d.Runs)
		for i := range v.State.Jobs {
			id, _, ok := ParseRunnerName(v.Fleet.Name, v.State.Jobs[i].Runner)
			if ok && slices.Contains(d.Experiment.Victims, id) {
				runs = append(runs, v.State.Jobs[i].Run)
			}
		}
		slices.Sort(runs)
		if runs = slices.Compact(runs); len(runs) > len(d.Runs) {
			d.Runs, changed = runs, true
		}
	}
	if d.AfterAt.IsZero() && d.Experiment.State.Over() && v.past(d.Experiment.EndedAt, drillSettles) {
		d.RanAfter, d.AfterAt, changed = v.running(d.Drill.Pool), v.At, true
	}
	return changed
}

// drillStep reports whether a step of a drill is under way.
func (v *view) drillStep(id string) bool {
	return slices.ContainsFunc(v.State.Intents, func(in Intent) bool { return in.Drill != nil && in.Drill.Drill.ID == id })
}

func compareDrills(a, b *DrillRun) int { return cmp.Compare(a.Drill.ID, b.Drill.ID) }
