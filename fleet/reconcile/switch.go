package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// start starts machines, those of one offer in one call: what EC2 has no room
// for is a setback of that offer alone.
func (r *Reconciler) start(ctx context.Context, s fleet.Snapshot, ins []fleet.Intent, known map[fleet.MachineID]fleet.Machine) outcome {
	var o outcome
	groups := map[fleet.Offer][]fleet.Intent{}
	var order []fleet.Offer
	for _, in := range ins {
		if groups[in.Start.Offer] == nil {
			order = append(order, in.Start.Offer)
		}
		groups[in.Start.Offer] = append(groups[in.Start.Offer], in)
	}
	for _, offer := range order {
		group := groups[offer]
		refused := r.Switch.Start(ctx, machinesOf(group))
		for _, in := range group {
			r.started(ctx, s, turned{in, known[in.Start.Machine], refused[in.Start.Machine]}, &o)
		}
	}
	return o
}

func machinesOf(ins []fleet.Intent) (ids []fleet.MachineID) {
	for _, in := range ins {
		ids = append(ids, in.Machine())
	}
	return ids
}

// turned is a stop or start, its machine, and EC2's error if it was not done.
type turned struct {
	in  fleet.Intent
	m   fleet.Machine
	err error
}

// started is what came of a start.
func (r *Reconciler) started(ctx context.Context, s fleet.Snapshot, t turned, o *outcome) {
	known, key, m := r.switched(ctx, s, t, o), fleet.OfferKey(t.in.Start.Offer), t.m
	if errors.Is(t.err, fleet.ErrNoCapacity) || errors.Is(t.err, fleet.ErrQuota) {
		o.strike(struck(s, key, t.err.Error()))
	}
	if !known || t.err != nil {
		return
	}
	for _, b := range s.State.Setbacks {
		if b.Key == key {
			o.Cleared = append(o.Cleared, key)
		}
	}
	m.StartedAt, m.StoppedAt, m.ReadyAt, m.TriedAt, m.State = r.Now(), time.Time{}, time.Time{}, time.Time{}, fleet.Pending
	m.Unasked = false
	o.Machines = append(o.Machines, m)
}

// strike adds a setback, once.
func (o *outcome) strike(b fleet.Setback) {
	for _, other := range o.Setbacks {
		if other.Key == b.Key {
			return
		}
	}
	o.Setbacks = append(o.Setbacks, b)
}

// stop stops machines whose runners GitHub shows without a job.
//
// GitHub cannot be told to give a runner no job but by deleting it, and a
// standing one is to stay registered. So this list is asked right before the
// stop, and a window is left: a job that GitHub assigns between its answer and
// the end of the runner, some seconds later, fails, or waits again if the runner
// had not begun it; and the list was seen to call a busy runner idle for a moment.
// And while jobs wait that fit it, GitHub gives a runner the next one a second
// after the last: it is stopped when one look finds it free.
// Deleting the registration, whose 204 is a promise, and registering anew at
// each start was considered: it costs a token and a name a day and machine, and
// a runner that GitHub's groups and people know. So was a word to the agent, which
// alone can end its runner between two jobs; it needs a way to the machine that
// there is not yet.
func (r *Reconciler) stop(ctx context.Context, s fleet.Snapshot, ins []fleet.Intent, known map[fleet.MachineID]fleet.Machine) outcome {
	var o outcome
	free := r.free(ctx, s, ins, known, &o)
	if len(free) == 0 {
		return o
	}
	refused := r.Switch.Stop(ctx, machinesOf(free))
	for _, in := range free {
		m, err := known[in.Stop.Machine], refused[in.Stop.Machine]
		if r.switched(ctx, s, turned{in, m, err}, &o) && err == nil {
			m.StoppedAt, m.TriedAt, m.State = r.Now(), time.Time{}, fleet.Stopping
			if m.ReadyAt.IsZero() {
				m.ReadyAt = m.StoppedAt // that it was not up yet is no fault of its
			}
			o.Machines = append(o.Machines, m)
		}
	}
	return o
}

// free are the stops of machines whose runners GitHub lists without a job. The
// others are left for a later look.
func (r *Reconciler) free(ctx context.Context, s fleet.Snapshot, ins []fleet.Intent, known map[fleet.MachineID]fleet.Machine, o *outcome) (free []fleet.Intent) {
	lists := map[fleet.Scope]map[string]fleet.Runner{}
	for _, in := range ins {
		list, asked := lists[in.Stop.Scope]
		if !asked {
			list = r.registrations(ctx, s, in.Stop.Scope)
			lists[in.Stop.Scope] = list
		}
		x, listed := list[in.Stop.Name]
		if listed && !x.Busy {
			free = append(free, in)
			continue
		}
		r.Log.InfoContext(ctx, "not stopped", "machine", in.Stop.Machine, "busy", x.Busy, "listed", listed)
		r.untouched(s, in, known[in.Stop.Machine], o)
		for _, row := range s.State.Runners {
			if listed && row.Name == x.Name {
				row.Online, row.Busy, row.SeenAt = x.Online, x.Busy, r.Now()
				o.Runners = append(o.Runners, row)
			}
		}
	}
	return free
}

// registrations lists a scope's registrations of ours by name; none if GitHub
// does not answer.
func (r *Reconciler) registrations(ctx context.Context, s fleet.Snapshot, scope fleet.Scope) map[string]fleet.Runner {
	err := r.limitOn(scope.Installation, fleet.Releasing)
	var list []fleet.Runner
	if err == nil {
		list, err = r.GitHub.Runners(ctx, scope, "rf-"+s.Fleet.Name+"-")
		r.limit(err)
	}
	if err != nil {
		r.Log.WarnContext(ctx, "runners not seen, nothing is stopped", "scope", scope.String(), "error", err)
		return nil
	}
	byName := make(map[string]fleet.Runner, len(list))
	for _, x := range list {
		byName[x.Name] = x
	}
	return byName
}

// switched settles a stop or start as far as all outcomes are alike, and
// reports whether its outcome is known.
func (r *Reconciler) switched(ctx context.Context, s fleet.Snapshot, t turned, o *outcome) bool {
	in, m, err := t.in, t.m, t.err
	log := r.Log.With("intent", in.ID, "act", in.Kind(), "machine", in.Machine(), "pool", m.Pool)
	switch {
	case err == nil:
		log.InfoContext(ctx, in.Kind(), "reason", in.Reason)
		o.settle(in)
		return true
	case errors.Is(err, fleet.ErrUnknownOutcome):
		log.WarnContext(ctx, "not answered", "error", err)
		return false // left open: it is sent again
	case errors.Is(err, fleet.ErrThrottled) && in.Start != nil:
		log.DebugContext(ctx, "throttled", "error", err)
		r.pauseLaunches() // and starts with them
		o.settle(in)
		return true
	case errors.Is(err, fleet.ErrConfig):
		log.ErrorContext(ctx, "refused", "error", err)
	default:
		log.WarnContext(ctx, "not done", "error", err)
	}
	r.untouched(s, in, m, o)
	return true
}

// untouched settles a stop or start that was not done; a later look decides
// again.
func (r *Reconciler) untouched(s fleet.Snapshot, in fleet.Intent, m fleet.Machine, o *outcome) {
	o.settle(in)
	if m.ID != "" {
		m.TriedAt = s.At
		o.Machines = append(o.Machines, m)
	}
}
