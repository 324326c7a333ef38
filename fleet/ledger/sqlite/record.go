package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// batch is the most events that one transaction takes.
const batch = 512

// queue holds events that wait for a commit. Whoever finds it without a leader
// leads: it commits everybody's until none is left.
type queue struct {
	lock    sync.Mutex
	waiting []*entry
	led     bool
	events  int
	most    int
}

type entry struct {
	events []fleet.Event
	fresh  []bool
	err    error
	done   chan struct{}
}

// Record applies events durably; see ledger.Recorder.
func (s *Store) Record(ctx context.Context, events ...fleet.Event) ([]bool, error) {
	e := &entry{events: events, fresh: make([]bool, len(events)), done: make(chan struct{})}
	lead, ok := s.queue.join(e)
	if !ok {
		return nil, fmt.Errorf("record %d events: %w", len(events), ledger.ErrBusy)
	}
	if lead {
		go s.lead() // it serves others too, so its first caller need not wait for all
	}
	select {
	case <-e.done:
		return e.fresh, e.err
	case <-ctx.Done():
		return nil, fmt.Errorf("record %d events: %w", len(events), ctx.Err())
	}
}

func (q *queue) join(e *entry) (lead, ok bool) {
	q.lock.Lock()
	defer q.lock.Unlock()
	if q.events > 0 && q.events+len(e.events) > q.most {
		return false, false
	}
	q.waiting = append(q.waiting, e)
	q.events += len(e.events)
	lead, q.led = !q.led, true
	return lead, true
}

// take hands the leader what waits, or ends its lead.
func (q *queue) take() []*entry {
	q.lock.Lock()
	defer q.lock.Unlock()
	if len(q.waiting) == 0 {
		q.led = false
		return nil
	}
	n, events := 0, 0
	for n < len(q.waiting) && (n == 0 || events+len(q.waiting[n].events) <= batch) {
		events += len(q.waiting[n].events)
		n++
	}
	some := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	q.events -= events
	return some
}

// lead commits until nobody waits. It works for many, so it ends with no
// caller's context.
func (s *Store) lead() {
	for some := s.queue.take(); some != nil; some = s.queue.take() {
		err := s.inTx(context.Background(), func(tx *sql.Tx) error {
			for _, e := range some {
				for i, event := range e.events {
					fresh, err := s.apply(tx, event)
					if err != nil {
						return err
					}
					e.fresh[i] = fresh
				}
			}
			return nil
		})
		for _, e := range some {
			if err != nil {
				e.err = fmt.Errorf("record: %w", err)
			}
			close(e.done)
		}
	}
}

// inTx runs f in one transaction of the one writer. What will pass is
// ledger.ErrBusy.
func (s *Store) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	err := s.transact(ctx, f)
	if c := code(err); c == sqlite3.SQLITE_FULL || c == sqlite3.SQLITE_IOERR || c == sqlite3.SQLITE_READONLY {
		s.refused.Store(true)
	}
	return err
}

func (s *Store) transact(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return meaning(s.path, err)
	}
	if err := f(tx); err != nil {
		undone := tx.Rollback()
		if code(undone) == sqlite3.SQLITE_ERROR {
			undone = nil // SQLite undid it by itself, as it does when a disk is full
		}
		return meaning(s.path, errors.Join(err, undone))
	}
	return meaning(s.path, tx.Commit())
}

// view runs f on one view of the file. Only in memory does it wait for the
// writer, or the writer for it.
func (s *Store) view(ctx context.Context, f func(tx *sql.Tx) error) error {
	if s.people == nil {
		return s.inTx(ctx, f)
	}
	tx, err := s.people.BeginTx(ctx, nil)
	if err != nil {
		return meaning(s.path, err)
	}
	return meaning(s.path, errors.Join(f(tx), tx.Rollback()))
}

// apply moves a job by one event, inside the transaction.
func (s *Store) apply(tx *sql.Tx, e fleet.Event) (bool, error) {
	if e.ID != "" {
		res, err := tx.Stmt(s.stmts.seen).Exec(e.ID, nanos(e.At))
		if err != nil {
			return false, err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return false, err
		}
	}
	switch {
	case e.Notice != nil:
		return heed(s, tx, thing{kindNotice, string(e.Notice.Machine)}, func(row *fleet.Notice) (fleet.Notice, bool) { return fleet.ApplyNotice(row, e) })
	case e.Report != nil:
		return heed(s, tx, thing{kindReport, string(e.Report.Machine)}, func(row *fleet.Report) (fleet.Report, bool) { return fleet.ApplyReport(row, e) })
	case e.Job == nil:
		return true, nil
	}
	s.mirror.jobs[e.Job.Key] = true
	if e.Job.Status < fleet.Running {
		// Most events are of new jobs: try that first, it is one statement.
		fresh, _ := fleet.Apply(nil, e)
		res, err := tx.Stmt(s.stmts.insert).Exec(values(fresh)...)
		if err != nil {
			return false, err
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return true, err
		}
	}
	return s.move(tx, e)
}

// heed applies what was said of a machine to the row that is there, if one is.
func heed[T any](s *Store, tx *sql.Tx, t thing, apply func(*T) (T, bool)) (bool, error) {
	var row *T
	var body []byte
	err := tx.QueryRow("SELECT body FROM things WHERE kind = ? AND id = ?", t.kind, t.id).Scan(&body)
	switch {
	case err == nil:
		row = new(T)
		if err := json.Unmarshal(body, row); err != nil {
			return false, fmt.Errorf("%s %s: %w", t.kind, t.id, err)
		}
	case !errors.Is(err, sql.ErrNoRows):
		return false, err
	}
	next, changed := apply(row)
	if !changed {
		return false, nil
	}
	w := writer{ctx: context.Background(), tx: tx, mirror: &s.mirror}
	w.put(t.kind, t.id, next)
	return true, w.err
}

// move applies an event to the row that is there, if one is.
func (s *Store) move(tx *sql.Tx, e fleet.Event) (bool, error) {
	var row *fleet.Job
	old, err := scan(tx.Stmt(s.stmts.one).QueryRow(e.Job.Key.ID, e.Job.Key.Attempt))
	switch {
	case err == nil:
		row = &old
	case !errors.Is(err, sql.ErrNoRows):
		return false, err
	}
	next, changed := fleet.Apply(row, e)
	if !changed {
		return false, nil
	}
	if _, _, ours := fleet.ParseRunnerName(s.fleet, next.Runner); next.Status == fleet.Done && !ours {
		next.Closed = true
	} else if next.Status != fleet.Done {
		next.Closed = false
	}
	if _, err := tx.Stmt(s.stmts.upsert).Exec(values(next)...); err != nil {
		return false, err
	}
	if row == nil || row.Status != next.Status {
		return true, s.tell(tx, next, e.At)
	}
	return true, nil
}

// tell adds a line to the job's story.
func (s *Store) tell(tx *sql.Tx, j fleet.Job, when time.Time) error {
	text := j.Status.String()
	switch {
	case j.Status == fleet.Running && j.Runner != "":
		text += " on " + j.Runner
	case j.Status == fleet.Done:
		text += ": " + j.Conclusion
	}
	_, err := tx.Stmt(s.stmts.decide).Exec(j.Key.ID, nanos(when), 0, int(j.Status), text)
	return err
}
