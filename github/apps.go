package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/runfleet/runfleet/fleet"
)

// Apps are several GitHub Apps that act as one, each with an allowance of its
// own. A scope has one identity: the installation of the first App that is on
// its account. What is asked there goes by whichever App has most left, and while
// one is shut, by another. It is safe for concurrent use.
type Apps struct {
	*Client              // the first
	all     []*installed // in the order of the fleet file

	mu    sync.Mutex
	homes map[int64]fleet.Scope // what installations stand for, by their number, of several Apps
}

// NewApps joins Apps, the first one first, the others in the order of the fleet
// file: nil for one that is left out.
func NewApps(first *Client, others ...*Client) *Apps {
	a := &Apps{Client: first, homes: map[int64]fleet.Scope{}, all: []*installed{{Client: first}}}
	for i, c := range others {
		if c != nil {
			a.all = append(a.all, &installed{Client: c, place: i})
		}
	}
	return a
}

// account is the number of an installation's account; 0 if it is of no App, as
// far as is known. The lists of several Apps are kept new; that of a single one is
// asked for only where an installation is doubted.
func (a *Apps) account(ctx context.Context, installation int64) (account int64) {
	for _, app := range a.all {
		if len(a.all) > 1 {
			app.renew(ctx)
		}
		account = cmp.Or(account, app.of(installation))
	}
	return account
}

// Home is the installation that an account's classes are known by: that of the
// first App on it, suspended or not, and the account's name of today. It is told
// one of any App, which stands, without a name, where no App is known to be, and
// the account's number, or 0 if only the installation can tell that.
func (a *Apps) Home(ctx context.Context, account, told int64) (fleet.Scope, error) {
	account = cmp.Or(a.account(ctx, told), account)
	for _, s := range a.all {
		in, _, known := s.on(account)
		if in.ID != 0 {
			return fleet.Scope{Installation: in.ID, Owner: in.Account}, nil
		}
		if !known && len(a.all) > 1 {
			return fleet.Scope{}, fleet.ErrUnknownOutcome // it may be on the account
		}
	}
	return fleet.Scope{Installation: told}, nil
}

// Installations lists the installations of every App, each anew. It is an error
// if one cannot be had, unless GitHub refuses that App as such and has others: of
// it, what was known last is told.
func (a *Apps) Installations(ctx context.Context) (all []fleet.Installation, err error) {
	answered := false
	for _, s := range a.all {
		failed := s.ask(ctx, s.now())
		switch {
		case failed == nil:
			answered = true
		case err == nil || !errors.Is(failed, fleet.ErrConfig):
			err = failed
		}
		all = append(all, s.last()...)
	}
	if answered && errors.Is(err, fleet.ErrConfig) {
		err = nil
	}
	return all, err
}

// turn is an App's way to a scope.
type turn struct {
	*installed
	at   fleet.Scope
	left int
}

// turns are the ways to a scope, that of the App with most left first.
func (a *Apps) turns(ctx context.Context, s fleet.Scope, resource string) []turn {
	account := a.account(ctx, s.Installation)
	var ways []turn
	for _, app := range a.all {
		if in, open, _ := app.on(account); open {
			at := s
			at.Installation = in.ID
			ways = append(ways, turn{app, at, app.left(in.ID, resource)})
			a.stands(in.ID, s)
		}
	}
	if len(ways) == 0 {
		return []turn{{a.all[0], s, 0}} // GitHub says why not
	}
	slices.SortStableFunc(ways, func(x, y turn) int { return cmp.Compare(y.left, x.left) })
	return ways
}

func (a *Apps) stands(installation int64, home fleet.Scope) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.homes[installation] = fleet.Scope{Installation: home.Installation, Owner: home.Owner}
}

// left is what an App has left of an allowance; all there is while GitHub did not
// tell.
func (c *Client) left(installation int64, resource string) int {
	at, left := c.now(), math.MaxInt
	for _, m := range c.Allowances() {
		switch {
		case m.Installation != installation:
		case m.PausedUntil.After(at):
			return 0
		case m.Resource == resource:
			left = m.Left(at)
		}
	}
	return left
}

// each tries the ways to a scope until one is answered: nothing came of those
// before. An App that is limited, shut, or refused what it asks leaves it to the
// others: it may have been granted less, or not be on the repository. What all
// have against it is said of the scope's own installation. A refusal counts only
// when those that are limited had their turn: of a registration they are waited
// for, of all else it is not known what they would say.
func (a *Apps) each(ctx context.Context, s fleet.Scope, resource string, do func(*Client, fleet.Scope) error) error {
	var limit *fleet.LimitedError
	var shut *fleet.ShutError
	var refused error
	for _, way := range a.turns(ctx, s, resource) {
		err := do(way.Client, way.at)
		var limited *fleet.LimitedError
		var closed *fleet.ShutError
		switch {
		case errors.As(err, &limited):
			if limit == nil || limited.For < limit.For {
				told := *limited
				told.Installation, limit = s.Installation, &told
			}
		case errors.As(err, &closed):
			way.close(closed.Installation)
			shut = &fleet.ShutError{Installation: s.Installation, Text: closed.Text}
		case errors.Is(err, fleet.ErrAbsent), errors.Is(err, fleet.ErrConfig):
			if refused == nil {
				refused = err
			}
		default:
			return err
		}
	}
	switch {
	case refused != nil && limit != nil && resource == fleet.Registrations:
		limit.Resource = resource // whatever else there is, who was refused may do
		return limit
	case refused != nil && (limit != nil || shut != nil && errors.Is(refused, fleet.ErrAbsent)):
		return fmt.Errorf("%w: %v; another App, which cannot ask now, may see it", fleet.ErrUnknownOutcome, refused)
	case refused != nil:
		return refused
	case limit != nil:
		return limit
	}
	return shut
}

// Allowances is what GitHub said of every App's allowances: of the App itself,
// and each of an account under the installation that it is known by. An App that
// was not used yet on an account has a meter without an instant.
func (a *Apps) Allowances() fleet.Meters {
	a.mu.Lock()
	homes := maps.Clone(a.homes)
	a.mu.Unlock()
	var all fleet.Meters
	for _, app := range a.all {
		known := map[int64]bool{}
		for _, m := range app.Client.Allowances() {
			known[m.Installation] = true
			if home, ok := homes[m.Installation]; ok {
				m.Installation = home.Installation
			}
			all = append(all, m)
		}
		for _, in := range app.last() {
			home, ok := homes[in.ID]
			if _, open, _ := app.on(in.AccountID); ok && open && !known[in.ID] {
				all = append(all, fleet.Meter{App: app.app, Installation: home.Installation, Account: home.Owner, Resource: fleet.CoreCalls})
			}
		}
	}
	slices.SortFunc(all, fleet.Meter.Compare)
	return all
}
