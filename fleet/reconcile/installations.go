package reconcile

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// installed is what GitHub last said of all installations.
type installed struct {
	list  []fleet.Installation
	known bool      // the last answer was one
	asked time.Time // at an instant of a look
}

// listAgain is how soon the installations are listed again for news of one.
const listAgain = 5 * time.Second

// installations asks GitHub, unless it was asked within a minute and since some
// instant. It reports false while there is no answer.
func (r *Reconciler) installations(ctx context.Context, at, since time.Time) ([]fleet.Installation, bool) {
	last := &r.memory.installed
	if r.Installations == nil || r.limitOn(theApp, fleet.Serving) != nil {
		return nil, false
	}
	fresh := !last.asked.Before(since)
	if age := at.Sub(last.asked); fresh && age < askAgain || age < listAgain {
		return last.list, last.known && fresh
	}
	list, err := r.Installations.Installations(ctx)
	*last = installed{list, err == nil, at}
	if err != nil {
		r.limit(err)
		r.Log.WarnContext(ctx, "installations not known", "error", err)
	}
	return list, err == nil
}

// pin gives accounts that the fleet file names by login alone their numbers,
// which are kept in the ledger: whoever registers the login later is another.
func (r *Reconciler) pin(ctx context.Context, s *fleet.Snapshot, write bool) error {
	s.Fleet.Accounts = Pinned(s.Fleet.Accounts, s.State.Marks)
	pins := map[string]string{}
	for _, login := range unpinned(*s) {
		all, _ := r.installations(ctx, s.At, time.Time{})
		i := slices.IndexFunc(all, func(in fleet.Installation) bool { return strings.EqualFold(in.Account, login) })
		if i < 0 {
			continue
		}
		pins[pinOf(login)] = strconv.FormatInt(all[i].AccountID, 10)
		r.Log.InfoContext(ctx, "an account is pinned to its number", "login", login, "id", all[i].AccountID)
	}
	if len(pins) == 0 {
		return nil
	}
	s.State.Marks = maps.Clone(s.State.Marks)
	if s.State.Marks == nil {
		s.State.Marks = map[string]string{}
	}
	maps.Copy(s.State.Marks, pins)
	s.Fleet.Accounts = Pinned(s.Fleet.Accounts, s.State.Marks)
	if !write {
		return nil
	}
	return r.Ledger.Settle(ctx, fleet.Change{Marks: pins})
}

// unpinned are the logins whose numbers are not known: of accounts that the fleet
// file names, and of those that standing pools stand for.
func unpinned(s fleet.Snapshot) (logins []string) {
	for _, a := range s.Fleet.Accounts {
		if a.ID == 0 {
			logins = append(logins, a.Login)
		}
	}
	for _, p := range s.Fleet.Pools {
		if p.Stands() && accountOf(s, p.Account).ID == 0 && !slices.Contains(logins, p.Account) {
			logins = append(logins, p.Account)
		}
	}
	return logins
}

// Pinned is the accounts of a fleet file with the numbers that a ledger's marks
// have for those that came without.
func Pinned(accounts []fleet.Account, marks map[string]string) []fleet.Account {
	out := slices.Clone(accounts)
	for i, a := range out {
		if id, err := strconv.ParseInt(marks[pinOf(a.Login)], 10, 64); a.ID == 0 && err == nil {
			out[i].ID = id
		}
	}
	return out
}

// pinOf is the mark of a login's number.
func pinOf(login string) string { return "account-" + strings.ToLower(login) }
