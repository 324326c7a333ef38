package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/runfleet/runfleet/fleet/ledger"
)

const (
	application = 0x72666c74 // "rflt", in PRAGMA application_id
	version     = 3          // the schema's, in PRAGMA user_version
)

// step leads from a version to the next one. Version 1 named no application,
// and looked at every job to find the old ones; version 2 knew no origin of jobs.
// A new ledger takes the last steps too, so that it is the same to the letter.
func step(from int) string {
	switch from {
	case 1:
		return `
CREATE INDEX jobs_closed ON jobs(changed) WHERE closed = 1;
PRAGMA application_id = 0x72666c74;
PRAGMA user_version = 2;`
	case 2:
		return `
ALTER TABLE jobs ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN found INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 3;`
	}
	return ""
}

// querier is a database, or a transaction of one.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// inspect returns the version of a ledger's schema, 0 for an empty file. It
// refuses what is no ledger, and what a newer program wrote.
func inspect(ctx context.Context, q querier) (int, error) {
	var of, have, tables, owner int
	err := q.QueryRowContext(ctx, `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema),
 (SELECT count(*) FROM pragma_table_info('owner') WHERE name IN ('fleet', 'ledger', 'number'))
 FROM pragma_application_id, pragma_user_version`).Scan(&of, &have, &tables, &owner)
	switch {
	case err != nil:
		return 0, err
	case of != application && (of != 0 || tables > 0 && (owner < 3 || have != 1)):
		return 0, errors.New("it is another program's database, no runfleet ledger; " + other)
	case have > version:
		return 0, fmt.Errorf("%w: it has schema %d, this program knows %d; run the newer program", ledger.ErrNewer, have, version)
	}
	return have, nil
}

// probe looks at a file before anything is written to it or beside it: the
// pragmas of a ledger would turn another program's database over to WAL. It
// returns the version of what is there, 0 if nothing is.
func probe(ctx context.Context, c Config) (have int, err error) {
	if info, err := os.Stat(c.Path); err != nil || info.Size() == 0 {
		return 0, nil // exists has looked whether one can be made
	}
	// Not mode=ro: such a reader cannot take the -wal and -shm files away again
	// that it has SQLite make.
	db, err := sql.Open("sqlite", source(c.Path)+"&mode=rw&_pragma=query_only(1)")
	if err != nil {
		return 0, err
	}
	if have, err = inspect(ctx, db); err == nil && have > 0 {
		_, err = owned(ctx, db, c.Fleet)
	}
	return have, errors.Join(err, db.Close())
}

// owned is the id of a fleet's ledger. It refuses another fleet's.
func owned(ctx context.Context, q querier, name string) (id string, err error) {
	var owner string
	if err := q.QueryRowContext(ctx, "SELECT fleet, ledger FROM owner").Scan(&owner, &id); err != nil {
		return "", err
	}
	if owner != name {
		return "", fmt.Errorf("%w: it is fleet %q's, the fleet file names %q; %s", ledger.ErrOwned, owner, name, other)
	}
	return id, nil
}

// migrate brings an older ledger to this version in one transaction, after a
// copy of it was made. Only a manager may: nobody else works the ledger then.
func (s *Store) migrate(ctx context.Context, c Config, have int) error {
	if !c.Hold {
		return fmt.Errorf("it has schema %d, this program reads %d; start serve once, it migrates the ledger", have, version)
	}
	if err := s.copyBefore(ctx, c.Path, have); err != nil {
		return fmt.Errorf("copy before migration: %w", err)
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for ; have < version; have++ {
			if _, err := tx.ExecContext(ctx, step(have)); err != nil {
				return fmt.Errorf("migrate from schema %d: %w", have, err)
			}
		}
		return nil
	})
}

// copyBefore copies the file to PATH.vN.bak, or to .bak2 and so on if that is
// there: a migration that was broken off must not need a person.
func (s *Store) copyBefore(ctx context.Context, path string, have int) error {
	for n := 1; ; n++ {
		to := fmt.Sprintf("%s.v%d.bak", path, have)
		if n > 1 {
			to += fmt.Sprint(n)
		}
		if err := s.Backup(ctx, to); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}
