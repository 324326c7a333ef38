package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// grace is how long after its time something may still be there: full looks
// come each minute, and EC2 takes its time to shut a machine down.
const grace = 3 * time.Minute

// Judge says how a drill stands.
func Judge(s Seen) Verdict {
	s.Patience = cmp.Or(s.Patience, DefaultPatience)
	v := view{Seen: s, struck: map[fleet.MachineID]strike{}}
	v.strikes()
	var out Verdict
	v.compare(&out)
	if len(v.struck) == 0 {
		out.Result, out.Why = v.nobody()
		out.Timeline = v.timeline(nil)
		return out
	}
	out.Fates = v.fates()
	out.Timeline = v.timeline(out.Fates)
	out.Result, out.Why = v.result(out.Fates)
	return out
}

// view is what was seen, and whom the drill struck.
type view struct {
	Seen
	struck map[fleet.MachineID]strike
}

// strike is when a victim was warned, and when it goes.
type strike struct {
	warned, end time.Time
	heard       bool // by a notice, not by calculation
}

// strikes finds whom the drill interrupts. While an experiment runs all its
// victims are to be; one that was stopped spares those it had not warned.
func (v *view) strikes() {
	e := v.Experiment
	for _, id := range e.Victims {
		// Where no notice was heard, the times are those of FIS.
		k := strike{end: e.StartedAt.Add(v.Drill.Notice)}
		k.warned = k.end.Add(-fleet.NoticeTime)
		var n fleet.Notice
		if n, k.heard = v.heard(id, fleet.Interruption); k.heard {
			k.warned, k.end = n.At, n.Deadline
			if k.end.IsZero() {
				k.end = n.At.Add(fleet.NoticeTime)
			}
		}
		if k.heard || e.State == fleet.ExperimentRunning || e.State == fleet.ExperimentCompleted {
			v.struck[id] = k
		}
	}
}

// nobody is the verdict on a drill that interrupts nobody, or nobody yet.
func (v *view) nobody() (Result, []string) {
	e := v.Experiment
	if !e.State.Over() {
		return Open, []string{fmt.Sprintf("the experiment is %s", cmp.Or(e.State, fleet.ExperimentPending))}
	}
	how := "without a victim"
	if len(e.Victims) > 0 {
		how = "before anybody was warned"
	}
	awaited, stays := v.left()
	return Void, slices.Concat([]string{fmt.Sprintf("the experiment %s %s: %s", e.State, how, e.Reason)}, stays, awaited)
}

// result weighs everything: open while anything may still come right.
func (v *view) result(fates []Fate) (Result, []string) {
	var open, wrong, notes []string
	if !v.Experiment.State.Over() {
		open = append(open, fmt.Sprintf("the experiment is %s", v.Experiment.State))
	}
	healed := 0
	for _, f := range fates {
		switch f.Outcome {
		case Unsettled:
			open = append(open, f.text())
		case Lost:
			wrong = append(wrong, f.text())
		case Rerun:
			healed++
		}
	}
	awaited, stays := v.machines()
	open, wrong = append(open, awaited...), append(wrong, stays...)
	awaited, stays = v.left()
	open, wrong = append(open, awaited...), append(wrong, stays...)
	awaited, stays = v.traces()
	open, wrong = append(open, awaited...), append(wrong, stays...)
	if len(open)+len(wrong)+healed == 0 {
		notes = append(notes, "no job was interrupted: only the machines were put to the proof")
	}
	for _, id := range v.victims() {
		if !v.struck[id].heard && !v.At.Before(v.struck[id].end) {
			notes = append(notes, fmt.Sprintf("no notice of %s reached the fleet: it was lost, or the machine left before", id))
		}
	}
	why := slices.Concat(wrong, open, notes)
	switch {
	case len(open) > 0:
		return Open, why
	case len(wrong) > 0:
		return Failed, why
	}
	return Passed, why
}

// left says what of the drill is still there, and what should not be.
func (v *view) left() (open, wrong []string) {
	for _, what := range v.Left {
		if at := v.Experiment.EndedAt; at.IsZero() || v.At.Before(at.Add(grace)) {
			open = append(open, what+" is still there")
		} else {
			wrong = append(wrong, what+" is left")
		}
	}
	return open, wrong
}

// machines says which victims are still to go, and which should be gone.
func (v *view) machines() (open, wrong []string) {
	for _, id := range v.victims() {
		end := v.struck[id].end
		switch {
		case !v.there(id):
		case v.At.Before(end.Add(grace)):
			open = append(open, fmt.Sprintf("%s goes at %s", id, end.UTC().Format(time.TimeOnly)))
		default:
			wrong = append(wrong, fmt.Sprintf("%s is still there, %s after its end", id, v.At.Sub(end).Truncate(time.Second)))
		}
	}
	return open, wrong
}

// traces says what the victims left behind, and what should be cleared by now:
// GitHub keeps a registration while it believes in its job.
func (v *view) traces() (open, wrong []string) {
	for _, id := range v.victims() {
		for _, what := range slices.Sorted(slices.Values(v.Traces[id])) {
			switch o, why := v.wait(v.struck[id].end, fmt.Sprintf("%s: %s is still there", id, what)); o {
			case Unsettled:
				open = append(open, why)
			default:
				wrong = append(wrong, why)
			}
		}
	}
	return open, wrong
}

// victims are those that the drill struck, by id.
func (v *view) victims() []fleet.MachineID { return slices.Sorted(maps.Keys(v.struck)) }

// compare tells what ran before and after.
func (v *view) compare(out *Verdict) {
	out.Before, out.After = slices.Sorted(slices.Values(v.Before)), slices.Sorted(slices.Values(v.After))
	if v.AfterAt.IsZero() {
		out.After = nil
		for _, m := range v.Now {
			if m.Pool == v.Drill.Pool && m.State == fleet.Up && !m.Gone() {
				out.After = append(out.After, m.ID)
			}
		}
		slices.Sort(out.After)
	}
	only := func(a, b []fleet.MachineID) (ids []fleet.MachineID) {
		for _, id := range a {
			if _, both := slices.BinarySearch(b, id); !both {
				ids = append(ids, id)
			}
		}
		return ids
	}
	out.Gone, out.New = only(out.Before, out.After), only(out.After, out.Before)
	out.Left = slices.Clone(v.Left)
	for _, id := range v.victims() {
		if v.there(id) {
			out.Left = append(out.Left, "machine "+string(id))
		}
	}
}

// there reports whether a machine is not gone.
func (v *view) there(id fleet.MachineID) bool {
	return slices.ContainsFunc(v.Now, func(m fleet.Machine) bool { return m.ID == id && !m.Gone() })
}
