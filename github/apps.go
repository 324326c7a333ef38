package github

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// How long a list of an App's installations is believed, and how soon one that
// could not be had is asked for again.
const (
	listedFor   = 10 * time.Minute
	listedAgain = time.Minute
)

// Apps are several GitHub Apps that act as one, each with an allowance of its
// own. A scope has one identity: the installation of the first App that is on
// its account. Registrations, removals, lists of runners, questions about jobs
// and re-runs go by whichever App has most left there; all else by the first.
// It is safe for concurrent use.
type Apps struct {
	*Client
	all []*seats // in the order of the fleet file

	mu    sync.Mutex
	homes map[int64]fleet.Scope // what installations of other Apps stand for, by their number
}

// seats is an App and where it is installed.
type seats struct {
	*Client
	mu   sync.Mutex
	of   map[string]int64 // installation by login, in lower case
	next time.Time
}

// NewApps joins Apps, the first one first.
func NewApps(first *Client, others ...*Client) *Apps {
	a := &Apps{Client: first, homes: map[int64]fleet.Scope{}}
	for _, c := range append([]*Client{first}, others...) {
		a.all = append(a.all, &seats{Client: c})
	}
	return a
}

// on is the App's installation on an account; 0 if there is none, or it is not
// known or suspended.
func (s *seats) on(ctx context.Context, login string) int64 {
	at := s.now()
	s.mu.Lock()
	due := !at.Before(s.next)
	if due {
		s.next = at.Add(listedAgain) // others go on with what is known
	}
	s.mu.Unlock()
	if due {
		s.list(ctx, at)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[strings.ToLower(login)]
}

func (s *seats) list(ctx context.Context, at time.Time) {
	all, err := s.Installations(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "installations of an App not known", "app", s.app, "error", err)
		return
	}
	of := map[string]int64{}
	for _, in := range all {
		if !in.Suspended {
			of[strings.ToLower(in.Account)] = in.ID
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of, s.next = of, at.Add(listedFor)
}

// Home is the installation that an account's classes are known by: that of the
// first App on it. It is told one of another App, which stands where no App is
// known to be.
func (a *Apps) Home(ctx context.Context, login string, told int64) (int64, error) {
	for i, s := range a.all {
		if id := s.on(ctx, login); id != 0 {
			return id, nil
		}
		if i == 0 && !s.listed() {
			return 0, fleet.ErrUnknownOutcome // it may be on the account: whoever told is to tell again
		}
	}
	return told, nil
}

// listed reports whether the App's installations are known.
func (s *seats) listed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of != nil
}

// turn is an App's way to a scope.
type turn struct {
	*Client
	at   fleet.Scope
	left int
}

// turns are the ways to a scope, that of the App with most left first.
func (a *Apps) turns(ctx context.Context, s fleet.Scope, resource string) []turn {
	if len(a.all) == 1 {
		return []turn{{a.Client, s, 0}}
	}
	own := turn{a.Client, s, a.left(s.Installation, resource)}
	var ways []turn
	owned := false
	for _, app := range a.all {
		at := s
		if at.Installation = app.on(ctx, s.Owner); at.Installation == 0 {
			continue
		}
		owned = owned || at.Installation == s.Installation
		ways = append(ways, turn{app.Client, at, app.left(at.Installation, resource)})
		a.stands(at.Installation, s)
	}
	if !owned {
		ways = append(ways, own)
	}
	slices.SortStableFunc(ways, func(x, y turn) int { return cmp.Compare(y.left, x.left) })
	return ways
}

func (a *Apps) stands(installation int64, home fleet.Scope) {
	if installation != home.Installation {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.homes[installation] = fleet.Scope{Installation: home.Installation, Owner: home.Owner}
	}
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

// each tries the ways to a scope until one is not limited: nothing came of those
// before. A limit of all is a limit of the scope's own installation.
func (a *Apps) each(ctx context.Context, s fleet.Scope, resource string, do func(*Client, fleet.Scope) error) error {
	var all *fleet.LimitedError
	for _, way := range a.turns(ctx, s, resource) {
		err := do(way.Client, way.at)
		var limit *fleet.LimitedError
		var shut *fleet.ShutError
		switch {
		case errors.As(err, &limit):
			if all == nil || limit.For < all.For {
				told := *limit
				told.Installation, all = s.Installation, &told
			}
			continue
		case errors.As(err, &shut) && way.at.Installation != s.Installation:
			a.forget(way.Client)
			continue
		}
		return err
	}
	if all == nil {
		return fleet.ErrUnknownOutcome // each was shut between two lists
	}
	return all
}

// forget has an App's installations listed again before it is used.
func (a *Apps) forget(c *Client) {
	for _, s := range a.all {
		if s.Client == c {
			s.mu.Lock()
			s.of, s.next = map[string]int64{}, s.now().Add(listedAgain)
			s.mu.Unlock()
		}
	}
}

// Allowances is what GitHub said of every App's allowances: of the App itself,
// and each of an account under the installation that it is known by. An App that was not used yet on an
// account has a meter without an instant.
func (a *Apps) Allowances() fleet.Meters {
	all := a.Client.Allowances()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, app := range a.all[1:] {
		known := map[int64]bool{}
		for _, m := range app.Client.Allowances() {
			if m.Installation == theApp {
				all = append(all, m)
			} else if home, ok := a.homes[m.Installation]; ok {
				known[m.Installation] = true
				m.Installation = home.Installation
				all = append(all, m)
			}
		}
		app.mu.Lock()
		for _, id := range app.of {
			if home, ok := a.homes[id]; ok && !known[id] {
				all = append(all, fleet.Meter{App: app.app, Installation: home.Installation, Account: home.Owner, Resource: fleet.CoreCalls})
			}
		}
		app.mu.Unlock()
	}
	slices.SortFunc(all, fleet.Meter.Compare)
	return all
}
