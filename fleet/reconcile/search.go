package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// A search asks the repositories that jobs came from lately, and some that were
// pushed to, for jobs of which GitHub never told, not even in the list of
// deliveries. It goes in rounds, and its calls are spread: a tenth of the 5,000
// that an installation has an hour.
const (
	searchEvery   = 5 * time.Minute // begins of rounds, if the calls last
	searchCalls   = 8               // in any minute, of an installation
	searchPerLook = 4               // jobs that are known wait for them
	searchRuns    = 50              // of a repository in a round; the next one goes on with the others
	perPage       = 100             // runs in a call

	deliveredIn = 15 * time.Second // an event's delivery usually; a search may be faster
)

// searching is a round of the search.
type searching struct {
	begun time.Time // zero: no round goes on
	todo  []errand
	used  map[int64]*window    // calls, by installation
	runs  map[string]turns     // of a repository, when each was asked for its jobs
	pages map[int64]int        // of an installation's repositories, read last
	rests map[string]time.Time // since when, of repositories that were pushed to
}

// forget drops what is kept of repositories that are not searched any more.
func (m *searching) forget(active []fleet.Repository) {
	maps.DeleteFunc(m.runs, func(repo string, _ turns) bool {
		_, pushed := m.rests[repo]
		return !pushed && !slices.ContainsFunc(active, func(of fleet.Repository) bool { return of.Name == repo })
	})
}

// turns is when runs were asked for their jobs.
type turns map[fleet.RunID]time.Time

// errand is one thing to ask: an installation's repositories, a repository's
// runs, or a run's jobs.
type errand struct {
	in   *fleet.Installation
	repo fleet.Repository
	run  *fleet.Run
}

func (e errand) installation() int64 {
	if e.in != nil {
		return e.in.ID
	}
	return e.repo.Scope.Installation
}

// search goes on with the round, or begins one that is due, and records what it
// finds as if it had been announced.
func (r *Reconciler) search(ctx context.Context, s fleet.Snapshot) (fleet.State, error) {
	marks, repos := activity(s)
	m := &r.memory.search
	if m.begun.IsZero() && (len(repos) > 0 || r.Installations != nil) && !s.At.Before(r.searchDue(s.State)) {
		m.begun = s.At
		m.forget(repos)
		for _, of := range repos {
			m.todo = append(m.todo, errand{repo: of})
		}
		m.todo = append(m.todo, r.pushErrands(ctx, s)...)
	}
	var found []fleet.Event
	for range searchPerLook {
		i := slices.IndexFunc(m.todo, func(e errand) bool { return r.mayAsk(e.installation(), r.Now()) })
		if i < 0 {
			break
		}
		e := m.todo[i]
		m.todo = slices.Delete(m.todo, i, i+1)
		found = append(found, r.askFor(ctx, s, e)...)
	}
	if !m.begun.IsZero() && len(m.todo) == 0 {
		marks[markSearched] = stamp(m.begun)
		m.begun = time.Time{}
	}
	if n := overdue(found); n > 0 {
		r.Log.WarnContext(ctx, "jobs found that no delivery told of", "jobs", n)
	}
	if len(found) > 0 {
		if _, err := r.Ledger.Record(ctx, found...); err != nil {
			return s.State, err
		}
	}
	if len(found)+len(marks) == 0 {
		return s.State, nil
	}
	if len(marks) > 0 {
		if err := r.Ledger.Settle(ctx, fleet.Change{Marks: marks}); err != nil {
			return s.State, err
		}
	}
	return r.read(ctx)
}

// searchDue is when the next round begins. The mark keeps a manager that comes
// up again and again from asking as often.
func (r *Reconciler) searchDue(state fleet.State) time.Time {
	return instant(state.Marks[markSearched]).Add(searchEvery)
}

// searchWake is when there is something to ask; zero if there is nothing.
func (r *Reconciler) searchWake(state fleet.State, at time.Time) time.Time {
	m := &r.memory.search
	switch {
	case r.Search == nil:
		return time.Time{}
	case !m.begun.IsZero():
		return at.Add(time.Minute * searchPerLook / searchCalls)
	case len(activeOf(state.Marks)) > 0 || r.Installations != nil:
		return r.searchDue(state)
	}
	return time.Time{}
}

// mayAsk reports whether an installation has a call left for the search.
func (r *Reconciler) mayAsk(installation int64, at time.Time) bool {
	return r.limitOn(installation, fleet.Housekeeping) == nil && r.searched(installation).left(at, searchCalls) > 0
}

func (r *Reconciler) searched(installation int64) *window {
	m := &r.memory.search
	if m.used == nil {
		m.used = map[int64]*window{}
	}
	if m.used[installation] == nil {
		m.used[installation] = &window{span: time.Minute}
	}
	return m.used[installation]
}

// askFor does an errand. What is not answered is left to the next round.
func (r *Reconciler) askFor(ctx context.Context, s fleet.Snapshot, e errand) []fleet.Event {
	at, used, m := r.Now(), r.searched(e.installation()), &r.memory.search
	used.use(at)
	switch {
	case e.in != nil:
		r.askPushed(ctx, s, e)
		return nil
	case e.run != nil:
		m.runs[e.repo.Name][e.run.ID] = at
		jobs, err := r.Search.Jobs(ctx, *e.run)
		if err != nil {
			r.notFound(ctx, e, err)
			return nil
		}
		return news(s, jobs, at)
	}
	runs, err := r.Search.Runs(ctx, e.repo)
	for range 1 + len(runs)/perPage {
		used.use(at) // it is two calls at least
	}
	if err != nil {
		r.notFound(ctx, e, err)
		return nil
	}
	if m.runs == nil {
		m.runs = map[string]turns{}
	}
	before, now := m.runs[e.repo.Name], turns{}
	for _, run := range runs {
		now[run.ID] = before[run.ID]
	}
	m.runs[e.repo.Name] = now
	m.todo = append(runErrands(s, e.repo.Name, runs, now), m.todo...)
	return nil
}

func (r *Reconciler) notFound(ctx context.Context, e errand, err error) {
	r.limit(err)
	if errors.Is(err, fleet.ErrAbsent) && e.run != nil {
		return // it was deleted meanwhile
	}
	r.Log.WarnContext(ctx, "repository not searched", "repository", e.repo.Name, "installation", e.installation(), "error", err)
}

// runErrands asks for the jobs of a repository's runs, first of those that were
// not asked for the longest, of them first those of which no job is known.
func runErrands(s fleet.Snapshot, repo string, runs []fleet.Run, before turns) (all []errand) {
	known := map[fleet.RunID]bool{}
	for _, j := range s.State.Jobs {
		known[j.Run] = true
	}
	for i := range runs {
		of := runs[i].Repository
		of.Name = repo // as it is remembered
		all = append(all, errand{repo: of, run: &runs[i]})
	}
	if len(all) <= searchRuns {
		before = nil // all of them have their turn
	}
	slices.SortStableFunc(all, func(a, b errand) int {
		x, y := a.run.ID, b.run.ID
		if c := before[x].Compare(before[y]); c != 0 || known[x] == known[y] {
			return c
		}
		if known[x] {
			return 1
		}
		return -1
	})
	return all[:min(len(all), searchRuns)]
}

// overdue counts the news that deliveries should have brought by now.
func overdue(found []fleet.Event) (n int) {
	for _, e := range found {
		last := slices.MaxFunc([]time.Time{e.Job.QueuedAt, e.Job.StartedAt, e.Job.DoneAt}, time.Time.Compare)
		if e.At.Sub(last) >= deliveredIn {
			n++
		}
	}
	return n
}

// news is the events of jobs that are other than the ledger has them, as of the
// instant before they were asked for. What is over and not known is no matter.
func news(s fleet.Snapshot, jobs []fleet.Job, at time.Time) (events []fleet.Event) {
	rows := map[fleet.JobKey]fleet.JobStatus{}
	for _, j := range s.State.Jobs {
		rows[j.Key] = j.Status
	}
	for _, j := range jobs {
		status, known := rows[j.Key]
		wanted := (j.Status == fleet.Queued || j.Status == fleet.Running) && s.Fleet.Takes(j)
		if known && status != j.Status || !known && wanted {
			events = append(events, fleet.Event{Kind: "job.found", At: at, Job: &j, Read: true})
		}
	}
	return events
}
