package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// made is the bytes of a closed ledger with so many jobs, of fleet f.
func made(t *testing.T, jobs int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.db")
	s := open(t, Config{Path: path, Fleet: "f"})
	events := make([]fleet.Event, jobs)
	for i := range events {
		events[i] = queued(i + 1)
	}
	if _, err := s.Record(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// newer is a ledger of a later version of the program.
func newer(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.db")
	s := open(t, Config{Path: path, Fleet: "f"})
	if _, err := s.db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// files is every file of a folder and what is in it.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOpenRefusesWhatIsNoLedgerOfItsFleet(t *testing.T) {
	whole := made(t, 500)
	older, err := os.ReadFile(first(t))
	if err != nil {
		t.Fatal(err)
	}
	garbled := append([]byte{}, whole...)
	for i := 100; i < 4096; i++ {
		garbled[i] = 0xaa
	}
	for _, tt := range []struct {
		name string
		data []byte // nil: no file is there
		c    Config // its Path is from the test's folder, f.db if empty
		says string
		is   error
	}{
		{"a folder that is missing", nil, Config{Path: "none/f.db"}, "no such file or directory; make the folder, or name another file under serve.ledger", nil},
		{"a folder in its place", nil, Config{Path: "."}, "is a folder; name another file under serve.ledger", nil},
		{"a path through a file", whole, Config{Path: "f.db/f.db"}, "not a directory", nil},
		{"a ledger that must be there and is not", nil, Config{Must: true}, "serve makes it at its first start", fs.ErrNotExist},
		{"a ledger that must be there and is empty", []byte{}, Config{Must: true}, "serve makes it at its first start", fs.ErrNotExist},
		{"a ledger that must be there, its folder missing", nil, Config{Path: "none/f.db", Must: true}, "make the folder", fs.ErrNotExist},
		{"a short text", []byte("hello"), Config{}, "is no SQLite file (is it a runfleet ledger?); name another file under serve.ledger", nil},
		{"a long text", []byte(strings.Repeat("no ledger at all ", 1000)), Config{}, "is no SQLite file", nil},
		{"a ledger of which only the header is left", whole[:100], Config{}, "is damaged; stop serve, move it away with the -wal and -shm files beside it, and put a copy that runfleet backup made in its place", nil},
		{"a ledger that was cut in a page", whole[:3*4096+77], Config{}, "is damaged", nil},
		{"half a ledger", whole[:len(whole)/2], Config{}, "is damaged", nil},
		{"a ledger whose first page is garbled", garbled, Config{}, "is damaged", nil},
		{"another fleet's", whole, Config{Fleet: "g"}, `it is fleet "f"'s, the fleet file names "g"; name another file under serve.ledger`, ledger.ErrOwned},
		{"another fleet's, from an older program", older, Config{Fleet: "g"}, `it is fleet "f"'s`, ledger.ErrOwned},
		{"a newer program's", newer(t), Config{}, "it has schema 99, this program knows 3; run the newer program", ledger.ErrNewer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.data != nil {
				if err := os.WriteFile(filepath.Join(dir, "f.db"), tt.data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := files(t, dir)
			c := tt.c
			if c.Path == "" {
				c.Path = "f.db"
			}
			if c.Fleet == "" {
				c.Fleet = "f"
			}
			c.Path = filepath.Join(dir, c.Path)
			s, err := Open(t.Context(), c)
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), c.Path) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(before, files(t, dir)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAManagerMakesNoLockBesideWhatIsNoLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Config{{Path: path, Hold: true}, {Path: path + "x", Hold: true, Must: true}} {
		if _, err := Open(t.Context(), c); err == nil {
			t.Error("it was opened")
		}
		if _, err := os.Stat(c.Path + ".lock"); err == nil {
			t.Errorf("%s.lock was made", c.Path)
		}
	}
}

func TestDamageThatIsFoundLaterIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	data := made(t, 3000)
	for i := 5 * 4096; i < len(data); i++ {
		data[i] = 0xaa
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, Config{Path: path, Fleet: "f"})
	for what, do := range map[string]func(context.Context) error{
		"record": func(ctx context.Context) error { _, err := s.Record(ctx, queued(1)); return err },
		"read":   func(ctx context.Context) error { _, err := s.Read(ctx); return err },
		"jobs":   func(ctx context.Context) error { _, err := s.Jobs(ctx, ledger.Query{}); return err },
		"backup": func(ctx context.Context) error { return s.Backup(ctx, path+".copy") },
	} {
		err := do(t.Context())
		if err == nil || errors.Is(err, ledger.ErrBusy) || !strings.Contains(err.Error(), path+" is damaged; stop serve") {
			t.Errorf("%s: error %v", what, err)
		}
	}
	if _, err := os.Stat(path + ".copy"); err == nil {
		t.Error("half a copy was left")
	}
}

// What SQLite says when a disk is mounted read-only while serve runs, it says of
// a connection that may only ask, too.
func TestALedgerThatTurnsReadOnlyRefusesLosesNothingAndRecovers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	s := open(t, Config{Path: path, Fleet: "f", Hold: true})
	if _, err := s.Record(t.Context(), queued(1)); err != nil {
		t.Fatal(err)
	}
	readOnly := func(on int) {
		if _, err := s.db.Exec(fmt.Sprint("PRAGMA query_only = ", on)); err != nil {
			t.Fatal(err)
		}
	}
	readOnly(1)
	says := path + " may not be read and written"
	if _, err := s.Record(t.Context(), queued(2)); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "mounted read-only") {
		t.Errorf("record: %v", err)
	}
	if err := s.Commit(t.Context(), 1, fleet.Change{Marks: map[string]string{"m": "x"}}); err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("commit: %v", err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("it is said to be ready")
	}
	readOnly(0)
	if fresh, err := s.Record(t.Context(), queued(2)); err != nil || !fresh[0] {
		t.Errorf("writable again: fresh %v, error %v", fresh, err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
	if state, err := s.Read(t.Context()); err != nil || len(state.Jobs) != 2 || len(state.Marks) != 0 {
		t.Errorf("%d jobs, %d marks, error %v", len(state.Jobs), len(state.Marks), err)
	}
}
