package sqlite

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

// asNobody runs the test again as a user to whom permissions apply, if root
// runs it, and reports whether it did.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	c := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.v", "-test.run=^"+t.Name()+"$")
	c.Dir = "/" // it need not be able to reach this one
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	return true
}

func TestWhatMayNotBeReadOrWrittenSaysSoAndByWhomItShould(t *testing.T) {
	if asNobody(t) {
		return
	}
	const (
		file   = "f.db may not be read and written; run as the user that runs serve, or change the permissions"
		folder = "and SQLite needs some beside a ledger; run as the user that runs serve"
	)
	for _, tt := range []struct {
		name         string
		file, folder os.FileMode
		says, held   string // to a verb that asks, and to a manager; empty: it is opened
		path         string
	}{
		{"a file that may only be read", 0o400, 0o700, "", file, "f.db"},
		{"a file that may not be read", 0, 0o700, file, file, "f.db"},
		{"a folder that may only be read", 0o600, 0o500, folder, folder, "f.db"},
		{"a folder that may not be read", 0o600, 0, "permission denied; run as the user", "permission denied; run as the user", "f.db"},
		{"a new ledger in a folder that may only be read", 0o600, 0o500, folder, "a manager must be able to make files in", "new.db"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "f.db")
			if err := os.WriteFile(path, made(t, 1), 0o600); err != nil {
				t.Fatal(err)
			}
			mode(t, path, tt.file)
			mode(t, dir, tt.folder)
			defer mode(t, dir, 0o700)
			path = filepath.Join(dir, tt.path)
			for hold, says := range map[bool]string{false: tt.says, true: tt.held} {
				s, err := Open(t.Context(), Config{Path: path, Fleet: "f", Hold: hold})
				if err == nil {
					err = s.Close()
				}
				if says == "" {
					if err != nil {
						t.Errorf("hold %v: error %v", hold, err)
					}
					continue
				}
				if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
					t.Errorf("hold %v: error %v", hold, err)
				}
			}
		})
	}
}

func TestWhoMayOnlyReadALedgerLooksAtItAndOrdersNothing(t *testing.T) {
	if asNobody(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "f.db")
	serve := open(t, Config{Path: path, Fleet: "f", Hold: true})
	if _, err := serve.Record(t.Context(), queued(1)); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		mode(t, p, 0o400)
	}
	s := open(t, Config{Path: path, Fleet: "f", Must: true})
	if state, err := s.Read(t.Context()); err != nil || len(state.Jobs) != 1 {
		t.Errorf("%d jobs, error %v", len(state.Jobs), err)
	}
	err := s.Place(t.Context(), fleet.Order{ID: "a", Kind: fleet.Pause})
	if err == nil || !strings.Contains(err.Error(), path+" may not be read and written; run as the user that runs serve") {
		t.Errorf("error %v", err)
	}
}

func mode(t *testing.T, path string, m os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, m); err != nil {
		t.Fatal(err)
	}
}
