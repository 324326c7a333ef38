package cli_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// stood is operated with a standing pool: one machine is stopped, one was
// started again. A job of another account waits.
func stood(t *testing.T) (file string) {
	t.Helper()
	file = operated(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "  - {name: build, labels: [build], arch: arm64, lifetime: standing, account: acme, max: 2}\n"...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "ledger: ")
	path, _, _ := strings.Cut(rest, "}")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: strings.TrimSpace(strings.Fields(path)[0]), Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	noon, acme := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), fleet.Scope{Owner: "acme"}
	up := fleet.Machine{
		ID: "i-1", Pool: "build", Standing: true, State: fleet.Up, LaunchedAt: noon, Scope: acme, Try: 1, MintedAt: noon, StartedAt: noon.Add(20 * time.Hour),
	}
	down := up
	down.ID, down.State, down.StartedAt, down.StoppedAt, down.ReadyAt = "i-2", fleet.Stopped, time.Time{}, noon.Add(8*time.Hour), noon.Add(time.Minute)
	job := fleet.Job{
		Key: fleet.JobKey{ID: 201, Attempt: 1}, Repo: "zeta/w", Status: fleet.Queued, QueuedAt: noon,
		Class: fleet.Class{Scope: fleet.Scope{Owner: "zeta"}, Labels: "build"},
	}
	_, recorded := s.Record(t.Context(), fleet.Event{At: noon, Job: &job})
	if err := errors.Join(recorded, s.Settle(t.Context(), fleet.Change{Machines: []fleet.Machine{up, down}})); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAReplayRefusesAStandingPool(t *testing.T) {
	file := stood(t)
	trace := filepath.Join(t.TempDir(), "jobs.csv")
	if err := os.WriteFile(trace, []byte("ready,duration,labels\n0,60,self-hosted arm64\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, log := run(t, "replay", trace, "--config", file)
	if code != cli.ExitUsage || out != "" || !strings.Contains(log, "pool build is standing, which a replay does not know yet") {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
}

func TestVerbsTellOfStandingMachines(t *testing.T) {
	file := stood(t)
	for _, tt := range []struct {
		args string
		code int
		says []string
	}{
		{"pools", cli.ExitOK, []string{"standing for acme  on-demand   2 of 2, 1 stopped  0 "}},
		{"machines list", cli.ExitOK, []string{"i-1", "2026-01-05 12:00:00, started 2026-01-06 08:00:00", "stopped  2026-01-05 12:00:00, stopped 2026-01-05 20:00:00"}},
		{"machines show i-1", cli.ExitOK, []string{
			"starting: it was started, and its runner was not seen online since", "build, labels build, standing for acme", "started       2026-01-06 08:00:00",
			"runfleet:lifetime=standing",
		}},
		{"machines show i-2", cli.ExitOK, []string{"stopped: EC2 shows it stopped", "stopped       2026-01-05 20:00:00"}},
		{"explain 201", cli.ExitOK, []string{"pool build holds its labels, and stands for account acme", "no pool fits"}},
	} {
		t.Run(tt.args, func(t *testing.T) {
			code, out, log := run(t, append(strings.Fields(tt.args), "--config", file)...)
			if code != tt.code {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
			for _, want := range tt.says {
				if !strings.Contains(out+log, want) {
					t.Errorf("%q is not in:\n%s%s", want, out, log)
				}
			}
		})
	}
}
