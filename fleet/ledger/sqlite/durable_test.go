package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

func TestARestartKeepsAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	var last *Store
	ledgertest.Restart(t, func(t *testing.T, now func() time.Time) ledgertest.Store {
		if last != nil {
			if err := last.Close(); err != nil {
				t.Fatal(err)
			}
		}
		last = open(t, Config{Path: path, Fleet: "f", Now: now})
		return last
	})
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
