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

// seats is an App and the accounts that it is on.
type seats struct {
	*Client
	mu      sync.Mutex
	list    []fleet.Installation // as GitHub last had it
	listed  bool                 // it had
	account map[int64]int        // index in the list, by number of the account
	login   map[string]int       // likewise by login, in lower case
	id      map[int64]int        // likewise by installation
	shut    map[int64]bool       // installations that a call found shut since
	unknown bool                 // GitHub does not know the App or its key: it is of no use
	next    time.Time
}

// renew lists the App's installations if that is due.
func (s *seats) renew(ctx context.Context) {
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

// ask lists the App's installations. Where GitHub refuses the App itself, none of
// them can be used until it does not; that is no error.
func (s *seats) ask(ctx context.Context, at time.Time) error {
	all, err := s.Installations(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown = errors.Is(err, fleet.ErrConfig)
	if err != nil {
		s.log.WarnContext(ctx, "installations of an App not known", "app", s.app, "error", err)
		return err
	}
	s.list, s.listed, s.next = all, true, at.Add(listedFor)
	s.account, s.login, s.id, s.shut = map[int64]int{}, map[string]int{}, map[int64]int{}, map[int64]bool{}
	for i, in := range all {
		s.account[in.AccountID], s.login[strings.ToLower(in.Account)], s.id[in.ID] = i, i, i
	}
	return nil
}

// of is the number of an account that the App is on: by an installation, of
// whichever App, or else by its login. 0: the App knows of none.
func (s *seats) of(installation int64, login string) (byID, byLogin int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.id[installation]; ok {
		byID = s.list[i].AccountID
	}
	if i, ok := s.login[strings.ToLower(login)]; ok {
		byLogin = s.list[i].AccountID
	}
	return byID, byLogin
}

// on is the App's installation on an account, by the account's number, and
// whether it can be used. It is not known while the App's list is not.
func (s *seats) on(account int64) (in fleet.Installation, open, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.account[account]; ok {
		in = s.list[i]
	}
	return in, in.ID != 0 && !in.Suspended && !s.shut[in.ID] && !s.unknown, s.listed || s.unknown
}

// close has an installation that a call found shut left alone, until the list,
// which is soon asked for again, has it open.
func (s *seats) close(installation int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listed {
		s.shut[installation], s.next = true, s.now().Add(listedAgain)
	}
}

// seated are the App's installations as last listed.
func (s *seats) seated() []fleet.Installation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list
}
