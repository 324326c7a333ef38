package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

func TestBackupSaysHowLargeTheCopyIsAndWhatItHolds(t *testing.T) {
	file := crowded(t)
	to := filepath.Join(t.TempDir(), "copy.db")
	code, out, log := run(t, "backup", to, "--config", file)
	want := regexp.QuoteMeta(to) + `: 0\.[0-9] MB; 1 job, 1 not closed, 3 machines, 1 open intent, 2 orders; plan 1 of ledger 0123456789abcdef\n`
	if code != cli.ExitOK || log != "" || !regexp.MustCompile("^"+want+"$").MatchString(out) {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
	beside, err := filepath.Glob(to + "*")
	if err != nil || len(beside) != 1 {
		t.Errorf("files %q, error %v", beside, err)
	}
	// A copy is a ledger like any other.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	of := regexp.MustCompile(`ledger: .*\.db`).ReplaceAllLiteralString(string(text), "ledger: "+to)
	if err := os.WriteFile(file, []byte(of), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, log := run(t, "machines", "show", "i-0a", "--config", file); code != cli.ExitOK || !strings.Contains(out, "busy: a job runs on it") {
		t.Errorf("from the copy: exit %d: %s%s", code, out, log)
	}
}

// A manager holds the ledger, and deliveries come in, while copies are made.
func TestBackupWorksBesideAManagerThatWrites(t *testing.T) {
	file := operated(t)
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(filepath.Dir(file), "acme.db"), Fleet: "acme", Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var wait sync.WaitGroup
	stop := make(chan struct{})
	defer wait.Wait()
	defer close(stop)
	wait.Go(func() {
		for n := 1000; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			j := fleet.Job{Key: fleet.JobKey{ID: fleet.JobID(n), Attempt: 1}, Status: fleet.Queued, QueuedAt: time.Now()}
			if _, err := s.Record(t.Context(), fleet.Event{At: time.Now(), Job: &j}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := range 5 {
		before, err := s.Count(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		code, out, log := run(t, "backup", filepath.Join(dir, fmt.Sprint(i)), "--config", file)
		held := regexp.MustCompile(`MB; (\d+) jobs`).FindStringSubmatch(out)
		if code != cli.ExitOK || held == nil {
			t.Fatalf("exit %d: %s%s", code, out, log)
		}
		if jobs, err := strconv.Atoi(held[1]); err != nil || jobs < before {
			t.Errorf("%s jobs in the copy, %d were recorded before", held[1], before)
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	file := operated(t)
	there := filepath.Join(t.TempDir(), "there")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, to, says string
		code           int
	}{
		{"a file that is there", there, there + " is there already; name a new file", cli.ExitUsage},
		{"the ledger itself", filepath.Join(filepath.Dir(file), "acme.db"), "is there already; name a new file", cli.ExitUsage},
		{"a folder", filepath.Dir(there), "is there already; name a new file", cli.ExitUsage},
		{"a folder that is missing", there + "-not/copy.db", "there is no folder " + there + "-not; make it, or name another file", cli.ExitUsage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, log := run(t, "backup", tt.to, "--config", file)
			if code != tt.code || out != "" || !strings.Contains(log, tt.says) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
		})
	}
	if text, err := os.ReadFile(there); err != nil || string(text) != "mine" {
		t.Errorf("the file that was there holds %q, error %v", text, err)
	}
}
