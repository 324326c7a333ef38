package chaos

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// timeline is what happened, in order. A notice that came twice is there once,
// as it came first.
func (v *view) timeline(fates []Fate) []Moment {
	var list []Moment
	add := func(at time.Time, what string, m fleet.MachineID, j fleet.JobKey) {
		if !at.IsZero() {
			list = append(list, Moment{at, what, m, j})
		}
	}
	add(v.Experiment.StartedAt, Began, "", fleet.JobKey{})
	add(v.Experiment.EndedAt, Ended, "", fleet.JobKey{})
	for _, id := range v.Experiment.Victims {
		recommended, _ := v.heard(id, fleet.Rebalance)
		warned, _ := v.heard(id, fleet.Interruption)
		add(recommended.At, Recommended, id, fleet.JobKey{})
		add(warned.At, Warned, id, fleet.JobKey{})
	}
	for _, f := range fates {
		switch {
		case f.Interrupted():
			add(f.DoneAt, Interrupted, f.Machine, f.Job)
		case f.Outcome == InTime:
			add(f.DoneAt, Green, f.Machine, f.Job)
		}
		if f.Again == (Again{}) {
			continue
		}
		add(f.Again.QueuedAt, Requeued, "", f.Again.Job)
		end := Red
		if f.Outcome == Rerun {
			end = Green
		}
		add(f.Again.DoneAt, end, f.Again.Machine, f.Again.Job)
	}
	slices.SortStableFunc(list, func(a, b Moment) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(step(a.What), step(b.What)), strings.Compare(string(a.Machine), string(b.Machine)), a.Job.Compare(b.Job))
	})
	return slices.Compact(list) // two attempts of a job may share their re-run
}

// step is the place of a kind of moment in the usual order.
func step(what string) int {
	return slices.Index([]string{Began, Recommended, Warned, Interrupted, Ended, Requeued, Green, Red}, what)
}

// heard is the notice of a kind that a victim had in this drill: of the same
// one by several ways the earliest times count.
func (v *view) heard(id fleet.MachineID, kind fleet.NoticeKind) (first fleet.Notice, ok bool) {
	began := v.Experiment.StartedAt.Truncate(time.Second) // messages have whole seconds
	for _, n := range v.Notices {
		switch {
		case n.Machine != id || n.Kind != kind || n.At.Before(began):
		case !ok:
			first, ok = n, true
		default:
			if n.At.Before(first.At) {
				first.At = n.At
			}
			if !n.Deadline.IsZero() && (first.Deadline.IsZero() || n.Deadline.Before(first.Deadline)) {
				first.Deadline = n.Deadline
			}
		}
	}
	return first, ok
}
