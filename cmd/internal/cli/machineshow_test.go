package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
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

// crowded is a fleet file with a ledger in which much is known of i-0a, and
// little of i-0b, whose pool left the file.
func crowded(t *testing.T) (file string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "acme.db")
	file = filepath.Join(dir, "runfleet.yaml")
	text := strings.NewReplacer("LEDGER", path, "region: us-east-1", "region: us-east-1\n  tags: {team: ci}").Replace(fleetFile)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Fleet: "acme", ID: "0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	noon := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	scope := fleet.Scope{Installation: 1, Owner: "acme"}
	job := fleet.Job{
		Key: fleet.JobKey{ID: 101, Attempt: 2}, Repo: "acme/widgets", Name: "build\x1b[31m", Status: fleet.Running, QueuedAt: noon, StartedAt: at(3),
		Runner: "rf-acme-i-0a-1", Class: fleet.Class{Scope: scope, Labels: fleet.NewLabels("arm64")},
	}
	_, recorded := s.Record(t.Context(), fleet.Event{At: at(3), Job: &job},
		fleet.Event{At: at(2), Report: &fleet.Report{Machine: "i-0a", At: at(2), Kind: fleet.ReportReady}},
		fleet.Event{At: at(4), Report: &fleet.Report{
			Machine: "i-0b", At: at(4), Kind: fleet.ReportEnded, Outcome: fleet.OutcomeCrashed, Reason: "the runner\x1b ended with code 3", ExitCode: 3,
		}})
	offer := fleet.Offer{Type: "m7g.large", Zone: "us-east-1a", Market: fleet.Spot, Subnet: "subnet-aaa"}
	settled := s.Settle(t.Context(), fleet.Change{
		Machines: []fleet.Machine{
			{
				ID: "i-0a", Pool: "arm64", Intent: "0123456789ab-7-0", Template: "lt-1:1", Offer: offer, LaunchedAt: at(1), State: fleet.Up, SeenAt: at(4),
				Scope: scope, Try: 1, MintedAt: at(2), RunnerID: 4, Taken: true, ReadyAt: at(3),
			},
			{ID: "i-0b", Pool: "old", LaunchedAt: at(1), AdoptedAt: at(2), EndedAt: at(5), EndReason: "pool old left the fleet file"},
			{ID: "i-0c", Pool: "old", LaunchedAt: at(1), Try: 1, Taken: true, EndedAt: at(5), EndReason: "no runner 10m0s after its launch"},
		},
		Runners:  []fleet.Runner{{Name: "rf-acme-i-0a-1", ID: 4, Scope: scope, Online: true, Busy: true, SeenAt: at(4)}},
		Reserve:  []fleet.Intent{{ID: "0123456789ab-9-0", ReservedAt: at(5), Tries: 1, Reason: "operator: ann: a look", End: &fleet.End{Machine: "i-0a"}}},
		Setbacks: []fleet.Setback{{Key: fleet.OfferKey(offer), Strikes: 2, At: at(5), Until: at(11), Detail: "InsufficientInstanceCapacity"}},
	})
	placed := errors.Join(
		s.Place(t.Context(), fleet.Order{ID: "end i-0a", Kind: fleet.Halt, Subject: "i-0a", By: "ann", Reason: "a look", At: at(5)}),
		s.Place(t.Context(), fleet.Order{ID: "pause ", Kind: fleet.Pause, By: "ben", At: at(5)}))
	if err := errors.Join(recorded, settled, placed); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestMachinesShowTellsAllThatIsKnown(t *testing.T) {
	file := crowded(t)
	for id, want := range map[string]string{
		"i-0a": `MACHINE       i-0a
phase         busy: a job runs on it
pool          arm64, labels arm64,linux,self-hosted
offer         m7g.large in us-east-1a, subnet subnet-aaa
market        spot
template      lt-1:1
EC2           running; last shown 2026-01-05 12:04:00
registration  rf-acme-i-0a-1 in acme, its config was taken
runner        rf-acme-i-0a-1 (4): online, busy, last shown 2026-01-05 12:04:00
agent         asks for a config since 2026-01-05 12:02:00
job           101 (attempt 2) of acme/widgets, build?[31m: running
launched      2026-01-05 12:01:00
registered    2026-01-05 12:02:00
runner ready  2026-01-05 12:03:00
job began     2026-01-05 12:03:00
limits        boot 10m0s, idle 2m0s, job 6h15m0s
tag           Name=runfleet acme arm64
tag           runfleet:fleet=acme
tag           runfleet:intent=0123456789ab-7-0
tag           runfleet:ledger=0123456789abcdef
tag           runfleet:pool=arm64
tag           runfleet:protocol=1
tag           runfleet:template=lt-1:1
tag           team=ci
order         end i-0a by ann until lifted: a look
order         pause the fleet by ben until lifted: no reason given
intent        end, reserved 2026-01-05 12:05:00, tried 1 time: operator: ann: a look
setback       offer m7g.large/us-east-1a/spot, strike 2, until 2026-01-05 12:11:00: InsufficientInstanceCapacity
`,
		"i-0b": `MACHINE       i-0b
phase         ending: EC2 was asked to end it
pool          old, which left the fleet file
offer         - in -, subnet -
market        -
template      -
EC2           unseen; no full look showed it yet
registration  none yet
runner        no full look showed one
agent         powers off since 2026-01-05 12:04:00: crashed, the runner? ended with code 3, exit code 3
job           none known
launched      2026-01-05 12:01:00
adopted       2026-01-05 12:02:00
ended         2026-01-05 12:05:00: pool old left the fleet file
tag           Name=runfleet acme old
tag           runfleet:fleet=acme
tag           runfleet:pool=old
tag           runfleet:protocol=1
tag           team=ci
order         pause the fleet by ben until lifted: no reason given
`,
	} {
		code, out, log := run(t, "machines", "show", id, "--config", file)
		if diff := cmp.Diff(want, out); code != cli.ExitOK || diff != "" {
			t.Errorf("%s: exit %d %s(-want +got):\n%s", id, code, log, diff)
		}
	}
}

func TestAMachineThatNoAgentSawIsNotShownToHaveTakenItsConfig(t *testing.T) {
	code, out, log := run(t, "machines", "show", "i-0c", "--config", crowded(t))
	if code != cli.ExitOK || strings.Contains(out, "taken") || !strings.Contains(out, "registration  rf-acme-i-0c-1, which is over\n") {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
}

func TestMachinesShowAsJSON(t *testing.T) {
	code, out, log := run(t, "machines", "show", "i-0a", "-o", "json", "--config", crowded(t))
	var got struct {
		Machine  struct{ ID string }
		Phase    string
		Why      string
		Pool     struct{ Name string }
		Job      struct{ ID int }
		Runner   struct{ Busy bool }
		Report   struct{ Kind string }
		Intents  []struct{ ID string }
		Setbacks []struct{ Strikes int }
		Orders   []struct{ By string }
		Tags     map[string]string
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != cli.ExitOK {
		t.Fatalf("exit %d, error %v: %s%s", code, err, out, log)
	}
	if got.Machine.ID != "i-0a" || got.Phase != "busy" || got.Why == "" || got.Pool.Name != "arm64" || got.Job.ID != 101 || !got.Runner.Busy || got.Report.Kind != "ready" ||
		len(got.Intents) != 1 || len(got.Setbacks) != 1 || len(got.Orders) != 2 || got.Tags["team"] != "ci" {
		t.Errorf("%+v", got)
	}
}

func TestMachinesShowGoesByTheBootsThatTheLedgerKnows(t *testing.T) {
	file := operated(t)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(filepath.Dir(file), "acme.db"), Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var boots []string
	for i := range 20 {
		boots = append(boots, fmt.Sprintf("i-%d,%d,5000", i, 1_000+i))
	}
	c := fleet.Change{
		Marks:    map[string]string{"boots arm64": strings.Join(boots, " ")},
		Machines: []fleet.Machine{{ID: "i-0a", Pool: "arm64", LaunchedAt: time.Now().Add(-20 * time.Second), State: fleet.Up}},
	}
	for _, want := range []string{"phase         booting: its pool's boot estimate has not passed", "phase         ready: its pool's boot estimate has passed"} {
		if err := s.Settle(t.Context(), fleet.Change{Machines: c.Machines}); err != nil {
			t.Fatal(err)
		}
		if code, out, log := run(t, "machines", "show", "i-0a", "--config", file); code != cli.ExitOK || !strings.Contains(out, want) {
			t.Errorf("exit %d, and not %q: %s%s", code, want, out, log)
		}
		if err := s.Settle(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMachinesShowRefuses(t *testing.T) {
	file := crowded(t)
	for _, tt := range []struct {
		name, says string
		args       []string
		code       int
	}{
		{"a machine that is not known", "machine i-9: not in the ledger (machines list shows the known ones)", []string{"i-9"}, cli.ExitFailed},
		{"no machine", "accepts 1 arg(s)", nil, cli.ExitUsage},
		{"a form that it does not have", "table or json", []string{"i-0a", "-o", "yaml"}, cli.ExitUsage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, log := run(t, append([]string{"machines", "show", "--config", file}, tt.args...)...)
			if code != tt.code || out != "" || !strings.Contains(log, tt.says) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
		})
	}
}
