package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

func TestARestartKeepsAll(t *testing.T) {
	c := Config{Path: filepath.Join(t.TempDir(), "f.db"), Fleet: "f", Now: func() time.Time { return ledgertest.Noon }}
	s := open(t, c)
	if _, err := s.Record(t.Context(), queued(1), queued(2)); err != nil {
		t.Fatal(err)
	}
	change := fleet.Change{
		Reserve:  []fleet.Intent{{ID: "a", ReservedAt: ledgertest.Noon, Sweep: &fleet.Sweep{Templates: []string{"lt-1:1"}}}},
		Machines: []fleet.Machine{{ID: "i-1", LaunchedAt: ledgertest.Noon}}, Runners: []fleet.Runner{{Name: "n", ID: 3}},
		Setbacks: []fleet.Setback{{Key: fleet.BootKey("p", "t"), Strikes: 1}}, Marks: map[string]string{"m": "1"},
		Verdicts: []fleet.JobVerdict{{Job: fleet.JobKey{ID: 2, Attempt: 1}, Verdict: fleet.Verdict{Code: fleet.Paced}}},
	}
	if err := s.Commit(t.Context(), 1, change); err != nil {
		t.Fatal(err)
	}
	if err := s.Place(t.Context(), fleet.Order{ID: "o", Kind: fleet.Pause, At: ledgertest.Noon}); err != nil {
		t.Fatal(err)
	}
	before, err := s.Read(t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	s = open(t, c)
	after, err := s.Read(t.Context())
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("state (-before +after):\n%s\nerror %v", diff, err)
	}
	if fresh, err := s.Record(t.Context(), queued(1)); err != nil || fresh[0] {
		t.Errorf("a delivery from before the restart: fresh %v, error %v", fresh, err)
	}
}

func TestAPathIsTakenLiterally(t *testing.T) {
	for _, name := range []string{"100%41.db", "a?b=c.db", "a#b.db", "a b.db"} {
		path := filepath.Join(t.TempDir(), name)
		open(t, Config{Path: path, Fleet: "f"})
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestAnotherProgramsDatabaseIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE theirs(x)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Path: path, Fleet: "f"}); err == nil || !strings.Contains(err.Error(), "no runfleet ledger") {
		t.Errorf("error %v", err)
	}
}

func TestTidyGivesSpaceBack(t *testing.T) {
	now := ledgertest.Noon
	path := filepath.Join(t.TempDir(), "f.db")
	s := open(t, Config{Path: path, Fleet: "f", Now: func() time.Time { return now }})
	var events []fleet.Event
	for i := range 5_000 {
		e := queued(i + 1)
		e.Job.Status = fleet.Done
		events = append(events, e)
	}
	if _, err := s.Record(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	pages := func() (n int) {
		if err := s.db.QueryRow("PRAGMA page_count").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := pages()
	now = now.Add(31 * 24 * time.Hour)
	if err := s.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := pages(); after > before/4 {
		t.Errorf("%d pages of %d are left of an empty ledger", after, before)
	}
}

func TestACallerThatGivesUpIsNotHeldByASlowCommit(t *testing.T) {
	s := open(t, Config{Path: ":memory:", Fleet: "f"})
	s.write.Lock() // a commit that takes its time
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result := make(chan error, 1)
	go func() { _, err := s.Record(ctx, queued(1)); result <- err }()
	select {
	case err := <-result:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for the commit")
	}
	s.write.Unlock()
	if fresh, err := s.Record(t.Context(), queued(1)); err != nil || fresh[0] {
		t.Errorf("its event was lost: fresh %v, error %v", fresh, err)
	}
}

func TestAnyOrderOfEventsEndsTheSame(t *testing.T) {
	s := open(t, Config{Path: ":memory:", Fleet: "f"})
	id := 0
	rapid.Check(t, func(r *rapid.T) {
		id++
		life := rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 1, 4, rapid.ID).Draw(r, "life")
		again := rapid.SliceOfN(rapid.SampledFrom(life), 0, 4).Draw(r, "again")
		var last fleet.JobStatus
		for i, n := range rapid.Permutation(append(life, again...)).Draw(r, "order") {
			e := queued(id)
			e.At = e.At.Add(time.Duration(i) * time.Second)
			e.Job.Status, last = fleet.JobStatus(n), max(last, fleet.JobStatus(n))
			e.ID = fmt.Sprint(id, "-", n)
			if rapid.Bool().Draw(r, "redelivered as new") {
				e.ID += fmt.Sprint("-", i)
			}
			if e.Job.Status >= fleet.Running {
				e.Job.Runner = fleet.RunnerName("f", "i-0a", 1)
			}
			if _, err := s.Record(t.Context(), e); err != nil {
				r.Fatal(err)
			}
		}
		j, _, err := s.Explain(t.Context(), fleet.JobID(id))
		if err != nil || j.Status != last || j.Closed || (j.Runner != "") != (last >= fleet.Running) {
			r.Fatalf("%+v, want %s, error %v", j, last, err)
		}
	})
}

func TestManyOpenANewLedgerAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	ids := make([]string, 8)
	var wait sync.WaitGroup
	for i := range ids {
		wait.Go(func() {
			s, err := Open(t.Context(), Config{Path: path, Fleet: "f"})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = s.ID()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := len(slices.Compact(ids)); n != 1 {
		t.Errorf("%d ledgers: %q", n, ids)
	}
}
