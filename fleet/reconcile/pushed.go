package reconcile

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// The first job of a repository has nothing that makes the repository active. A
// push is such a thing: each round of the search reads one page of what each
// installation has, a hundred, and asks some of those that were pushed to.
const (
	pushedFor  = time.Hour // a push makes a repository worth a search so long
	pushedMost = 10        // of a page, those that rested longest first
)

// pushErrands reads on in the repositories of the accounts that are served, by the
// installation that each is known by: that of the first App.
func (r *Reconciler) pushErrands(ctx context.Context, s fleet.Snapshot) (all []errand) {
	if r.Installations == nil {
		return nil
	}
	known, _ := r.installations(ctx, s.At, s.At.Add(-searchEvery))
	seen := map[int64]bool{}
	for i, in := range known {
		served := len(s.Fleet.Accounts) == 0 || slices.ContainsFunc(s.Fleet.Accounts, func(a fleet.Account) bool { return a.ID == in.AccountID })
		if served && !seen[in.AccountID] && opens(known, in, in.AccountID) && !shut(s.State, in.ID) {
			all = append(all, errand{in: &known[i]})
		}
		seen[in.AccountID] = true
	}
	return all
}

// askPushed reads a page, and adds the repositories of it that are to be searched
// to the round. After the last page comes the first one.
func (r *Reconciler) askPushed(ctx context.Context, s fleet.Snapshot, e errand) {
	m := &r.memory.search
	if m.pages == nil {
		m.pages, m.rests = map[int64]int{}, map[string]time.Time{}
	}
	at, page := r.Now(), m.pages[e.in.ID]+1
	repos, more, err := r.Search.Pushed(ctx, *e.in, page)
	if err != nil {
		r.notFound(ctx, e, err)
		return
	}
	if m.pages[e.in.ID] = page; !more {
		delete(m.pages, e.in.ID)
	}
	maps.DeleteFunc(m.rests, func(_ string, since time.Time) bool { return at.Sub(since) >= pushedFor })
	for _, of := range worth(repos, s.State.Marks, m.rests, at) {
		m.rests[of.Name] = at
		m.todo = append(m.todo, errand{repo: of})
	}
}

// worth is the repositories of a page that were pushed to lately, and are not
// active anyway.
func worth(repos []fleet.Pushed, marks map[string]string, rests map[string]time.Time, at time.Time) (of []fleet.Repository) {
	repos = slices.DeleteFunc(slices.Clone(repos), func(p fleet.Pushed) bool {
		_, active := marks[markActive+strings.ToLower(p.Name)]
		return active || at.Sub(p.At) >= pushedFor
	})
	slices.SortFunc(repos, func(a, b fleet.Pushed) int {
		return cmp.Or(rests[a.Name].Compare(rests[b.Name]), b.At.Compare(a.At), cmp.Compare(a.Name, b.Name))
	})
	for _, p := range repos[:min(len(repos), pushedMost)] {
		of = append(of, p.Repository)
	}
	return of
}
