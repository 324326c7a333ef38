package reconcile

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// reserve commits the plan on the number its look read, if no newer fleet file
// is known. What it returns is the only thing that act executes.
func (r *Reconciler) reserve(ctx context.Context, s fleet.Snapshot, p fleet.Plan) ([]fleet.Intent, error) {
	r.note(ctx, s, p)
	marks, err := r.generation(ctx, s)
	if err != nil {
		return nil, err
	}
	sent := r.Now() // not the look's instant: others count from here
	mine := make([]fleet.Intent, len(p.Intents))
	for i, in := range p.Intents {
		if in.ID == "" {
			in.ID = fleet.IntentID(fmt.Sprintf("%.12s-%d-%d", s.State.Ledger, s.State.Number, i))
			in.ReservedAt = s.At
		}
		in.SentAt, in.Tries = sent, in.Tries+1
		mine[i] = in
	}
	if len(r.memory.learnt) > 0 {
		maps.Copy(r.memory.learnt, marks)
		marks = r.memory.learnt
	}
	c := fleet.Change{
		Reserve: mine, Settle: p.Settle, Jobs: p.Jobs, Machines: p.Machines, Forget: p.Forget,
		Ended: p.Ended, Setbacks: p.Setbacks, Cleared: p.Cleared, Verdicts: p.Verdicts,
		Interrupted: p.Interrupted, Resumed: p.Resumed, Drills: p.Drills, Drilled: p.Drilled, Lifted: p.Lifted, Marks: marks,
	}
	if c.Empty() {
		return nil, nil
	}
	return mine, r.Ledger.Commit(ctx, s.State.Number, c)
}

// note keeps what the next look needs of a plan, and tells people once an
// hour of each thing that they should look at.
func (r *Reconciler) note(ctx context.Context, s fleet.Snapshot, p fleet.Plan) {
	r.memory.forget(s.At)
	r.memory.ask = nil
	for _, k := range p.Ask {
		for _, j := range s.State.Jobs {
			if j.Key == k && !r.unanswered(j, s.At) && !shut(s.State, j.Class.Scope.Installation) {
				r.memory.ask = append(r.memory.ask, j)
			}
		}
	}
	r.noteOrigins(s, p)
	if r.memory.alerted == nil {
		r.memory.alerted = map[string]time.Time{}
	}
	for _, a := range p.Alerts {
		if _, ok := r.memory.alerted[a]; ok {
			continue
		}
		r.memory.alerted[a] = s.At
		r.Log.ErrorContext(ctx, "alert", "text", a)
	}
}

// forget drops what has had its time: alerts are told once an hour, and a
// question that nobody asks again was answered by an event.
func (m *memory) forget(at time.Time) {
	maps.DeleteFunc(m.alerted, func(_ string, told time.Time) bool { return at.Sub(told) >= time.Hour })
	maps.DeleteFunc(m.unheard, func(_ fleet.JobKey, u unheard) bool { return at.Sub(u.at) >= time.Hour })
}
