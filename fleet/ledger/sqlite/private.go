package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"time"
)

// How long a manager that starts waits for whoever only asks if one runs.
const (
	probeTries = 5
	probePause = 20 * time.Millisecond
)

// private makes the file of a new ledger, readable by its owner alone: names of
// jobs and people are in it. SQLite gives the files beside it the same mode. If
// it cannot be made, SQLite says why.
func private(path string) {
	if f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
		_ = f.Close() // nothing was written
	}
}

// Discard closes the ledger and, if this Store made it, holds it and nothing was
// recorded in it, takes its files away again. It reports whether it did.
func (s *Store) Discard(ctx context.Context) (gone bool, err error) {
	blank := false
	if s.made && s.held != nil {
		err = s.view(ctx, func(tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT NOT EXISTS (SELECT 1 FROM jobs) AND NOT EXISTS (SELECT 1 FROM things)").Scan(&blank)
		})
	}
	if !blank {
		return false, errors.Join(err, s.Close())
	}
	errs := []error{s.people.Close(), s.db.Close()}
	s.people, s.db = nil, nil
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.path + end); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	// Before it is let go, so that nobody else holds it; where that cannot be, it stays.
	_ = os.Remove(s.path + ".lock")
	err = errors.Join(append(errs, s.Close())...)
	return err == nil, err
}
