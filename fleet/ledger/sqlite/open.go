package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// Memory is the path of a ledger that is on no disk, and lives as long as its
// Store.
const Memory = ":memory:"

// literal keeps SQLite from reading a path as a URI.
var literal = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// Config says which ledger to open.
type Config struct {
	Path  string           // a file, or ":memory:"
	Fleet string           // name of the fleet that owns it
	ID    string           // of a new ledger; random if empty
	Now   func() time.Time // time.Now if nil
	Hold  bool             // take it for this manager alone: ledger.ErrHeld if another has it
	Must  bool             // it must be there already: fs.ErrNotExist if it is not, and nothing is made
	Queue int              // deliveries that may wait for a commit; 0: 4096
}

// Store is an open ledger. It is safe for concurrent use.
type Store struct {
	path   string
	db     *sql.DB
	people *sql.DB // reads that the writer does not wait for; nil in memory
	now    func() time.Time
	fleet  string
	id     string
	write  sync.Mutex // held by the one that writes
	mirror mirror     // guarded by write
	held   *os.File   // the lock, if it was taken
	made   bool       // by this Store
	queue  queue
	stmts  statements
	// refused says that the disk took no write; Ping finds out whether it does again.
	refused atomic.Bool
}

// Open opens a ledger, and makes it if there is none. ledger.ErrOwned if it is
// another fleet's, ledger.ErrNewer if a newer program wrote it.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Queue == 0 {
		c.Queue = 4096
	}
	s := &Store{path: c.Path, mirror: newMirror(), now: c.Now, fleet: c.Fleet, queue: queue{most: c.Queue}}
	if err := s.open(ctx, c); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", c.Path, meaning(c.Path, err)), s.Close())
	}
	return s, nil
}

// open looks at what is there before it makes the lock's file beside it.
func (s *Store) open(ctx context.Context, c Config) error {
	have := 0
	err := exists(c.Path, c.Must)
	if err == nil && c.Path != Memory {
		have, err = probe(ctx, c)
	}
	if err == nil && c.Hold {
		s.held, err = lock(c.Path)
	}
	if err != nil {
		return err
	}
	if have == 0 && c.Path != Memory {
		private(c.Path)
	}
	return s.prepare(ctx, c, have == 0)
}

// source names the file to the driver.
func source(path string) string {
	return "file:" + literal.Replace(path) + "?_pragma=busy_timeout(5000)"
}

// connect opens the one connection that writes, because SQLite has one writer
// and a ":memory:" is its connection's own, and a few that only read.
func (s *Store) connect(path string, must bool) (err error) {
	mode := ""
	if must {
		mode = "&mode=rw"
	}
	if s.db, err = sql.Open("sqlite", source(path)+"&_txlock=immediate"+mode); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if path == Memory {
		return nil
	}
	if s.people, err = sql.Open("sqlite", source(path)+"&mode=ro"); err != nil {
		return err
	}
	s.people.SetMaxOpenConns(4)
	return nil
}

// Close ends the store. What was recorded stays.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.people, s.db} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.held != nil {
		errs = append(errs, s.held.Close())
	}
	return errors.Join(errs...)
}

// ID is the ledger's random id.
func (s *Store) ID() string { return s.id }

// prepare makes the connections, and the tables of a new ledger.
func (s *Store) prepare(ctx context.Context, c Config, fresh bool) error {
	if err := s.connect(c.Path, c.Must); err != nil {
		return err
	}
	pragmas := []string{"journal_mode=WAL", "synchronous=FULL"}
	if fresh {
		// It comes first: WAL writes the file's first page, and then it is too
		// late. On a ledger that is there it would be a write, for which a full
		// disk has no room.
		pragmas = append([]string{"auto_vacuum=INCREMENTAL"}, pragmas...)
	}
	for _, pragma := range pragmas {
		if err := s.pragma(ctx, pragma); err != nil {
			return err
		}
	}
	have, err := inspect(ctx, s.db)
	if err == nil && have == 0 {
		err = s.found(ctx, c)
	}
	if err != nil {
		return err
	}
	if s.id, err = owned(ctx, s.db, c.Fleet); err != nil {
		return err
	}
	if have > 0 && have < version {
		if err := s.migrate(ctx, c, have); err != nil {
			return err
		}
	}
	if c.Hold {
		if err := s.takeUp(ctx); err != nil {
			return err
		}
	}
	return s.stmts.prepare(ctx, s.db)
}

// pragma sets one. SQLite does not wait for its busy timeout when a file turns
// to WAL while another process opens it, but it does for a transaction: so wait
// for one, and try again.
func (s *Store) pragma(ctx context.Context, text string) error {
	for tries := 20; ; tries-- {
		_, err := s.db.ExecContext(ctx, "PRAGMA "+text)
		if code(err) != sqlite3.SQLITE_BUSY || tries == 0 {
			return err
		}
		if err := s.inTx(ctx, func(*sql.Tx) error { return nil }); err != nil {
			return err
		}
	}
}

// found makes the tables and the owner of a new ledger, both or neither. It
// does nothing if another process was faster.
func (s *Store) found(ctx context.Context, c Config) error {
	if c.ID == "" {
		var b [8]byte
		if _, err := rand.Read(b[:]); err != nil {
			return err
		}
		c.ID = hex.EncodeToString(b[:])
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if have, err := inspect(ctx, tx); err != nil || have > 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, schema+step(2)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO owner(fleet, ledger, number) VALUES(?, ?, 1)", c.Fleet, c.ID)
		s.made = err == nil
		return err
	})
}

const schema = `
CREATE TABLE owner(fleet TEXT NOT NULL, ledger TEXT NOT NULL, number INTEGER NOT NULL);
CREATE TABLE deliveries(id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs(
  id INTEGER NOT NULL, attempt INTEGER NOT NULL, run INTEGER NOT NULL,
  installation INTEGER NOT NULL, owner TEXT NOT NULL, scope_repo TEXT NOT NULL, labels TEXT NOT NULL,
  owner_id INTEGER NOT NULL, repo TEXT NOT NULL, public INTEGER NOT NULL,
  name TEXT NOT NULL, workflow TEXT NOT NULL, status INTEGER NOT NULL, conclusion TEXT NOT NULL,
  runner TEXT NOT NULL, queued INTEGER NOT NULL, started INTEGER NOT NULL, done INTEGER NOT NULL,
  recorded INTEGER NOT NULL, changed INTEGER NOT NULL, asked INTEGER NOT NULL,
  launched INTEGER NOT NULL, launches INTEGER NOT NULL, closed INTEGER NOT NULL,
  verdict TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY(id, attempt)) WITHOUT ROWID;
CREATE INDEX jobs_open ON jobs(id) WHERE closed = 0;
CREATE INDEX jobs_closed ON jobs(changed) WHERE closed = 1;
CREATE TABLE things(kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
CREATE TABLE decisions(job INTEGER NOT NULL, at INTEGER NOT NULL, number INTEGER NOT NULL, status INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX decisions_job ON decisions(job);
PRAGMA application_id = 0x72666c74;
PRAGMA user_version = 2;`
