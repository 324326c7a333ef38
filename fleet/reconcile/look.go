package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// Marks that looks keep in the ledger.
const (
	markLooked       = "looked"        // last full look
	markLookedBefore = "looked-before" // the one before it
	markReadBack     = "read-back"     // an App's deliveries are read whole up to here; -NUMBER follows
	markSearched     = "searched"      // begin of the last round of the search that came to its end
)

// look is the only reading: it fetches what the last plan asked for and what
// webhooks may have missed, lets a full look write its sights, and then reads
// the ledger.
func (r *Reconciler) look(ctx context.Context, write bool) (fleet.Snapshot, error) {
	at := r.Now()
	state, err := r.hear(ctx, at, write)
	if err != nil {
		return fleet.Snapshot{}, err
	}
	s := fleet.Snapshot{At: at, Fleet: r.Fleet(), State: state, Alone: r.Alone && !r.memory.started}
	problems, err := r.prepare(ctx, &s, write)
	if err != nil {
		return s, err
	}
	refuseRunner(s, problems)
	r.unfit(s, problems)
	if !at.Before(r.memory.full.Add(r.pause(s))) {
		if err := r.fullLook(ctx, &s, write); err != nil {
			return s, err // the ledger's: what was seen is not recorded, so look again
		}
		r.memory.full = at
	}
	if write {
		if err := r.follow(ctx, &s); err != nil {
			return s, err
		}
	}
	r.memory.started = true
	s.LookedAt, s.LookedBefore = LookedAt(s.State.Marks), instant(s.State.Marks[markLookedBefore])
	if s.Recipes, err = r.Cloud.Recipes(ctx); err != nil {
		r.Log.WarnContext(ctx, "recipes unknown", "error", err)
	} else if s.Recipes = spoilt(s.Recipes, problems); write {
		if err := r.tellProblems(ctx, &s); err != nil {
			return s, err
		}
	}
	s.Leftovers = r.unswept(s)
	s.Boots, r.memory.learnt = learnBoots(s.State, s.Fleet)
	var windows map[string]schedule.Windows
	if r.Hours != nil {
		windows = r.Hours()
	}
	s.Hours = schedule.Stand(s, windows)
	s.Allowance = r.allowance(s)
	return s, nil
}

// hear reads the ledger, after the answers to what the last plan asked, and with
// what webhooks may have missed.
func (r *Reconciler) hear(ctx context.Context, at time.Time, write bool) (fleet.State, error) {
	r.memory.homes = nil
	if write {
		if err := errors.Join(r.answer(ctx), r.answerOrigins(ctx)); err != nil {
			return fleet.State{}, err
		}
	}
	state, err := r.read(ctx)
	if app, due, ok := r.readBackDue(); err == nil && ok && write && !at.Before(due) {
		return r.readBack(ctx, state, app)
	}
	return state, err
}

// prepare learns what GitHub must tell before machines and runners are looked at:
// whose accounts are served and open, where standing pools register, and what no
// delivery told of. It returns, by pool, why that is not known.
func (r *Reconciler) prepare(ctx context.Context, s *fleet.Snapshot, write bool) (problems map[string]string, err error) {
	if err := r.pin(ctx, s, write); err != nil {
		return nil, err
	}
	if err := r.shut(ctx, s, write); err != nil {
		return nil, err
	}
	problems = r.settleScopes(ctx, s)
	if write && r.Search != nil {
		if s.State, err = r.search(ctx, *s); err != nil {
			return nil, err
		}
	}
	if write {
		err = r.guard(ctx, s)
	}
	return problems, err
}

// unheard is a question about a job that GitHub did not answer, or answered
// with 404: it says that too of what the App may not see just now.
type unheard struct {
	at     time.Time
	absent bool
}

// askAgain is how long an unanswered question waits.
const askAgain = time.Minute

func (r *Reconciler) notHeard(k fleet.JobKey, u unheard) {
	if r.memory.unheard == nil {
		r.memory.unheard = map[fleet.JobKey]unheard{}
	}
	r.memory.unheard[k] = u
}

// unanswered reports whether a job need not be asked about just now.
func (r *Reconciler) unanswered(j fleet.Job, at time.Time) bool {
	u, ok := r.memory.unheard[j.Key]
	return ok && at.Sub(u.at) < askAgain || r.limitOn(j.Class.Scope.Installation, fleet.Housekeeping) != nil
}

// answer fetches the jobs that the last plan asked about. A job that GitHub
// twice says it does not have, a minute apart, is over.
func (r *Reconciler) answer(ctx context.Context) error {
	asked := r.memory.ask
	r.memory.ask = nil
	for _, j := range asked {
		seen, err := r.Runs.Job(ctx, j)
		at := r.Now()
		if errors.Is(err, fleet.ErrAbsent) && r.memory.unheard[j.Key].absent {
			seen, err = j, nil
			seen.Status, seen.Conclusion, seen.DoneAt = fleet.Done, fleet.ConclusionGone, at
		}
		if err != nil {
			r.limit(err)
			r.notHeard(j.Key, unheard{at, errors.Is(err, fleet.ErrAbsent)})
			r.Log.WarnContext(ctx, "job not known", "job", j.Key.ID, "error", err)
			continue
		}
		delete(r.memory.unheard, j.Key)
		e := fleet.Event{Kind: "job.read", At: at, Job: &seen, Read: true}
		if _, err := r.Ledger.Record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// scopes lists where registrations of ours may be. A machine that was adopted
// brings no scope with it: it may be registered where jobs come from, or stand.
func scopes(s *fleet.Snapshot, sighted []fleet.Machine) []fleet.Scope {
	state := s.State
	var all []fleet.Scope
	unknown := func(m fleet.Machine) bool { return !m.AdoptedAt.IsZero() && !m.Minted() }
	if slices.ContainsFunc(sighted, unknown) || slices.ContainsFunc(state.Machines, unknown) {
		for _, j := range state.Jobs {
			all = append(all, j.Class.Scope)
		}
		all = slices.AppendSeq(all, maps.Values(s.Scopes))
	}
	for _, m := range state.Machines {
		if m.Scope != (fleet.Scope{}) {
			all = append(all, m.Scope)
		}
	}
	for _, x := range state.Runners {
		all = append(all, x.Scope)
	}
	for _, in := range state.Intents {
		if in.Mint != nil {
			all = append(all, in.Mint.Scope)
		}
	}
	slices.SortFunc(all, fleet.Scope.Compare)
	return slices.Compact(all)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// LookedAt is when the last full look was, by a ledger's marks; zero if there was
// none.
func LookedAt(marks map[string]string) time.Time { return instant(marks[markLooked]) }

// instant reads a mark; an absent or unreadable one is the zero time.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
