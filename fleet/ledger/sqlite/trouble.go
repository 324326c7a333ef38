package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/runfleet/runfleet/fleet/ledger"
)

// trouble is an error of SQLite's and what it means for a ledger: what is
// wrong, where, and what to do.
type trouble struct {
	says string
	busy bool // it may pass by itself, or when somebody made room
	err  error
}

func (t *trouble) Error() string { return t.says + ": " + t.err.Error() }

func (t *trouble) Unwrap() error { return t.err }

// Is makes what may pass a ledger.ErrBusy.
func (t *trouble) Is(target error) bool { return t.busy && target == ledger.ErrBusy }

// meaning says what an error of SQLite's means for the ledger at a path. Other
// errors, and those of which it is said already, are returned as they are.
func meaning(path string, err error) error {
	if told := (*trouble)(nil); errors.As(err, &told) {
		return err
	}
	t := &trouble{err: err}
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		t.says, t.busy = ledger.ErrBusy.Error()+", another process writes it", true
	case sqlite3.SQLITE_FULL:
		t.says, t.busy = fmt.Sprintf("no room for %s; make some on its disk, what was recorded is kept", path), true
	case sqlite3.SQLITE_IOERR:
		t.says, t.busy = fmt.Sprintf("the disk of %s refuses; look at its room, quota and health, what was recorded is kept", path), true
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		t.says = denied(path, err)
	case sqlite3.SQLITE_CORRUPT:
		t.says = fmt.Sprintf("%s is damaged; stop serve, move it away with the -wal and -shm files beside it, "+
			"and put a copy that runfleet backup made in its place, or none: serve makes a new one, and runfleet adopt makes that the fleet's owner", path)
	case sqlite3.SQLITE_NOTADB:
		t.says = path + " is no SQLite file (is it a runfleet ledger?); " + other
	default:
		return err
	}
	return t
}

// denied says what may not be read or written, and by whom it should be.
func denied(path string, err error) string {
	const remedy = "; run as the user that runs serve, or change the permissions, or the disk if it is mounted read-only"
	var e *sqlite.Error
	_, gone := os.Stat(path)
	if errors.As(err, &e) && e.Code() == sqlite3.SQLITE_READONLY_DIRECTORY || gone != nil {
		return fmt.Sprintf("no file can be made in %s, and SQLite needs some beside a ledger", filepath.Dir(path)) + remedy
	}
	return path + " may not be read and written" + remedy
}

// code is SQLite's primary code of an error; 0 if it is none of SQLite's.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// Exists says why no ledger can be at a path: fs.ErrNotExist if nothing is
// there. It does not look into the file.
func Exists(path string) error { return exists(path, true) }

// Absent reports whether no ledger is at a path where one can be made.
func Absent(path string) bool {
	return errors.Is(exists(path, true), fs.ErrNotExist) && exists(path, false) == nil
}

// other is what helps when the path is wrong.
const other = "name another file under serve.ledger"

// exists says why no ledger can be at a path or, unless one must be there
// already, why none can be made there.
func exists(path string, must bool) error {
	if path == Memory {
		return nil
	}
	if whole, err := filepath.Abs(path); err == nil {
		path = whole // so that a wrong folder is seen
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nothing(path, must)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w; run as the user that runs serve, or %s", err, other)
	case info.IsDir():
		return fmt.Errorf("%s is a folder; %s", path, other)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file; %s", path, other)
	case info.Size() == 0 && must: // SQLite would take it for a new database
		return nothing(path, must)
	}
	return nil
}

func nothing(path string, must bool) error {
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("%w; make the folder, or %s", err, other)
	}
	if must {
		return fmt.Errorf("no ledger is at %s; serve makes it at its first start, or %s: %w", path, other, fs.ErrNotExist)
	}
	return nil
}
