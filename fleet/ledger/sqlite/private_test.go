package sqlite

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// modes are the permissions of the files in a folder, by name.
func modes(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]fs.FileMode{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = info.Mode()
	}
	return all
}

func TestANewLedgerIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	dir := t.TempDir()
	s := open(t, Config{Path: filepath.Join(dir, "f.db"), Fleet: "f", Hold: true})
	if _, err := s.Record(t.Context(), queued(1)); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{"f.db": 0o600, "f.db-wal": 0o600, "f.db-shm": 0o600, "f.db.lock": 0o600}
	if diff := cmp.Diff(want, modes(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestALedgerIsDiscardedOnlyByWhoMadeItForNothing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		there bool // before
		hold  bool
		with  func(t *testing.T, s *Store)
		left  bool
	}{
		{"one that was made for nothing goes whole", false, true, nil, false},
		{"one that was there stays", true, true, nil, true},
		{"one that is not held stays", false, false, nil, true},
		{"one in which a job is recorded stays", false, true, func(t *testing.T, s *Store) {
			if _, err := s.Record(t.Context(), queued(1)); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			c := Config{Path: filepath.Join(dir, "f.db"), Fleet: "f", Hold: tt.hold}
			if tt.there {
				if err := open(t, c).Close(); err != nil {
					t.Fatal(err)
				}
			}
			s := open(t, c)
			if tt.with != nil {
				tt.with(t, s)
			}
			if gone, err := s.Discard(t.Context()); err != nil || gone == tt.left {
				t.Fatalf("gone %t, error %v", gone, err)
			}
			if left := modes(t, dir); len(left) > 0 != tt.left {
				t.Errorf("left: %v", left)
			}
			if tt.left {
				open(t, Config{Path: c.Path, Fleet: "f", Must: true})
			}
		})
	}
}

func TestALedgerIsHeldWhileItsManagerLives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	held := func(want bool) {
		t.Helper()
		if got, err := Held(path); err != nil || got != want {
			t.Errorf("held %t, want %t, error %v", got, want, err)
		}
	}
	held(false)
	s := open(t, Config{Path: path, Fleet: "f", Hold: true})
	held(true)
	open(t, Config{Path: path, Fleet: "f", Must: true})
	held(true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	held(false)
}

// People ask all the time while a manager starts.
func TestAskingKeepsNoManagerFromStarting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	done := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				_, _ = Held(path)
			}
		}
	})
	defer asking.Wait()
	defer close(done)
	for range 20 {
		s, err := Open(t.Context(), Config{Path: path, Fleet: "f", Hold: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
