package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// Ping asks whether the ledger takes what is to be recorded, as cheaply as a
// probe that anybody may send should be: it writes only after a write was
// refused, more than a delivery needs, and takes it away again.
func (s *Store) Ping(ctx context.Context) error {
	if !s.refused.Load() {
		return s.inTx(ctx, func(tx *sql.Tx) error {
			var number int64
			return tx.QueryRowContext(ctx, "SELECT number FROM owner").Scan(&number)
		})
	}
	for _, text := range []string{
		fmt.Sprintf("INSERT OR REPLACE INTO things(kind, id, body) VALUES('probe', '', hex(zeroblob(%d)))", probeBytes/2),
		"DELETE FROM things WHERE kind = 'probe'",
	} {
		err := s.inTx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, text)
			return err
		})
		if err != nil {
			return err
		}
	}
	s.refused.Store(false)
	return nil
}

// probeBytes is what Ping writes: more than a few deliveries.
const probeBytes = 64 << 10

// Foreign is a number that is another one after a write by another process, or
// by another Store: a manager learns by it that there is an order to obey. It
// costs no read of the file.
func (s *Store) Foreign(ctx context.Context) (n int64, err error) {
	err = s.alone(func() error { return s.db.QueryRowContext(ctx, "PRAGMA data_version").Scan(&n) })
	if err != nil {
		return 0, fmt.Errorf("watch ledger: %w", meaning(s.path, err))
	}
	return n, nil
}

// Jobs returns rows for people; see ledger.Reader.
func (s *Store) Jobs(ctx context.Context, q ledger.Query) (all []fleet.Job, err error) {
	text, args := "WHERE true", []any(nil)
	among := func(column string, n int, value func(int) any) {
		if n == 0 {
			return
		}
		text += " AND " + column + " IN (?" + strings.Repeat(", ?", n-1) + ")"
		for i := range n {
			args = append(args, value(i))
		}
	}
	among("status", len(q.Status), func(i int) any { return int(q.Status[i]) })
	among("run", len(q.Runs), func(i int) any { return int64(q.Runs[i]) })
	if q.Limit == 0 {
		q.Limit = 100
	}
	err = s.view(ctx, func(tx *sql.Tx) (err error) {
		all, err = jobs(ctx, tx, text+" ORDER BY queued DESC, id DESC LIMIT ?", append(args, q.Limit)...)
		return err
	})
	return all, err
}

// Count is how many jobs the ledger holds, closed ones too, each attempt once.
func (s *Store) Count(ctx context.Context) (n int, err error) {
	err = s.view(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM jobs").Scan(&n)
	})
	return n, err
}

// Explain returns a job's story; see ledger.Reader.
func (s *Store) Explain(ctx context.Context, id fleet.JobID) (j fleet.Job, story []ledger.Decision, err error) {
	err = s.view(ctx, func(tx *sql.Tx) error {
		all, err := jobs(ctx, tx, "WHERE id = ? ORDER BY attempt DESC", id)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return fmt.Errorf("job %d: %w", id, ledger.ErrUnknown)
		}
		j = all[0]
		if story, err = decisions(ctx, tx, id); err != nil {
			return err
		}
		// How an attempt was first heard of stands in its row, not in a line of its own.
		for _, a := range all {
			i := slices.IndexFunc(story, func(d ledger.Decision) bool { return !d.At.Before(a.RecordedAt) })
			if i < 0 {
				i = len(story)
			}
			story = slices.Insert(story, i, ledger.Decision{At: a.RecordedAt, Text: "recorded"})
		}
		return nil
	})
	return j, story, err
}

func decisions(ctx context.Context, tx *sql.Tx, id fleet.JobID) ([]ledger.Decision, error) {
	rows, err := tx.QueryContext(ctx, "SELECT at, number, status, text FROM decisions WHERE job = ? ORDER BY rowid", id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []ledger.Decision
	for rows.Next() {
		var d ledger.Decision
		var n int64
		if err := rows.Scan(&n, &d.Plan, &d.Status, &d.Text); err != nil {
			return nil, err
		}
		d.At = at(n)
		all = append(all, d)
	}
	return all, rows.Err()
}

// Place writes an order; see ledger.Orders.
func (s *Store) Place(ctx context.Context, o fleet.Order) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		w := writer{ctx: ctx, tx: tx, mirror: &s.mirror}
		w.put(kindOrder, o.ID, o)
		return w.err
	})
}

// Lift removes an order; see ledger.Orders.
func (s *Store) Lift(ctx context.Context, id string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		s.mirror.things[thing{kindOrder, id}] = true
		res, err := tx.ExecContext(ctx, "DELETE FROM things WHERE kind = ? AND id = ?", kindOrder, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("order %s: %w", id, ledger.ErrUnknown)
		}
		return nil
	})
}
