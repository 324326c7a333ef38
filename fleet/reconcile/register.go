package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// mint registers a runner for a machine and stores its config. A failure
// leaves the try's number on the machine, so the next one takes another name.
func (r *Reconciler) mint(ctx context.Context, s fleet.Snapshot, in fleet.Intent, m fleet.Machine) outcome {
	var o outcome
	want := *in.Mint
	name := fleet.RunnerName(s.Fleet.Name, want.Machine, want.Try)
	if err := r.limitOn(want.Scope.Installation, fleet.Serving); err != nil {
		return r.unminted(ctx, s, in, m, err)
	}
	if want.Registration != fleet.Token {
		r.spendMint(want.Scope.Installation)
	}
	id, config, err := r.GitHub.Mint(ctx, want, name)
	log := r.Log.With("intent", in.ID, "machine", want.Machine, "scope", want.Scope.String(), "runner", name)
	if err != nil {
		return r.unminted(ctx, s, in, m, err)
	}
	if err := r.Configs.Put(ctx, want.Machine, config); err != nil {
		log.WarnContext(ctx, "config not stored", "error", err)
		return r.failed(in, m, name, r.heal(ctx, want, name))
	}
	o.settle(in)
	m.Scope, m.Try, m.RunnerID, m.MintedAt, m.Taken = want.Scope, want.Try, id, r.Now(), false
	o.Machines = []fleet.Machine{m}
	log.InfoContext(ctx, "mint", "reason", in.Reason)
	return o
}

// unminted is what follows a registration that GitHub did not confirm.
func (r *Reconciler) unminted(ctx context.Context, s fleet.Snapshot, in fleet.Intent, m fleet.Machine, err error) outcome {
	want := *in.Mint
	name := fleet.RunnerName(s.Fleet.Name, want.Machine, want.Try)
	log := r.Log.With("intent", in.ID, "machine", want.Machine, "scope", want.Scope.String(), "error", err)
	switch {
	case errors.Is(err, fleet.ErrThrottled):
		r.limitMints(err)
		log.WarnContext(ctx, "mint limited")
		o := outcome{}
		o.settle(in)
		return o
	case errors.Is(err, fleet.ErrTaken):
		log.WarnContext(ctx, "mint: the name is taken, an earlier reply was lost")
		return r.failed(in, m, name, r.heal(ctx, want, name))
	case errors.Is(err, fleet.ErrConfig):
		r.limit(err)
		log.ErrorContext(ctx, "mint refused")
		o := outcome{}
		o.settle(in)
		o.Setbacks = []fleet.Setback{struck(s, fleet.MintKey(m.Pool, want.Scope), err.Error())}
		return o
	default:
		log.WarnContext(ctx, "mint not answered")
	}
	return r.failed(in, m, name, 0)
}

// failed settles a mint that came to nothing: the next try, a little later, has
// another name. A runner that is in use under this one is the machine's all the
// same: its agent took the config. Any other may be there and not be known, so
// full looks look for it: nothing else might ask its scope again.
func (r *Reconciler) failed(in fleet.Intent, m fleet.Machine, name string, used int64) outcome {
	var o outcome
	o.settle(in)
	m.Try, m.TriedAt = in.Mint.Try, r.Now()
	if used != 0 {
		m.Scope, m.RunnerID, m.MintedAt, m.ReadyAt, m.Taken = in.Mint.Scope, used, r.Now(), r.Now(), true
	}
	if used == 0 && in.Mint.Registration != fleet.Token {
		o.Runners = []fleet.Runner{{Name: name, Scope: in.Mint.Scope, FirstAt: r.Now()}}
	}
	o.Machines = []fleet.Machine{m}
	return o
}

// healLimit bounds the healing, which goes on when the acts' time is over.
const healLimit = 5 * time.Second

// heal clears the way for another try: the registration that an earlier, lost
// try left under this name, and the config it may have stored. It returns the
// registration's number if that is online or busy, and so is in use: a manager
// that died after it had stored the config is why nobody knows.
func (r *Reconciler) heal(ctx context.Context, want fleet.Mint, name string) (used int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healLimit)
	defer cancel()
	found, err := r.GitHub.Runners(ctx, want.Scope, name)
	for _, x := range found {
		if err == nil && x.Name == name {
			if x.Online {
				return x.ID
			}
			err = r.drop(ctx, want.Scope, x.ID)
			if errors.Is(err, fleet.ErrBusy) {
				return x.ID
			}
		}
	}
	if err != nil && !errors.Is(err, fleet.ErrAbsent) {
		r.limit(err)
		r.Log.WarnContext(ctx, "stray registration stays for now", "runner", name, "error", err)
	}
	if _, err := r.Configs.Withdraw(ctx, want.Machine); err != nil {
		r.Log.WarnContext(ctx, "config not withdrawn", "machine", want.Machine, "error", err)
	}
	return 0
}

// withdraw takes back a config that no agent came for, and its registration.
// The delete is the claim: if nothing was there, the agent has it.
func (r *Reconciler) withdraw(ctx context.Context, s fleet.Snapshot, in fleet.Intent, m fleet.Machine) outcome {
	var o outcome
	w := in.Withdraw
	taken, err := r.Configs.Withdraw(ctx, w.Machine)
	if err != nil {
		r.Log.WarnContext(ctx, "config not withdrawn", "machine", w.Machine, "error", err)
		return o
	}
	r.Log.InfoContext(ctx, "withdraw", "machine", w.Machine, "taken", taken, "reason", in.Reason)
	if taken && in.Tries == 1 {
		m.Taken = true
		return withdrawn(in, m)
	}
	err = r.dropNamed(ctx, w.Scope, w.RunnerID, w.Name)
	switch {
	case errors.Is(err, fleet.ErrBusy):
		m.Taken = true
		return withdrawn(in, m)
	case err != nil && !errors.Is(err, fleet.ErrAbsent):
		r.Log.WarnContext(ctx, "registration stays for now", "machine", w.Machine, "error", err)
		return o // left open: the agent may have it
	}
	return withdrawn(in, generic(m))
}

func withdrawn(in fleet.Intent, m fleet.Machine) outcome {
	var o outcome
	o.settle(in)
	o.Machines = []fleet.Machine{m}
	return o
}

// generic is a machine without a registration, that kept its count of tries.
func generic(m fleet.Machine) fleet.Machine {
	m.Scope, m.RunnerID, m.Taken = fleet.Scope{}, 0, false
	m.MintedAt, m.ReadyAt = fleet.Machine{}.MintedAt, fleet.Machine{}.ReadyAt
	return m
}

// drop deletes a registration at GitHub; see GitHub.Remove for its errors.
func (r *Reconciler) drop(ctx context.Context, s fleet.Scope, runnerID int64) error {
	if err := r.limitOn(s.Installation, fleet.Releasing); err != nil {
		return err
	}
	err := r.GitHub.Remove(ctx, s, runnerID)
	r.limit(err)
	return err
}

// dropNamed is drop for a registration that may be known by its name only,
// because its machine made it.
func (r *Reconciler) dropNamed(ctx context.Context, s fleet.Scope, runnerID int64, name string) error {
	if runnerID != 0 {
		return r.drop(ctx, s, runnerID)
	}
	if err := r.limitOn(s.Installation, fleet.Releasing); err != nil {
		return err
	}
	found, err := r.GitHub.Runners(ctx, s, name)
	if err != nil {
		r.limit(err)
		return err
	}
	for _, x := range found {
		if x.Name == name {
			return r.drop(ctx, s, x.ID)
		}
	}
	return fleet.ErrAbsent
}

// remove deletes a registration that no machine can use.
func (r *Reconciler) remove(ctx context.Context, s fleet.Snapshot, in fleet.Intent) outcome {
	var o outcome
	o.settle(in)
	err := r.drop(ctx, in.Remove.Scope, in.Remove.RunnerID)
	if err == nil || errors.Is(err, fleet.ErrAbsent) {
		o.Change.Ended = []string{in.Remove.Name}
		r.Log.InfoContext(ctx, "remove", "runner", in.Remove.Name, "reason", in.Reason)
		return o
	}
	r.Log.WarnContext(ctx, "registration not removed", "runner", in.Remove.Name, "error", err)
	for _, x := range s.State.Runners {
		if x.Name == in.Remove.Name {
			x.TriedAt = s.At
			o.Runners = []fleet.Runner{x}
		}
	}
	return o
}
