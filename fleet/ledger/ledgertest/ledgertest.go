// Package ledgertest is the suite that every store of the ledger passes.
package ledgertest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// Store is all of a ledger.
type Store interface {
	ledger.Ledger
	ledger.Reader
	ledger.Orders
}

// Open makes a new, empty ledger of fleet "f" whose time is now.
type Open func(t *testing.T, now func() time.Time) Store

// Noon is when the suite happens.
var Noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Store)
	}{
		{"events move a job forward only", forward},
		{"an event counts once", once},
		{"a completed job that nobody announced is a closed row", unannounced},
		{"a job done on a runner of ours stays until a change closes it", stays},
		{"of racing plans one wins each number", race},
		{"a conflict changes nothing", conflict},
		{"an outcome leaves the number alone", settle},
		{"an outcome that comes too late changes nothing", tooLate},
		{"a large one, neither", tooLateAndLarge},
		{"rows are kept and deleted whole", rows},
		{"a plan and an event do not undo each other", owners},
		{"orders hold until they are lifted or over", orders},
		{"a job's story is told in order", story},
		{"an unknown job is unknown", unknown},
		{"what an event shows is kept whole", kept},
		{"where a job's code comes from is learned later", learned},
		{"a repeated completed changes nothing", repeated},
		{"a new attempt is a new row", attempts},
		{"a job done on a foreign runner is closed at once", foreign},
		{"a stale plan neither closes nor opens a job", overtaken},
		{"AskedAt is the events' own", asked},
		{"an event clears the verdict and leaves the launches", moved},
		{"a row that is written again replaces the older", upserts},
		{"people see the newest jobs first", newest},
		{"a run's jobs are found below newer ones", runs},
		{"people see a hundred jobs unless they ask for more", hundred},
		{"attempts are told in order", attemptStory},
		{"a verdict that came too late is not told", late},
		{"an order replaces one of its ID", replaced},
		{"events in any order end the same", anyOrder},
		{"a verdict is told once", repeatedVerdict},
		{"a notice is kept once, and goes with its machine", notices},
		{"of a machine's reports the last is kept whole, and goes with it", reports},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t, func() time.Time { return Noon })) })
	}
}

func job(id int, status fleet.JobStatus) fleet.Job {
	return fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(id), Attempt: 1}, Repo: "acme/w", Status: status, QueuedAt: Noon,
		Class: fleet.Class{Scope: fleet.Scope{Installation: 7, Owner: "acme"}, Labels: fleet.NewLabels("a", "b")},
	}
}

func event(id string, j fleet.Job, after time.Duration) fleet.Event {
	return fleet.Event{ID: id, Kind: "workflow_job", At: Noon.Add(after), Job: &j}
}

func record(t *testing.T, s Store, events ...fleet.Event) []bool {
	t.Helper()
	fresh, err := s.Record(t.Context(), events...)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

func read(t *testing.T, s Store) fleet.State {
	t.Helper()
	state, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func statuses(state fleet.State) map[fleet.JobID]string {
	all := map[fleet.JobID]string{}
	for _, j := range state.Jobs {
		all[j.Key.ID] = j.Status.String()
	}
	return all
}

func forward(t *testing.T, s Store) {
	running := job(1, fleet.Running)
	running.Runner, running.StartedAt = "rf-f-i-1-1", Noon
	record(t, s, event("a", running, 2*time.Second), event("b", job(1, fleet.Queued), 3*time.Second))
	if got := statuses(read(t, s))[1]; got != "running" {
		t.Errorf("after a late queued: %s", got)
	}
	back := event("", job(1, fleet.Queued), 9*time.Second)
	back.Read = true
	record(t, s, back)
	if got := statuses(read(t, s))[1]; got != "queued" {
		t.Errorf("after a newer read: %s", got)
	}
}

func once(t *testing.T, s Store) {
	e := event("a", job(1, fleet.Queued), 0)
	got := append(record(t, s, e, e), record(t, s, e)...)
	if diff := cmp.Diff([]bool{true, false, false}, got); diff != "" {
		t.Errorf("fresh (-want +got):\n%s", diff)
	}
}

func unannounced(t *testing.T, s Store) {
	record(t, s, event("a", job(1, fleet.Done), 0))
	if n := len(read(t, s).Jobs); n != 0 {
		t.Errorf("%d jobs alive", n)
	}
	if _, _, err := s.Explain(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func stays(t *testing.T, s Store) {
	done := job(1, fleet.Done)
	done.Runner = fleet.RunnerName("f", "i-0a", 1)
	record(t, s, event("a", done, 0))
	state := read(t, s)
	if len(state.Jobs) != 1 {
		t.Fatalf("%d jobs alive", len(state.Jobs))
	}
	state.Jobs[0].Closed = true
	if err := s.Settle(t.Context(), fleet.Change{Jobs: state.Jobs}); err != nil {
		t.Fatal(err)
	}
	if n := len(read(t, s).Jobs); n != 0 {
		t.Errorf("%d jobs alive after the change", n)
	}
}

func race(t *testing.T, s Store) {
	const writers, rounds = 8, 10
	for range rounds {
		number := read(t, s).Number
		won := make([]bool, writers)
		var wait sync.WaitGroup
		for i := range writers {
			wait.Go(func() {
				err := s.Commit(t.Context(), number, fleet.Change{Marks: map[string]string{"winner": fmt.Sprint(i)}})
				won[i] = err == nil
				if err != nil && !errors.Is(err, ledger.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		state, winners := read(t, s), 0
		for i, w := range won {
			if w {
				winners++
				if state.Marks["winner"] != fmt.Sprint(i) {
					t.Errorf("writer %d won, the mark says %s", i, state.Marks["winner"])
				}
			}
		}
		if winners != 1 || state.Number != number+1 {
			t.Errorf("%d winners, number %d after %d", winners, state.Number, number)
		}
	}
}

func conflict(t *testing.T, s Store) {
	before := read(t, s)
	err := s.Commit(t.Context(), before.Number+5, fleet.Change{Machines: []fleet.Machine{{ID: "i-1"}}})
	if !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(before, read(t, s)); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
}

func settle(t *testing.T, s Store) {
	before := read(t, s).Number
	if err := s.Settle(t.Context(), fleet.Change{Machines: []fleet.Machine{{ID: "i-1"}}}); err != nil {
		t.Fatal(err)
	}
	if after := read(t, s); after.Number != before || len(after.Machines) != 1 {
		t.Errorf("number %d after %d, %d machines", after.Number, before, len(after.Machines))
	}
}
