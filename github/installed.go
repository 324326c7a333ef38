package github

import (
	"context"
	"errors"
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

// installed is an App and the accounts that it is on.
type installed struct {
	*Client
	place   int // in github.apps of the fleet file; of the first App 0
	mu      sync.Mutex
	list    []fleet.Installation // as GitHub last had it
	listed  bool                 // it had
	at      map[int64]int        // index in the list, by number of the account
	account map[int64]int64      // by installation; those that are gone, too, as their numbers are not given again
	shut    map[int64]bool       // installations that a call found shut since
	unknown bool                 // GitHub does not know the App or its key: it is of no use
	next    time.Time
	asked   time.Time // when GitHub was asked last
	err     error     // what came of it
}

// renew lists the App's installations if that is due.
func (s *installed) renew(ctx context.Context) {
	at := s.now()
	s.mu.Lock()
	due := !at.Before(s.next)
	if due {
		s.next = at.Add(listedAgain) // others go on with what is known
	}
	s.mu.Unlock()
	if due {
		_ = s.ask(ctx, at) // it is logged, and what was known stands
	}
}

// ask lists the App's installations. Where GitHub refuses the App itself, which is
// fleet.ErrConfig, none of them can be used until it does not.
func (s *installed) ask(ctx context.Context, at time.Time) error {
	all, err := s.Installations(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.err, s.unknown = at, err, errors.Is(err, fleet.ErrConfig)
	if err != nil {
		s.log.WarnContext(ctx, "installations of an App not known", "app", s.app, "error", err)
		return err
	}
	s.list, s.listed, s.next = all, true, at.Add(listedFor)
	s.at, s.shut = map[int64]int{}, map[int64]bool{}
	if s.account == nil {
		s.account = map[int64]int64{}
	}
	for i, in := range all {
		s.at[in.AccountID], s.account[in.ID] = i, in.AccountID
	}
	return nil
}

// fresh lists the App's installations unless that was done within a minute, and
// says what came of it.
func (s *installed) fresh(ctx context.Context) error {
	at := s.now()
	s.mu.Lock()
	fresh, err := !s.asked.IsZero() && at.Sub(s.asked) < listedAgain, s.err
	s.mu.Unlock()
	if fresh {
		return err
	}
	return s.ask(ctx, at)
}

// find is the App's installation on an account, by its number, or by its login
// while that is 0.
func (s *installed) find(account fleet.Account) fleet.Installation {
	for _, in := range s.last() {
		if account.ID == in.AccountID || account.ID == 0 && strings.EqualFold(account.Login, in.Account) {
			return in
		}
	}
	return fleet.Installation{}
}

// of is the number of an installation's account; 0 if it is none of the App's, as
// far as is known. A login would not do: it may be another's by now.
func (s *installed) of(installation int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account[installation]
}

// on is the App's installation on an account, by the account's number, and
// whether it can be used. It is not known while the App's list is not.
func (s *installed) on(account int64) (in fleet.Installation, open, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.at[account]; ok {
		in = s.list[i]
	}
	return in, in.ID != 0 && !in.Suspended && !s.shut[in.ID] && !s.unknown, s.listed || s.unknown
}

// close has an installation that a call found shut left alone, until the list,
// which is soon asked for again, has it open.
func (s *installed) close(installation int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listed {
		s.shut[installation], s.next = true, s.now().Add(listedAgain)
	}
}

// last are the App's installations as last listed.
func (s *installed) last() []fleet.Installation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list
}
