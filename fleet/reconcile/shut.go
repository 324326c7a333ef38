package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Doubt has the next look ask GitHub about an installation: somebody told that
// it was suspended, deleted or renamed, or that it is open again. It is safe for
// concurrent use, beside a look too.
func (r *Reconciler) Doubt(installation int64) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.memory.doubted == nil {
		r.memory.doubted = map[int64]time.Time{}
	}
	r.memory.doubted[installation] = r.Now()
}

// shut reports whether a state knows an installation as shut.
func shut(s fleet.State, installation int64) bool {
	key := fleet.InstallationKey(installation)
	return slices.ContainsFunc(s.Setbacks, func(b fleet.Setback) bool { return b.Key == key })
}

// shut asks GitHub about installations that are doubted, and about those that
// were shut once their setback is over. What it says is written down.
func (r *Reconciler) shut(ctx context.Context, s *fleet.Snapshot, write bool) error {
	news := r.doubts(*s)
	if len(news) == 0 {
		return nil
	}
	var c fleet.Change
	accounts := accountsIn(s.State, s.Fleet)
	for _, id := range slices.Sorted(maps.Keys(news)) {
		all, ok := r.installations(ctx, s.At, news[id])
		if !ok {
			continue
		}
		r.believe(news[id], id)
		in := seenOf(all, id)
		if !opens(all, in, accounts(fleet.Scope{Installation: id, Owner: ownerOf(s.State, id)})) {
			r.judge(ctx, *s, in, &c)
		} else if shut(s.State, id) {
			c.Cleared = append(c.Cleared, fleet.InstallationKey(id))
			r.Log.InfoContext(ctx, "an account is served by an App again", "installation", id, "account", in.Account)
		}
	}
	if c.Empty() {
		return nil
	}
	s.State.Setbacks = slices.Clone(s.State.Setbacks)
	s.State.Setbacks = slices.DeleteFunc(s.State.Setbacks, func(b fleet.Setback) bool {
		return slices.Contains(c.Cleared, b.Key) || slices.ContainsFunc(c.Setbacks, func(n fleet.Setback) bool { return n.Key == b.Key })
	})
	s.State.Setbacks = append(s.State.Setbacks, c.Setbacks...)
	if !write {
		return nil
	}
	return r.Ledger.Settle(ctx, c)
}

// doubts are the installations to ask about, with the instant since when an
// answer counts.
func (r *Reconciler) doubts(s fleet.Snapshot) map[int64]time.Time {
	r.lock.Lock()
	news := maps.Clone(r.memory.doubted)
	r.lock.Unlock()
	if news == nil {
		news = map[int64]time.Time{}
	}
	for _, b := range s.State.Setbacks {
		id, err := strconv.ParseInt(b.Key.Subject, 10, 64)
		if b.Key.Kind == fleet.InstallationShut && err == nil && !b.Holds(s.At) {
			if _, told := news[id]; !told {
				news[id] = b.Until
			}
		}
	}
	return news
}

// believe ends a doubt, unless there is a newer one.
func (r *Reconciler) believe(since time.Time, id int64) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if !r.memory.doubted[id].After(since) {
		delete(r.memory.doubted, id)
	}
}

// seenOf is an installation in GitHub's list; one that is not there has no
// account.
func seenOf(all []fleet.Installation, id int64) fleet.Installation {
	i := slices.IndexFunc(all, func(in fleet.Installation) bool { return in.ID == id })
	if i < 0 {
		return fleet.Installation{ID: id}
	}
	return all[i]
}

// opens reports whether an installation's account is open to any App: to its
// own, or to another that is there.
func opens(all []fleet.Installation, in fleet.Installation, account int64) bool {
	account = cmp.Or(in.AccountID, account)
	return slices.ContainsFunc(all, func(x fleet.Installation) bool {
		return (x.ID == in.ID || x.AccountID == account && account != 0) && !x.Suspended
	})
}

// judge writes down what an installation is now that is not open. One that is
// gone is forgotten once nothing of the fleet is on it.
func (r *Reconciler) judge(ctx context.Context, s fleet.Snapshot, in fleet.Installation, c *fleet.Change) {
	owner := ownerOf(s.State, in.ID)
	known := shut(s.State, in.ID)
	key := fleet.InstallationKey(in.ID)
	switch {
	case in.Account == "" && owner == "":
		if known {
			c.Cleared = append(c.Cleared, key)
			r.Log.InfoContext(ctx, "nothing is on an installation that is gone", "installation", in.ID)
		}
		return
	case in.Suspended:
		c.Setbacks = append(c.Setbacks, struck(s, key, fmt.Sprintf("the App is suspended on %s", in.Account)))
	default:
		c.Setbacks = append(c.Setbacks, struck(s, key, fmt.Sprintf("the App is not installed on %s any more", cmp.Or(owner, "its account"))))
	}
	if !known {
		r.Log.ErrorContext(ctx, "an installation is shut", "installation", in.ID, "account", cmp.Or(in.Account, owner), "suspended", in.Suspended)
	}
}

// ownerOf is the login of the account that a state knows an installation by;
// empty if nothing of the fleet is on it.
func ownerOf(s fleet.State, installation int64) string {
	for at := range scopesIn(&s) {
		if at.Installation == installation && at.Owner != "" {
			return at.Owner
		}
	}
	return ""
}
