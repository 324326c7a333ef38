package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const (
	scopeFor     = time.Hour        // a scope is believed: the App may be installed anew
	refusedAgain = 10 * time.Minute // an account that GitHub refused is asked about
)

// seat is what GitHub last said of an account that standing pools have.
type seat struct {
	scope fleet.Scope // the last one that was known; zero: none
	err   error       // of the last answer
	next  time.Time   // when to ask again
}

// settleScopes finds where the runners of standing pools are registered. It
// returns, by pool, why that is not known. Dry looks ask too: it changes nothing.
func (r *Reconciler) settleScopes(ctx context.Context, s *fleet.Snapshot) (problems map[string]string) {
	problems = map[string]string{}
	for _, p := range s.Fleet.Pools {
		if !p.Stands() || r.Accounts == nil {
			continue
		}
		at := r.seat(ctx, strings.ToLower(p.Account), s.At)
		if at.scope == (fleet.Scope{}) {
			problems[p.Name] = at.err.Error()
			continue
		}
		if s.Scopes == nil {
			s.Scopes = map[string]fleet.Scope{}
		}
		s.Scopes[p.Name] = at.scope
	}
	return problems
}

// seat is what is known of an account, asked for if that is due.
func (r *Reconciler) seat(ctx context.Context, account string, at time.Time) seat {
	known := r.memory.seats[account]
	if at.Before(known.next) {
		return known
	}
	scope, err := r.Accounts.Scope(ctx, account)
	absent := errors.Is(err, fleet.ErrAbsent)
	switch {
	case err == nil:
		known = seat{scope: scope, next: at.Add(scopeFor)}
	case absent && (known.scope == fleet.Scope{} || errors.Is(known.err, fleet.ErrAbsent)):
		// Of a scope that was known it must say so twice: it says that, too, of
		// what the App may not see just now.
		r.Log.ErrorContext(ctx, "a standing pool has no place at GitHub", "account", account, "error", err)
		known = seat{err: err, next: at.Add(refusedAgain)}
	default:
		r.limit(err)
		level := slog.LevelWarn
		if errors.Is(err, fleet.ErrConfig) {
			level = slog.LevelError
		}
		r.Log.Log(ctx, level, "account not known", "account", account, "error", err)
		known.err, known.next = err, at.Add(askAgain)
	}
	if r.memory.seats == nil {
		r.memory.seats = map[string]seat{}
	}
	r.memory.seats[account] = known
	return known
}

// spoilt is the recipes with the problems of pools in them: nothing is launched
// from one that has a problem.
func spoilt(recipes []fleet.Recipe, problems map[string]string) []fleet.Recipe {
	if len(problems) == 0 {
		return recipes
	}
	recipes = slices.Clone(recipes)
	for i := range recipes {
		if recipes[i].Problem == "" {
			recipes[i].Problem = problems[recipes[i].Pool]
		}
	}
	return recipes
}
