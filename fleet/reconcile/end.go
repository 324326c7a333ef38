package reconcile

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/runfleet/runfleet/fleet"
)

// end ends machines: GitHub agrees to each, then EC2 is asked once for all,
// then what is left of them in the parameter store is taken away.
func (r *Reconciler) end(ctx context.Context, s fleet.Snapshot, ins []fleet.Intent, known map[fleet.MachineID]fleet.Machine) outcome {
	var o outcome
	var there, gone []fleet.Intent
	var ids []fleet.MachineID
	for _, in := range r.agree(ctx, s, ins, known, &o) {
		if in.End.Absent {
			gone = append(gone, in)
			continue
		}
		there, ids = append(there, in), append(ids, in.End.Machine)
	}
	if len(ids) > 0 {
		left := r.Cloud.End(ctx, ids)
		stays := func(in fleet.Intent) bool {
			err := left[in.End.Machine]
			return err != nil && (!errors.Is(err, fleet.ErrAbsent) || known[in.End.Machine].Pends(s.At))
		}
		for _, in := range there {
			if stays(in) {
				r.Log.WarnContext(ctx, "machine not ended", "machine", in.End.Machine, "error", left[in.End.Machine])
				refusedBy(s, []fleet.Intent{in}, known, &o)
			}
		}
		there = slices.DeleteFunc(there, stays)
	}
	for _, in := range slices.Concat(there, gone) {
		r.ended(ctx, s, in, known[in.End.Machine], &o)
	}
	return o
}

// agree asks GitHub to give the machines' runners no job any more. Without its
// agreement a machine stays, unless its job is known to be over.
func (r *Reconciler) agree(ctx context.Context, s fleet.Snapshot, ins []fleet.Intent, known map[fleet.MachineID]fleet.Machine, o *outcome) []fleet.Intent {
	ok, kept := make([]bool, len(ins)), make([]bool, len(ins))
	acts := make([]func(), len(ins))
	var lock sync.Mutex
	for i, in := range ins {
		acts[i] = func() {
			err := r.unregister(ctx, in.End)
			lock.Lock()
			defer lock.Unlock()
			ok[i], kept[i] = err == nil || in.End.Force, err != nil
			if err != nil {
				r.Log.InfoContext(ctx, "GitHub keeps the runner", "machine", in.End.Machine, "error", err, "forced", in.End.Force)
			}
		}
	}
	r.spread(acts)
	var agreed, refused []fleet.Intent
	for i, in := range ins {
		if !ok[i] {
			refused = append(refused, in)
			continue
		}
		agreed = append(agreed, in)
		if kept[i] {
			o.Runners = append(o.Runners, outliving(s, in.End, known[in.End.Machine]))
		}
	}
	refusedBy(s, refused, known, o)
	return agreed
}

// outliving is the row of a registration that GitHub keeps although its machine
// is ended: until the lock of its job is over, and then until it is removed.
func outliving(s fleet.Snapshot, e *fleet.End, m fleet.Machine) fleet.Runner {
	row := fleet.Runner{
		Name: fleet.RunnerName(s.Fleet.Name, m.ID, m.Try), ID: e.RunnerID, Scope: e.Scope, Busy: true, FirstAt: s.At, SeenAt: s.At,
	}
	for _, x := range s.State.Runners {
		if x.Name == row.Name {
			row = x
		}
	}
	row.TriedAt = s.At
	return row
}

func (r *Reconciler) unregister(ctx context.Context, e *fleet.End) error {
	if e.RunnerID == 0 && e.Name == "" {
		return nil
	}
	err := r.dropNamed(ctx, e.Scope, e.RunnerID, e.Name)
	if errors.Is(err, fleet.ErrAbsent) {
		return nil
	}
	return err
}

// refusedBy settles ends that GitHub or EC2 did not agree to; a later look
// decides again.
func refusedBy(s fleet.Snapshot, ins []fleet.Intent, known map[fleet.MachineID]fleet.Machine, o *outcome) {
	for _, in := range ins {
		o.settle(in)
		if m, ok := known[in.End.Machine]; ok {
			m.TriedAt = s.At
			o.Machines = append(o.Machines, m)
		}
	}
}

func (r *Reconciler) ended(ctx context.Context, s fleet.Snapshot, in fleet.Intent, m fleet.Machine, o *outcome) {
	// A mint that failed may have stored its config all the same, and one that
	// was sent again a second one.
	clean := (m.Taken || m.Try == 0) && m.ResentAt.IsZero()
	if !clean || in.End.Absent {
		_, err := r.Configs.Withdraw(ctx, in.End.Machine)
		if clean = err == nil; !clean {
			r.Log.WarnContext(ctx, "config not withdrawn", "machine", in.End.Machine, "error", err)
		}
	}
	o.settle(in)
	name := fleet.RunnerName(s.Fleet.Name, m.ID, m.Try)
	r.Log.InfoContext(ctx, "end", "machine", in.End.Machine, "pool", m.Pool, "reason", in.Reason)
	outlives := slices.ContainsFunc(o.Runners, func(x fleet.Runner) bool { return x.Name == name })
	if m.Minted() && !outlives {
		o.Change.Ended = append(o.Change.Ended, name)
	}
	if in.End.Absent && clean {
		o.Change.Forget = append(o.Change.Forget, in.End.Machine)
		return
	}
	resent := m.ResentAt
	if m = generic(m); !clean {
		m.ResentAt = resent
	}
	m.Taken = clean
	if in.End.Absent {
		m.TriedAt = s.At
	}
	m.EndedAt, m.EndReason = r.Now(), in.Reason
	o.Machines = append(o.Machines, m)
}
