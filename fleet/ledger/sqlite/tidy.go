package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// How long the ledger keeps what is over.
const (
	keepDeliveries = 3 * 24 * time.Hour
	keepJobs       = 30 * 24 * time.Hour
	keepNoPool     = 48 * time.Hour
)

// Tidy works in slices, because deliveries wait for its transactions: so many
// jobs, deliveries or pages at a time.
const (
	sliceJobs       = 500
	sliceDeliveries = 5000
	slicePages      = 2000
)

// Tidy deletes what is too old to matter and gives the space back.
func (s *Store) Tidy(ctx context.Context) error {
	now := s.now()
	err := s.tidyDeliveries(ctx, now)
	if err == nil {
		err = s.tidyJobs(ctx, "closed = 1 AND changed < ?", nanos(now.Add(-keepJobs)))
	}
	if err == nil {
		err = s.tidyJobs(ctx, "closed = 0 AND verdict = 'no-pool' AND changed < ?", nanos(now.Add(-keepNoPool)))
	}
	if err == nil {
		err = s.tidyOrders(ctx, now)
	}
	if err == nil {
		err = s.shrink(ctx)
	}
	if err != nil {
		return fmt.Errorf("tidy ledger: %w", err)
	}
	return nil
}

// tidyDeliveries walks the table by its key: an index by time would cost every
// delivery another write.
func (s *Store) tidyDeliveries(ctx context.Context, now time.Time) error {
	for after, last := "", false; !last; {
		to := ""
		err := s.view(ctx, func(tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT id FROM deliveries WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?", after, sliceDeliveries).Scan(&to)
		})
		if last = errors.Is(err, sql.ErrNoRows); err != nil && !last {
			return err
		}
		err = s.inTx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "DELETE FROM deliveries WHERE id > ? AND (id <= ? OR ?) AND at < ?",
				after, to, last, nanos(now.Add(-keepDeliveries)))
			return err
		})
		if err != nil {
			return err
		}
		after = to
	}
	return nil
}

// tidyJobs deletes jobs, and the stories of those of which no attempt is left.
func (s *Store) tidyJobs(ctx context.Context, which string, before int64) error {
	for {
		var old []fleet.Job
		err := s.inTx(ctx, func(tx *sql.Tx) (err error) {
			if old, err = jobs(ctx, tx, "WHERE "+which+" LIMIT ?", before, sliceJobs); err != nil {
				return err
			}
			w := writer{ctx: ctx, tx: tx, mirror: &s.mirror}
			for _, j := range old {
				if !j.Closed { // closed ones are not mirrored
					s.mirror.jobs[j.Key] = true
				}
				w.exec("DELETE FROM jobs WHERE id = ? AND attempt = ?", j.Key.ID, j.Key.Attempt)
				w.exec("DELETE FROM decisions WHERE job = ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = job)", j.Key.ID)
			}
			return w.err
		})
		if err != nil || len(old) < sliceJobs {
			return err
		}
	}
}

// tidyOrders deletes orders that are over.
func (s *Store) tidyOrders(ctx context.Context, now time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT body FROM things WHERE kind = ?", kindOrder)
		if err != nil {
			return err
		}
		defer rows.Close()
		var orders []fleet.Order
		for rows.Next() {
			var body []byte
			var o fleet.Order
			if err := errors.Join(rows.Scan(&body), json.Unmarshal(body, &o)); err != nil {
				return err
			}
			orders = append(orders, o)
		}
		w := writer{ctx: ctx, tx: tx, mirror: &s.mirror, err: rows.Err()}
		for _, o := range orders {
			if !o.Holds(now) {
				w.drop(kindOrder, o.ID)
			}
		}
		return w.err
	})
}

// shrink gives free pages back, until none is left or SQLite keeps the rest.
func (s *Store) shrink(ctx context.Context) error {
	for left, had := 0, -1; left != had; {
		had = left
		err := s.alone(func() error {
			rows, err := s.db.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", slicePages))
			if err != nil {
				return err
			}
			for rows.Next() { // each row frees a page
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
			return s.db.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&left)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// alone runs f while nobody writes.
func (s *Store) alone(f func() error) error {
	s.write.Lock()
	defer s.write.Unlock()
	return f()
}
