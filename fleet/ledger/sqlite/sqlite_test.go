package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

func open(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	for _, where := range []string{"file", "memory"} {
		t.Run(where, func(t *testing.T) {
			ledgertest.Run(t, func(t *testing.T, now func() time.Time) ledgertest.Store {
				path := ":memory:"
				if where == "file" {
					path = filepath.Join(t.TempDir(), "f.db")
				}
				return open(t, Config{Path: path, Fleet: "f", Now: now})
			})
		})
	}
}

func queued(n int) fleet.Event {
	return fleet.Event{ID: fmt.Sprint("d", n), At: ledgertest.Noon, Job: &fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(n), Attempt: 1}, Status: fleet.Queued, QueuedAt: ledgertest.Noon, Repo: "acme/w",
		Class: fleet.Class{Scope: fleet.Scope{Installation: 7, Owner: "acme"}, Labels: "arm64,linux,self-hosted"},
	}}
}

func TestManyRecordersLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	s := open(t, Config{Path: path, Fleet: "f"})
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			for k := range 5 {
				if _, err := s.Record(t.Context(), queued(i*5+k+1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	state, err := open(t, Config{Path: path, Fleet: "f"}).Read(t.Context())
	if err != nil || len(state.Jobs) != 320 {
		t.Errorf("%d jobs after a restart, error %v", len(state.Jobs), err)
	}
}

func TestAFullQueueIsBusyAtOnce(t *testing.T) {
	s := open(t, Config{Path: ":memory:", Fleet: "f", Queue: 1})
	s.write.Lock() // a commit that takes its time
	first, second := make(chan error), make(chan error)
	go func() { _, err := s.Record(t.Context(), queued(1)); first <- err }()
	for !s.queue.busy() {
		runtime.Gosched()
	}
	go func() { _, err := s.Record(t.Context(), queued(2)); second <- err }()
	for !s.queue.full() {
		runtime.Gosched()
	}
	if _, err := s.Record(t.Context(), queued(3)); !errors.Is(err, ledger.ErrBusy) {
		t.Errorf("error %v", err)
	}
	s.write.Unlock()
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
}

func (q *queue) busy() bool {
	q.lock.Lock()
	defer q.lock.Unlock()
	return q.led && len(q.waiting) == 0
}

func (q *queue) full() bool {
	q.lock.Lock()
	defer q.lock.Unlock()
	return q.events >= q.most
}

func TestOneManagerHoldsTheLedgerAndOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	first := open(t, Config{Path: path, Fleet: "f", Hold: true})
	if _, err := Open(t.Context(), Config{Path: path, Fleet: "f", Hold: true}); !errors.Is(err, ledger.ErrHeld) {
		t.Errorf("a second manager: %v", err)
	}
	open(t, Config{Path: path, Fleet: "f"})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, Config{Path: path, Fleet: "f", Hold: true})
}

func TestTidyForgetsWhatIsOld(t *testing.T) {
	now := ledgertest.Noon
	s := open(t, Config{Path: ":memory:", Fleet: "f", Now: func() time.Time { return now }})
	done := queued(1)
	done.Job.Status = fleet.Done
	if _, err := s.Record(t.Context(), done, queued(2)); err != nil {
		t.Fatal(err)
	}
	now = now.Add(31 * 24 * time.Hour)
	if err := s.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	jobs, err := s.Jobs(t.Context(), ledger.Query{})
	if err != nil || len(jobs) != 1 || jobs[0].Key.ID != 2 {
		t.Errorf("jobs %v, error %v", jobs, err)
	}
}

func TestWhatIsMirroredIsWhatIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	s := open(t, Config{Path: path, Fleet: "f"})
	rapid.Check(t, func(r *rapid.T) {
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			id := rapid.IntRange(1, 5).Draw(r, "id")
			e := queued(id)
			e.ID = ""
			e.Job.Status = fleet.JobStatus(rapid.IntRange(0, 3).Draw(r, "status"))
			m := fleet.Machine{ID: fleet.MachineID(fmt.Sprint("i-", id)), Try: rapid.IntRange(0, 3).Draw(r, "try")}
			c := fleet.Change{Machines: []fleet.Machine{m}, Marks: map[string]string{fmt.Sprint(id): rapid.StringN(0, 2, 4).Draw(r, "mark")}}
			if rapid.Bool().Draw(r, "forget") {
				c = fleet.Change{Forget: []fleet.MachineID{m.ID}, Jobs: []fleet.Job{{Key: e.Job.Key, Launches: m.Try, Closed: true}}}
			}
			if _, err := s.Record(t.Context(), e); err != nil {
				r.Fatal(err)
			}
			if err := s.Settle(t.Context(), c); err != nil {
				r.Fatal(err)
			}
		}
		mirrored, err := s.Read(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		s.mirror.version = 0
		written, err := s.Read(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(written, mirrored, cmpopts.EquateEmpty()); diff != "" {
			r.Fatalf("state (-written +mirrored):\n%s", diff)
		}
	})
}

func TestAnOrderOfAnotherProcessIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	manager, operator := open(t, Config{Path: path, Fleet: "f"}), open(t, Config{Path: path, Fleet: "f"})
	if _, err := manager.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := operator.Place(t.Context(), fleet.Order{ID: "a", Kind: fleet.Pause}); err != nil {
		t.Fatal(err)
	}
	if state, err := manager.Read(t.Context()); err != nil || len(state.Orders) != 1 {
		t.Errorf("orders %v, error %v", state.Orders, err)
	}
}

func BenchmarkRead(b *testing.B) {
	s := open(b, Config{Path: filepath.Join(b.TempDir(), "f.db"), Fleet: "f"})
	var c fleet.Change
	for i := range 10_000 {
		if _, err := s.Record(b.Context(), queued(i+1)); err != nil {
			b.Fatal(err)
		}
		c.Machines = append(c.Machines, fleet.Machine{ID: fleet.MachineID(fmt.Sprintf("i-%08d", i)), Pool: "p", LaunchedAt: ledgertest.Noon})
	}
	if err := s.Settle(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Read(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
