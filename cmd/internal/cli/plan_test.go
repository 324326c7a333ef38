package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// seen is a ledger beside which AWS and GitHub are simulated: three jobs wait,
// two of them for machines of pool arm64.
func seen(t *testing.T) (file, ledger string, aws *account) {
	t.Helper()
	aws, github := clouds(t)
	dir := t.TempDir()
	ledger, file = filepath.Join(dir, "acme.db"), filepath.Join(dir, "runfleet.yaml")
	text := strings.NewReplacer("LEDGER", ledger, "app_id: 12345", "app_id: 12345\n  api_url: "+github).Replace(fleetFile)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: ledger, Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Now()
	for i, labels := range []fleet.Labels{fleet.NewLabels("arm64"), fleet.NewLabels("arm64"), fleet.NewLabels("gpu")} {
		j := fleet.Job{
			Key: fleet.JobKey{ID: fleet.JobID(101 + i), Attempt: 1}, Repo: "acme/widgets", Status: fleet.Queued, QueuedAt: at,
			Class: fleet.Class{Scope: fleet.Scope{Installation: 1, Owner: "acme"}, Labels: labels},
		}
		if _, err := s.Record(t.Context(), fleet.Event{At: at, Job: &j}); err != nil {
			t.Fatal(err)
		}
	}
	return file, ledger, aws
}

func state(t *testing.T, path string) fleet.State {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Fleet: "acme", Must: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	st, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestAPlanSaysWhatWouldBeDoneAndDoesNothingOfIt(t *testing.T) {
	file, ledger, aws := seen(t)
	before := state(t, ledger)
	plan := func() string {
		code, out, log := run(t, "plan", "--config", file)
		if code != cli.ExitOK || log != "" {
			t.Fatalf("exit %d: %s%s", code, out, log)
		}
		return out
	}
	first := strings.Split(plan(), "\n")
	want := []string{
		"3 jobs, 0 machines, 0 runners, 0 open intents (plan 1)",
		"launch 2 of pool arm64, spot: 2 jobs wait and no machine is coming",
		"job 101: launching: pool arm64, spot",
		"job 102: launching: pool arm64, spot",
		"job 103: no-pool: no pool holds its labels",
	}
	if diff := cmp.Diff(want, first[:min(len(want), len(first))]); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if code, out, log := run(t, "pause", "arm64", "--config", file); code != cli.ExitOK {
		t.Fatalf("exit %d: %s%s", code, out, log)
	}
	if out := plan(); !strings.Contains(out, "nothing to do\njob 101: paused") {
		t.Errorf("while the pool is paused:\n%s", out)
	}
	for _, call := range aws.asked() {
		if !strings.HasPrefix(call, "Describe") && !strings.HasPrefix(call, "Get") {
			t.Errorf("it called %s", call)
		}
	}
	after := state(t, ledger)
	after.Orders = nil
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the ledger (-before +after):\n%s", diff)
	}
}

func TestAPlanBeforeTheFirstStartIsThatOfAnEmptyLedger(t *testing.T) {
	for _, tt := range []struct{ name, owner, says string }{
		{"of a new fleet", "", ""},
		{"of one that a ledger owns that is not here", "0011", "ledger 0011 owns fleet acme: serve will refuse to start with a new one\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file, ledger, aws := seen(t)
			aws.owner = tt.owner
			dir, name := filepath.Split(ledger)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "new-"+name)
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), ledger, path)), 0o600); err != nil {
				t.Fatal(err)
			}
			before := listed(t, dir)
			code, out, log := run(t, "plan", "--config", file)
			want := "no ledger is at " + path + " yet, serve makes it: a plan with an empty one\n" + tt.says +
				"0 jobs, 0 machines, 0 runners, 0 open intents (plan 1)\nnothing to do\n"
			if code != cli.ExitOK || log != "" || !strings.HasPrefix(out, want) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
			if diff := cmp.Diff(before, listed(t, dir)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAPlanAndAManagerWorkSideBySide(t *testing.T) {
	file, ledger, _ := seen(t)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: ledger, Fleet: "acme", Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if code, out, log := run(t, "plan", "--config", file); code != cli.ExitOK || !strings.Contains(out, "launch 2 of pool arm64") {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
	code, _, log := run(t, "adopt", "--config", file)
	if code != cli.ExitFailed || !strings.Contains(log, "another manager runs on it; stop that one first") {
		t.Errorf("adopt beside a manager: exit %d: %s", code, log)
	}
}

func TestAdoptMakesTheLedgerTheOwner(t *testing.T) {
	file, ledger, aws := seen(t)
	code, out, log := run(t, "adopt", "--config", file)
	id := state(t, ledger).Ledger
	if want := "ledger " + id + " owns fleet acme now\n"; code != cli.ExitOK || out != want {
		t.Errorf("exit %d: %q, want %q\n%s", code, out, want, log)
	}
	if aws.owner != id {
		t.Errorf("in SSM the owner is %q", aws.owner)
	}
}

func TestAdoptMakesANewLedgerOnlyWhenItIsAskedTo(t *testing.T) {
	file, ledger, aws := seen(t)
	if code, out, log := run(t, "adopt", "--new", "--config", file); code != cli.ExitUsage || !strings.Contains(log, "and one is at "+ledger) {
		t.Errorf("while one is there: exit %d: %s%s", code, out, log)
	}
	if err := os.Rename(ledger, ledger+".lost"); err != nil {
		t.Fatal(err)
	}
	before := listed(t, filepath.Dir(ledger))
	if code, out, log := run(t, "adopt", "--config", file); code != cli.ExitFailed || !strings.Contains(log, "if it is lost, adopt --new makes one") {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
	if diff := cmp.Diff(before, listed(t, filepath.Dir(ledger))); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	code, out, log := run(t, "adopt", "--new", "--config", file)
	if id := state(t, ledger).Ledger; code != cli.ExitOK || !strings.Contains(out, id) || aws.owner != id {
		t.Errorf("exit %d: %s%s; owner %q of %q", code, out, log, aws.owner, id)
	}
}

// A second manager by mistake must not leave a ledger for the next start.
func TestAServeThatAnotherLedgerKeepsFromStartingLeavesNothing(t *testing.T) {
	file, ledger, aws := seen(t)
	aws.owner = "0011"
	for _, fresh := range []bool{false, true} {
		if fresh {
			if err := os.Remove(ledger); err != nil {
				t.Fatal(err)
			}
		}
		code, _, log := run(t, "serve", "--config", file)
		says := "to take over, stop the other manager, then run runfleet adopt"
		if code != cli.ExitFailed || !strings.Contains(log, says) || strings.Contains(log, says+" --new") != fresh {
			t.Errorf("exit %d: %s", code, log)
		}
		left, err := filepath.Glob(ledger + "*")
		if err != nil || slices.Contains(left, ledger) == fresh || fresh && len(left) > 0 {
			t.Errorf("files %q, error %v", left, err)
		}
	}
}

func TestAdoptTellsThatAWSRefused(t *testing.T) {
	file, _, _ := seen(t)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	code, out, log := run(t, "adopt", "--config", file)
	if code != cli.ExitFailed || out != "" || !strings.Contains(log, "ask AWS whose the credentials are") {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
}
