//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// limited lets no file of this process grow beyond a size until room is called:
// what a quota and a dying disk look like to SQLite.
func limited(t *testing.T, size int64) (room func()) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	now := was
	now.Cur = uint64(size)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
	room = func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(room)
	return room
}

// apart runs the test again in a process of its own, and reports whether it did:
// a limit must not hit the files of the process that judges the test.
func apart(t *testing.T) bool {
	t.Helper()
	const here = "RUNFLEET_TEST_APART"
	if os.Getenv(here) != "" {
		return false
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, "-test.v", "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), here+"=1")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return true
}

// fill records jobs from a number on until one is refused, and returns that
// one's number and error.
func fill(t *testing.T, s *Store, from int) (int, error) {
	t.Helper()
	for n := from; n < from+50_000; n++ {
		if _, err := s.Record(t.Context(), queued(n)); err != nil {
			return n, err
		}
	}
	t.Fatal("it never was full")
	return 0, nil
}

func TestAFullLedgerRefusesLosesNothingAndRecovers(t *testing.T) {
	if apart(t) {
		return
	}
	for _, tt := range []struct {
		name, says string
		fill       func(t *testing.T, s *Store) (room func())
	}{
		{"a full disk", "no room for PATH; make some on its disk, what was recorded is kept", func(t *testing.T, s *Store) func() {
			pages := func(n int) {
				if _, err := s.db.Exec(fmt.Sprint("PRAGMA max_page_count = ", n)); err != nil {
					t.Fatal(err)
				}
			}
			pages(30)
			return func() { pages(1 << 30) }
		}},
		{"a quota", "the disk of PATH refuses; look at its room, quota and health, what was recorded is kept", func(t *testing.T, _ *Store) func() {
			return limited(t, 600<<10)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f.db")
			s := open(t, Config{Path: path, Fleet: "f", Hold: true})
			room := tt.fill(t, s)
			refused, err := fill(t, s, 1)
			if says := strings.ReplaceAll(tt.says, "PATH", path); !errors.Is(err, ledger.ErrBusy) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
			for range 2 { // also to whoever asks again
				if err := s.Ping(t.Context()); !errors.Is(err, ledger.ErrBusy) {
					t.Errorf("ping: %v", err)
				}
			}
			big := fleet.Change{Marks: map[string]string{"m": strings.Repeat("x", 1<<20)}}
			if err := s.Settle(t.Context(), big); !errors.Is(err, ledger.ErrBusy) {
				t.Errorf("settle: %v", err)
			}
			if state, err := s.Read(t.Context()); err != nil || len(state.Jobs) != refused-1 || len(state.Marks) != 0 {
				t.Errorf("full: %d jobs of %d, %d marks, error %v", len(state.Jobs), refused-1, len(state.Marks), err)
			}
			room()
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("ping after room was made: %v", err)
			}
			if fresh, err := s.Record(t.Context(), queued(refused)); err != nil || !fresh[0] {
				t.Errorf("after room was made: fresh %v, error %v", fresh, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			state, err := open(t, Config{Path: path, Fleet: "f"}).Read(t.Context())
			if err != nil || len(state.Jobs) != refused {
				t.Errorf("opened again: %d jobs of %d, error %v", len(state.Jobs), refused, err)
			}
		})
	}
}

// An operator looks at the ledger, and restarts serve, while its disk is full.
func TestALedgerOpensAndIsReadWithoutRoom(t *testing.T) {
	if apart(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "f.db")
	s := open(t, Config{Path: path, Fleet: "f"})
	if _, err := s.Record(t.Context(), queued(1)); err != nil {
		t.Fatal(err)
	}
	limited(t, 0)
	for _, hold := range []bool{false, true} {
		state, err := open(t, Config{Path: path, Fleet: "f", Hold: hold}).Read(t.Context())
		if err != nil || len(state.Jobs) != 1 {
			t.Errorf("hold %v: %d jobs, error %v", hold, len(state.Jobs), err)
		}
	}
}

func TestABackupWithoutRoomLeavesNothing(t *testing.T) {
	if apart(t) {
		return
	}
	dir := t.TempDir()
	s := open(t, Config{Path: filepath.Join(dir, "f.db"), Fleet: "f"})
	events := make([]fleet.Event, 3000)
	for i := range events {
		events[i] = queued(i + 1)
	}
	if _, err := s.Record(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	limited(t, 64<<10)
	copied := filepath.Join(dir, "copy.db")
	err := s.Backup(t.Context(), copied)
	if err == nil || !strings.Contains(err.Error(), "the disk of "+copied+" refuses") {
		t.Errorf("error %v", err)
	}
	left, err := filepath.Glob(copied + "*")
	if err != nil || len(left) > 0 {
		t.Errorf("left %q, error %v", left, err)
	}
}
