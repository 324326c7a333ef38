package reconcile

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// read reads the ledger, each account known by one installation, whichever App
// told of its jobs and whichever was there when a runner was registered: a job
// that two Apps tell of is of one class, and what was known under an App that has
// left serves those that come by another. An account that was renamed is known by
// its new name. Where GitHub did not tell yet, rows are as they are. It writes
// nothing: rows get their home as they change.
func (r *Reconciler) read(ctx context.Context) (fleet.State, error) {
	state, err := r.Ledger.Read(ctx)
	if err == nil && r.Homes != nil {
		r.home(ctx, &state)
	}
	return state, err
}

// home gives a state's rows their homes. Those are the same until a look says
// otherwise: pools and rows must be known by one name.
func (r *Reconciler) home(ctx context.Context, state *fleet.State) {
	moved, accounts := false, accountsIn(*state, r.Fleet())
	var last int64 // most rows are of one installation
	var home fleet.Scope
	for at := range scopesIn(state) {
		if at.Installation != last {
			last, home = at.Installation, r.homeOf(ctx, accounts, *at)
		}
		moved = moved || moves(*at, home)
	}
	if !moved {
		return
	}
	state.Jobs, state.Machines = slices.Clone(state.Jobs), slices.Clone(state.Machines)
	state.Runners, state.Interrupted = slices.Clone(state.Runners), slices.Clone(state.Interrupted)
	state.Intents = slices.Clone(state.Intents)
	for i := range state.Intents {
		state.Intents[i] = apart(state.Intents[i])
	}
	for at := range scopesIn(state) {
		*at = atHome(*at, r.homeOf(ctx, accounts, *at))
	}
}

// homeOf is a scope's home; nothing while it is not known, or the scope is none.
func (r *Reconciler) homeOf(ctx context.Context, accounts func(fleet.Scope) int64, at fleet.Scope) fleet.Scope {
	home, known := r.memory.homes[at.Installation]
	if known || at.Installation == 0 {
		return home
	}
	home, err := r.Homes.Home(ctx, accounts(at), at.Installation)
	if err != nil {
		home = fleet.Scope{}
	}
	if r.memory.homes == nil {
		r.memory.homes = map[int64]fleet.Scope{}
	}
	r.memory.homes[at.Installation] = home
	return home
}

// moves reports whether a scope is known otherwise than by its home.
func moves(at, home fleet.Scope) bool {
	return home.Installation != 0 && (at.Installation != home.Installation ||
		home.Owner != "" && at.Owner != home.Owner && !strings.EqualFold(at.Owner, home.Owner))
}

// atHome is a scope as its home has it.
func atHome(at, home fleet.Scope) fleet.Scope {
	if moves(at, home) {
		at.Installation, at.Owner = home.Installation, cmp.Or(home.Owner, at.Owner)
	}
	return at
}

// accountsIn tells the number of a scope's account: a job's owner has it, and the
// fleet file, or the ledger for it; 0 if nobody does. The login alone would not
// do: it may be another account's by now.
func accountsIn(state fleet.State, f fleet.Fleet) func(fleet.Scope) int64 {
	known := Pinned(f.Accounts, state.Marks)
	return func(at fleet.Scope) int64 {
		for i := range state.Jobs {
			if j := &state.Jobs[i]; j.OwnerID != 0 && j.Class.Scope.Installation == at.Installation {
				return j.OwnerID
			}
		}
		if i := slices.IndexFunc(known, func(a fleet.Account) bool { return strings.EqualFold(a.Login, at.Owner) }); i >= 0 {
			return known[i].ID
		}
		return 0
	}
}

// scopesIn yields every scope of a state's rows.
func scopesIn(s *fleet.State) func(yield func(*fleet.Scope) bool) {
	return func(yield func(*fleet.Scope) bool) {
		for i := range s.Jobs {
			if !yield(&s.Jobs[i].Class.Scope) {
				return
			}
		}
		for i := range s.Machines {
			if !yield(&s.Machines[i].Scope) {
				return
			}
		}
		for i := range s.Runners {
			if !yield(&s.Runners[i].Scope) {
				return
			}
		}
		for i := range s.Interrupted {
			if !yield(&s.Interrupted[i].Scope) {
				return
			}
		}
		for i := range s.Intents {
			if at := scopeOf(&s.Intents[i]); at != nil && !yield(at) {
				return
			}
		}
	}
}

// scopeOf is where an intent acts at GitHub; nil if it does not.
func scopeOf(in *fleet.Intent) *fleet.Scope {
	switch {
	case in.Mint != nil:
		return &in.Mint.Scope
	case in.End != nil:
		return &in.End.Scope
	case in.Withdraw != nil:
		return &in.Withdraw.Scope
	case in.Remove != nil:
		return &in.Remove.Scope
	case in.Rerun != nil:
		return &in.Rerun.Scope
	case in.Stop != nil:
		return &in.Stop.Scope
	}
	return nil
}

// apart is an intent whose parts with a scope are its own.
func apart(in fleet.Intent) fleet.Intent {
	in.Mint, in.End, in.Withdraw = own(in.Mint), own(in.End), own(in.Withdraw)
	in.Remove, in.Rerun, in.Stop = own(in.Remove), own(in.Rerun), own(in.Stop)
	return in
}

func own[T any](part *T) *T {
	if part == nil {
		return nil
	}
	copied := *part
	return &copied
}
