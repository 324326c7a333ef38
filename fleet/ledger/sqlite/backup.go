package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// kindCopy is a thing that only a copy has, until a manager takes it into use.
const kindCopy = "copy"

// Backup writes a whole copy of the ledger to a new file, on disk when it
// returns. It is fs.ErrExist if there is a file already, and leaves none behind
// when it fails.
func (s *Store) Backup(ctx context.Context, path string) error {
	err := copyTo(path, func() error {
		from := s.people
		if from == nil {
			s.write.Lock()
			defer s.write.Unlock()
			from = s.db
		}
		if _, err := from.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
			return err
		}
		return mark(ctx, path)
	})
	if err != nil {
		where := path
		if code(err) == sqlite3.SQLITE_CORRUPT {
			where = s.path // the copy is new
		}
		return fmt.Errorf("back up ledger to %s: %w", path, meaning(where, err))
	}
	return nil
}

// copyTo claims the path first, with an empty file, into which SQLite writes:
// so nobody's file is written over.
func copyTo(path string, write func() error) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = write()
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// mark says in a copy that it is one.
func mark(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", source(path))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "INSERT OR REPLACE INTO things(kind, id, body) VALUES(?, '', '')", kindCopy)
	return errors.Join(err, db.Close())
}

// plansEvery is faster than any manager plans.
const plansEvery = 10 * time.Millisecond

// takeUp takes the ledger into use for a manager: it must be one that may be
// written. If it is a copy, its plan number moves beyond any that the original
// or an earlier use of the copy can have come to since: intents are named by it,
// and EC2 answers a name that it knows with the machines of then.
func (s *Store) takeUp(ctx context.Context) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM things WHERE kind = ?", kindCopy)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE owner SET number = number + ?", s.now().UnixNano()/int64(plansEvery))
		return err
	})
}
