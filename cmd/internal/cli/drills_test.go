package cli_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// drilled is a fleet file with a ledger of four drills: one that passed, one
// that was refused, one that goes on, and one that is only ordered.
func drilled(t *testing.T) (file string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "acme.db")
	file = filepath.Join(dir, "runfleet.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(fleetFile, "LEDGER", path)), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	began := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return began.Add(time.Duration(minutes) * time.Minute) }
	ran := func(id, attempt int, on, conclusion string, queued, done int) fleet.Event {
		j := fleet.Job{
			Key: fleet.JobKey{ID: fleet.JobID(id), Attempt: attempt}, Run: 7, Repo: "acme/widgets", Name: "build", Status: fleet.Done, Conclusion: conclusion,
			QueuedAt: at(queued), StartedAt: at(queued + 1), DoneAt: at(done), Runner: "rf-acme-" + on + "-1",
		}
		if id == 13 {
			j.Name = "lint"
		}
		return fleet.Event{At: at(done), Job: &j}
	}
	_, recorded := s.Record(t.Context(),
		ran(11, 1, "i-01", "failure", -5, 4), ran(13, 1, "i-02", "success", -5, 3), ran(14, 2, "i-04", "success", 5, 15))
	drill := func(id string) fleet.Drill {
		return fleet.Drill{ID: id, Pool: "arm64", Count: 2, Notice: 4 * time.Minute}
	}
	warned := func(id fleet.MachineID) fleet.Notice {
		return fleet.Notice{Machine: id, Kind: fleet.Interruption, At: at(2), Deadline: at(4)}
	}
	settled := s.Settle(t.Context(), fleet.Change{
		Marks:       map[string]string{"looked": at(60).Format(time.RFC3339Nano)},
		Interrupted: []fleet.Interrupted{{Job: fleet.JobKey{ID: 11, Attempt: 1}, Run: 7, On: "i-04", Market: fleet.OnDemand}},
		Drills: []fleet.DrillRun{{
			Drill: drill("spot-1"), By: "ann", Reason: "game day", At: began, Cleaned: true,
			Experiment: fleet.Experiment{
				ID: "EXP1", State: fleet.ExperimentCompleted, Reason: "Experiment completed.", StartedAt: began, EndedAt: at(2), Victims: []fleet.MachineID{"i-01", "i-02"},
			},
			Notices: []fleet.Notice{warned("i-01"), warned("i-02")}, Runs: []fleet.RunID{7},
			RanBefore: []fleet.MachineID{"i-01", "i-02", "i-03"}, RanAfter: []fleet.MachineID{"i-03", "i-04"}, AfterAt: at(7),
		}, {
			Drill: drill("spot-2"), By: "ben", At: at(20), Refused: "drill: no machine of pool arm64 runs",
		}, {
			Drill: drill("spot-3"), By: "ben", At: at(59), RanBefore: []fleet.MachineID{"i-03", "i-04"},
			Experiment: fleet.Experiment{ID: "EXP3", State: fleet.ExperimentInitiating, StartedAt: at(59)},
		}},
		Machines: []fleet.Machine{{ID: "i-04", Pool: "arm64", State: fleet.Up, Offer: fleet.Offer{Market: fleet.OnDemand}}},
	})
	next := drill("spot-4")
	placed := s.Place(t.Context(), fleet.Order{ID: "spot-4", Kind: fleet.Inject, Subject: "arm64", By: "ann", Until: time.Now().Add(time.Hour), Drill: &next})
	if err := errors.Join(recorded, settled, placed); err != nil {
		t.Fatal(err)
	}
	return file
}

// golden compares with a file of testdata; without a name, with nothing.
func golden(t *testing.T, name, got string) {
	t.Helper()
	var want []byte
	if name != "" {
		var err error
		if want, err = os.ReadFile(filepath.Join("testdata", name)); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestDrillsAreShown(t *testing.T) {
	file := drilled(t)
	for _, tt := range []struct {
		args, golden string
		code         int
		log          string
	}{
		{"drill list", "drills.txt", cli.ExitOK, ""},
		{"drill list -o json", "drills.json", cli.ExitOK, ""},
		{"drill show spot-1", "drill.txt", cli.ExitOK, ""},
		{"drill show spot-1 -o json", "drill.json", cli.ExitOK, ""},
		{"drill show spot-2", "drill-refused.txt", cli.ExitFailed, "runfleet: the drill was refused\n"},
		{"drill show spot-3", "drill-open.txt", cli.ExitFailed, "runfleet: the drill is not over\n"},
		{"drill show", "drill-ordered.txt", cli.ExitFailed, "runfleet: the drill is not over\n"},
		{"drill show spot-9", "", cli.ExitFailed, "runfleet: drill spot-9: not in the ledger (drill list shows the known ones)\n"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			code, out, log := run(t, append(strings.Fields(tt.args), "--config", file)...)
			if code != tt.code || log != tt.log {
				t.Errorf("exit %d: %s", code, log)
			}
			golden(t, tt.golden, out)
		})
	}
}

func TestALedgerWithoutADrillSaysSo(t *testing.T) {
	file := operated(t)
	code, out, log := run(t, "drill", "show", "--config", file)
	if code != cli.ExitFailed || out != "" || !strings.Contains(log, "no drill in the last week") {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
	if code, out, _ := run(t, "drill", "list", "-o", "json", "--config", file); code != cli.ExitOK || out != "[]\n" {
		t.Errorf("exit %d: %s", code, out)
	}
}
