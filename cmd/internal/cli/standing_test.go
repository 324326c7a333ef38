package cli_test

import (
	"encoding/json"
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

// TestAReplayPlaysAStandingPool replays a job before its hours, and one within
// them.
func TestAReplayPlaysAStandingPool(t *testing.T) {
	dir := t.TempDir()
	file, trace := filepath.Join(dir, "standing.yaml"), filepath.Join(dir, "jobs.csv")
	text, err := os.ReadFile(onDemand)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, `  - {name: build, labels: [build], arch: arm64, shape: {vcpu: 4}, lifetime: standing, max: 2, disk_gib: 40,
     hours: {open: "0 8 * * *", close: "0 10 * * *", zone: UTC, closed: wait}}
`...)
	jobs := "ready,duration,labels\n2025-10-06T07:30:00Z,60,build\n2025-10-07T08:30:00Z,60,build\n"
	if err := errors.Join(os.WriteFile(file, text, 0o600), os.WriteFile(trace, []byte(jobs), 0o600)); err != nil {
		t.Fatal(err)
	}
	code, out, log := run(t, "replay", trace, "--config", file, "--boot", "30s")
	if code != cli.ExitOK {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
	for _, want := range []string{
		// The first job waits for the opening. Both machines are launched half a
		// minute before that, stopped at 10:00, started at 07:59:30, and end at 08:31; one of
		// them takes both jobs.
		"2 ran", "pool build             0s   30m   30m   30m   30m    15m   50.0 %",
		"pool build          2         2   1 (50.0 %)              2   0.90",
		"work                        0.0", "volumes of stopped ones",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
}

// TestMachinesOfOneJobBesideMachinesThatStand compares the fleet files of the
// guide on six weeks of real CI.
func TestMachinesOfOneJobBesideMachinesThatStand(t *testing.T) {
	code, out, log := run(t, "replay", sixWeeks, "--compare", onDemand, root+"/docs/replay/standing.yaml", "--json")
	var got struct {
		Compare []struct {
			Jobs     struct{ Total, Ran int }
			Machines struct{ Launched, Started, Wasted, Most int }
			Wait     struct {
				P50  float64
				Zero float64 `json:"zero_share"`
			} `json:"wait_seconds"`
			Cost struct {
				USD     float64
				Idle    struct{ USD float64 }
				Stopped struct{ Seconds, USD float64 }
				Work    struct{ USD float64 }
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != cli.ExitOK || len(got.Compare) != 2 {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, log)
	}
	once, stand := got.Compare[0], got.Compare[1]
	if once.Machines.Started != 0 || once.Cost.Stopped.Seconds != 0 || once.Wait.Zero > 0.001 || once.Wait.P50 < 20 {
		t.Errorf("machines of one job: %+v", once)
	}
	if stand.Jobs.Total != once.Jobs.Total || stand.Wait.Zero < 0.8 || stand.Wait.P50 != 0 || stand.Machines.Most > 44 || stand.Machines.Started < 1000 {
		t.Errorf("machines that stand: %+v", stand)
	}
	// Work costs what it costs; that they wait for it costs several times as much.
	if stand.Cost.Work.USD > once.Cost.Work.USD*1.02 || stand.Cost.Idle.USD < 3*stand.Cost.Work.USD || stand.Cost.USD < 5*once.Cost.USD || stand.Cost.Stopped.USD <= 0 {
		t.Errorf("costs: %+v and %+v", once.Cost, stand.Cost)
	}
}

// over is stood, with hours of its pool, which is closed by order while i-1 has a
// job and another job waits.
func over(t *testing.T) (file string) {
	t.Helper()
	file = stood(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	timed := strings.Replace(string(text), "account: acme, max: 2}", `account: acme, max: 2, hours: {open: "0 8 * * 1-5", close: "0 20 * * 1-5", zone: UTC}}`, 1)
	if err := os.WriteFile(file, []byte(timed), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(filepath.Dir(file), "acme.db"), Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now()
	class := fleet.Class{Scope: fleet.Scope{Owner: "acme"}, Labels: "build"}
	busy := fleet.Job{
		Key: fleet.JobKey{ID: 202, Attempt: 1}, Repo: "acme/w", Status: fleet.Running, QueuedAt: now, StartedAt: now, Class: class, Runner: fleet.RunnerName("acme", "i-1", 1),
	}
	next := fleet.Job{Key: fleet.JobKey{ID: 203, Attempt: 1}, Repo: "acme/w", Status: fleet.Queued, QueuedAt: now, Class: class}
	_, recorded := s.Record(t.Context(), fleet.Event{At: now, Job: &busy}, fleet.Event{At: now, Job: &next})
	placed := s.Place(t.Context(), fleet.Order{ID: "keep-closed build", Kind: fleet.KeepClosed, Subject: "build", By: "ann", At: now.Add(-time.Minute), Until: now.Add(time.Hour)})
	if err := errors.Join(recorded, placed); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestVerbsTellOfAClosedPoolThatWorksOn(t *testing.T) {
	file := over(t)
	const works = "1 machine works on until it is found free, and 1 job waits that it may take first"
	for verb, want := range map[string]string{
		"status": "(ann)\n    " + works + "\n", "hours show": works, "pools": works,
		"hours show -o json": `"overtime": {
      "busy_machines": 1,
      "jobs_that_wait": 1
    }`,
	} {
		code, out, log := run(t, append(strings.Fields(verb), "--config", file)...)
		if code != cli.ExitOK || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, and not %q: %s%s", verb, code, want, out, log)
		}
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
