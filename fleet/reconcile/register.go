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
		return r.failed(in, m, name, r.heal(ctx, want, name, errors.Is(err, fleet.ErrUnknownOutcome)))
	}
	o.settle(in)
	m.Scope, m.Try, m.RunnerID, m.MintedAt, m.Taken = want.Scope, want.Try, id, r.Now(), false
	if in.Tries > 1 {
		m.ResentAt = r.Now() // its agent may have had the first config, and its job
	}
	o.Machines = []fleet.Machine{m}
	log.InfoContext(ctx, "mint", "reason", in.Reason)
	return o
}

// unminted is what follows a registration that GitHub did not confirm. One that
// was sent before may have come about then, and have stored its config: it stays
// open until GitHub says so, but not for long where it says nothing at all.
func (r *Reconciler) unminted(ctx context.Context, s fleet.Snapshot, in fleet.Intent, m fleet.Machine, err error) outcome {
	want := *in.Mint
	name := fleet.RunnerName(s.Fleet.Name, want.Machine, want.Try)
	log := r.Log.With("intent", in.ID, "machine", want.Machine, "scope", want.Scope.String(), "error", err)
	switch {
	case errors.Is(err, fleet.ErrThrottled):
		r.limitMints(err)
		log.WarnContext(ctx, "mint limited")
		o := outcome{}
		if in.Tries == 1 {
			o.settle(in)
		}
		return o
	case errors.Is(err, fleet.ErrTaken):
		log.WarnContext(ctx, "mint: the name is taken, an earlier reply was lost")
		return r.failed(in, m, name, r.heal(ctx, want, name, in.Tries > 1))
	case errors.Is(err, fleet.ErrConfig):
		r.limit(err)
		log.ErrorContext(ctx, "mint refused")
		o := outcome{}
		o.settle(in)
		if in.Tries > 1 {
			m.ResentAt = r.Now()
			o = r.failed(in, m, name, user{})
		}
		o.Setbacks = []fleet.Setback{struck(s, fleet.MintKey(m.Pool, want.Scope), err.Error())}
		return o
	}
	log.WarnContext(ctx, "mint not answered")
	if in.Tries > 1 {
		if r.Now().Sub(in.ReservedAt) < mintLimit {
			return outcome{}
		}
		m.ResentAt = r.Now()
	}
	return r.failed(in, m, name, user{})
}

// mintLimit is how long a mint is sent again that GitHub does not answer.
const mintLimit = 5 * time.Minute

// failed settles a mint that came to nothing: the next try, a little later, has
// another name. A runner that is in use under this one is the machine's all the
// same: its agent took the config. So is one that may be, until that is known.
// Any other may be there and not be known, so full looks look for it: nothing
// else might ask its scope again.
func (r *Reconciler) failed(in fleet.Intent, m fleet.Machine, name string, used user) outcome {
	var o outcome
	if used.unseen {
		return o // left open
	}
	o.settle(in)
	m.Try, m.TriedAt = in.Mint.Try, r.Now()
	switch {
	case used.runner != 0:
		m.Scope, m.RunnerID, m.MintedAt, m.Taken = in.Mint.Scope, used.runner, r.Now(), true
		if used.sure {
			m.ReadyAt = r.Now()
		} else {
			m.ResentAt = r.Now()
		}
	case in.Mint.Registration != fleet.Token:
		o.Runners = []fleet.Runner{{Name: name, Scope: in.Mint.Scope, FirstAt: r.Now()}}
	}
	o.Machines = []fleet.Machine{m}
	return o
}

// user is an agent that uses a registration nobody knew to be in use.
type user struct {
	runner int64 // the registration's number; 0: there is no such agent
	sure   bool  // it is online or busy; else it may have the config, and come online
	unseen bool  // GitHub did not say whether there is one
}

// healLimit bounds the healing, which goes on when the acts' time is over.
const healLimit = 5 * time.Second

// heal clears the way for another try: the config that an earlier, lost try may
// have stored, and the registration that it left under this name. It leaves that
// to its user: one that is online or busy, as a manager that died after it had
// stored the config is why nobody knows, or one that may be coming. If a config
// may have been stored, and is not there, the agent may have just taken it; or
// the manager died before it stored any. To remove the registration then cost a
// machine where the agent had it, and a minute tells.
func (r *Reconciler) heal(ctx context.Context, want fleet.Mint, name string, stored bool) user {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healLimit)
	defer cancel()
	x, err := r.named(ctx, want.Scope, name)
	switch {
	case err == nil && x.Online:
		return user{runner: x.ID, sure: true}
	case stored && (errors.Is(err, fleet.ErrThrottled) || errors.Is(err, fleet.ErrUnknownOutcome)):
		r.limit(err)
		r.Log.WarnContext(ctx, "registration not seen", "runner", name, "error", err)
		return user{unseen: true}
	}
	taken, unclear := r.Configs.Withdraw(ctx, want.Machine)
	if unclear != nil {
		r.Log.WarnContext(ctx, "config not withdrawn", "machine", want.Machine, "error", unclear)
	}
	if err == nil && stored && (taken || unclear != nil) {
		return user{runner: x.ID}
	}
	if err == nil {
		err = r.drop(ctx, want.Scope, x.ID)
	}
	if errors.Is(err, fleet.ErrBusy) {
		return user{runner: x.ID, sure: true}
	}
	if err != nil && !errors.Is(err, fleet.ErrAbsent) {
		r.limit(err)
		r.Log.WarnContext(ctx, "stray registration stays for now", "runner", name, "error", err)
	}
	return user{}
}

// named is the registration that has a name; fleet.ErrAbsent if none has.
func (r *Reconciler) named(ctx context.Context, s fleet.Scope, name string) (fleet.Runner, error) {
	found, err := r.GitHub.Runners(ctx, s, name)
	if err != nil {
		return fleet.Runner{}, err
	}
	for _, x := range found {
		if x.Name == name {
			return x, nil
		}
	}
	return fleet.Runner{}, fleet.ErrAbsent
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
	if taken && in.Tries == 1 && !m.Taken {
		m.Taken, m.ResentAt = true, time.Time{}
		return withdrawn(in, m)
	}
	err = r.dropIdle(ctx, s, w, m)
	switch {
	case errors.Is(err, fleet.ErrBusy):
		m.Taken, m.ResentAt = true, time.Time{}
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
	m.MintedAt, m.ReadyAt, m.ResentAt = time.Time{}, time.Time{}, time.Time{}
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

// dropIdle is dropNamed, unless it was in doubt whether a machine's agent has
// its config, and its runner is online by now: fleet.ErrBusy.
func (r *Reconciler) dropIdle(ctx context.Context, s fleet.Snapshot, w *fleet.Withdraw, m fleet.Machine) error {
	if !m.ResentAt.IsZero() {
		x, err := r.named(ctx, w.Scope, fleet.RunnerName(s.Fleet.Name, m.ID, m.Try))
		switch {
		case err != nil:
			r.limit(err)
			return err
		case x.Online:
			return fleet.ErrBusy
		}
	}
	return r.dropNamed(ctx, w.Scope, w.RunnerID, w.Name)
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
	x, err := r.named(ctx, s, name)
	if err != nil {
		r.limit(err)
		return err
	}
	return r.drop(ctx, s, x.ID)
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
