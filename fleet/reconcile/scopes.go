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

// settleScopes finds where the runners of standing pools are registered, and has
// each pool stand for its account under the name of today. It returns, by pool,
// why that is not known. Dry looks ask too: it changes nothing.
func (r *Reconciler) settleScopes(ctx context.Context, s *fleet.Snapshot) (problems map[string]string) {
	problems = map[string]string{}
	seats := map[string]fleet.Scope{}
	for _, p := range s.Fleet.Pools {
		if !p.Stands() || r.Accounts == nil {
			continue
		}
		at := r.seat(ctx, accountOf(*s, p.Account), s.At)
		if at.scope == (fleet.Scope{}) {
			problems[p.Name] = at.err.Error()
			continue
		}
		seats[p.Name] = at.scope
	}
	r.moveIn(ctx, s, seats)
	return problems
}

// moveIn gives rows and standing pools the homes that are known by now: what was
// asked since the ledger was read may have told other ones.
func (r *Reconciler) moveIn(ctx context.Context, s *fleet.Snapshot, seats map[string]fleet.Scope) {
	r.memory.homes = nil
	if r.Homes != nil {
		r.home(ctx, &s.State)
	}
	s.Fleet.Pools = slices.Clone(s.Fleet.Pools)
	accounts := accountsIn(s.State, s.Fleet)
	for i, p := range s.Fleet.Pools {
		at, ok := seats[p.Name]
		if !ok {
			continue
		}
		if r.Homes != nil {
			at = atHome(at, r.homeOf(ctx, accounts, at))
		}
		if s.Scopes == nil {
			s.Scopes = map[string]fleet.Scope{}
		}
		s.Scopes[p.Name], s.Fleet.Pools[i].Account = at, at.Owner
	}
}

// accountOf is an account that the fleet file names, with its number as far as
// the file or the ledger has it.
func accountOf(s fleet.Snapshot, login string) fleet.Account {
	i := slices.IndexFunc(s.Fleet.Accounts, func(a fleet.Account) bool { return strings.EqualFold(a.Login, login) })
	if i >= 0 {
		return s.Fleet.Accounts[i]
	}
	return Pinned([]fleet.Account{{Login: login}}, s.State.Marks)[0]
}

// seat is what is known of an account, asked for if that is due.
func (r *Reconciler) seat(ctx context.Context, account fleet.Account, at time.Time) seat {
	name := strings.ToLower(account.Login)
	known := r.memory.seats[name]
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
		r.Log.ErrorContext(ctx, "a standing pool has no place at GitHub", "account", account.Login, "error", err)
		known = seat{err: err, next: at.Add(refusedAgain)}
	default:
		r.limit(err)
		level := slog.LevelWarn
		if errors.Is(err, fleet.ErrConfig) {
			level = slog.LevelError
		}
		r.Log.Log(ctx, level, "account not known", "account", account.Login, "error", err)
		known.err, known.next = err, at.Add(askAgain)
	}
	if r.memory.seats == nil {
		r.memory.seats = map[string]seat{}
	}
	r.memory.seats[name] = known
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
