package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// plain refreshes the plain form of pools that are launched or started from,
// and returns the intents without launches whose image would find none. A start
// needs it less: its machine is registered already.
func (r *Reconciler) plain(ctx context.Context, s fleet.Snapshot, mine []fleet.Intent, o *outcome) []fleet.Intent {
	if r.Plains == nil || r.Accounts == nil {
		return mine
	}
	failed := map[string]error{}
	for _, p := range s.Fleet.Pools {
		if scope, ok := s.Scopes[p.Name]; ok && p.Plain != (fleet.Plain{}) && brings(s, p.Name, mine) {
			if err := r.refresh(ctx, p.Plain, scope); err != nil {
				r.limit(err)
				r.Log.WarnContext(ctx, "plain form not refreshed", "pool", p.Name, "error", err)
				failed[p.Name] = err
			}
		}
	}
	var rest []fleet.Intent
	for _, in := range mine {
		err, first := error(nil), in.Launch != nil && in.Tries == 1 // a later try may have launched before
		if first {
			err = failed[in.Launch.Pool]
		}
		if err == nil {
			rest = append(rest, in)
			continue
		}
		o.settle(in)
		if errors.Is(err, fleet.ErrConfig) {
			o.strike(struck(s, fleet.LaunchKey(in.Launch.Pool, in.Launch.Template), err.Error()))
		} else {
			r.pauseLaunches()
		}
	}
	return rest
}

// brings reports whether one of the intents brings a pool's machine up.
func brings(s fleet.Snapshot, pool string, mine []fleet.Intent) bool {
	of := map[fleet.MachineID]string{}
	for _, m := range s.State.Machines {
		of[m.ID] = m.Pool
	}
	for _, in := range mine {
		if in.Launch != nil && in.Launch.Pool == pool || in.Start != nil && of[in.Start.Machine] == pool {
			return true
		}
	}
	return false
}

// refresh puts a token that is good for long enough, unless the last one is.
func (r *Reconciler) refresh(ctx context.Context, names fleet.Plain, scope fleet.Scope) error {
	if r.Now().Before(r.memory.plains[names]) {
		return nil
	}
	if err := r.limitOn(scope.Installation, fleet.Serving); err != nil {
		return err
	}
	e, until, err := r.Accounts.Enrolment(ctx, scope)
	if err != nil {
		return err
	}
	if err := r.Plains.PutPlain(ctx, names, e); err != nil {
		return err
	}
	if r.memory.plains == nil {
		r.memory.plains = map[fleet.Plain]time.Time{}
	}
	r.memory.plains[names] = until
	r.Log.InfoContext(ctx, "plain form refreshed", "url", names.URL, "token", names.Token, "until", until)
	return nil
}
