package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

const fleetFile = `fleet: acme
github:
  app_id: 12345
  private_key: env:KEY
  webhook_secrets: [env:SECRET]
aws:
  region: us-east-1
  subnets: [subnet-aaa]
  security_groups: [sg-aaa]
  instance_profile: runfleet-machine
  drill_role: arn:aws:iam::123456789012:role/runfleet-drills
serve: {ledger: LEDGER}
pools:
  - {name: arm64, labels: [self-hosted, linux, arm64], arch: arm64, max: 5}
  - {name: x64, labels: [self-hosted, linux, x64], arch: x86_64, max: 5}
  - name: office
    labels: [office]
    arch: x86_64
    max: 5
    hours: {open: "0 8 * * 1-5", close: "0 20 * * 1-5", zone: America/New_York, closed: wait}
`

// operated is a fleet file with a ledger that holds some jobs and a machine.
func operated(t *testing.T) (file string) {
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
	for i, labels := range []fleet.Labels{fleet.NewLabels("self-hosted"), fleet.NewLabels("ubuntu-latest")} {
		now := time.Now()
		j := fleet.Job{
			Key: fleet.JobKey{ID: fleet.JobID(101 + i), Attempt: 1}, Repo: "acme/widgets", Name: "build\x1b[31m", Status: fleet.Queued,
			QueuedAt: now, Class: fleet.Class{Scope: fleet.Scope{Owner: "acme"}, Labels: labels},
		}
		if _, err := s.Record(t.Context(), fleet.Event{At: now, Job: &j}); err != nil {
			t.Fatal(err)
		}
	}
	c := fleet.Change{
		Machines: []fleet.Machine{{ID: "i-0a", Pool: "arm64", Offer: fleet.Offer{Market: fleet.Spot}, LaunchedAt: time.Now(), State: fleet.Up}},
		Runners:  []fleet.Runner{{Name: "rf-acme-i-0a-1", ID: 4, Online: true}},
		Marks:    map[string]string{"problems": `{"x64":"runfleet.yaml:9:3: pools[1].image: image ami-1 is not there"}`},
		Verdicts: []fleet.JobVerdict{{Job: fleet.JobKey{ID: 102, Attempt: 1}, Verdict: fleet.Verdict{Code: fleet.NoPool, Detail: "no pool holds its labels"}}},
	}
	if err := s.Settle(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestVerbsForOperators(t *testing.T) {
	file := operated(t)
	for _, tt := range []struct {
		args string
		code int
		says []string
	}{
		{"config validate", cli.ExitOK, []string{"fleet acme, 3 pools"}},
		{"config show", cli.ExitOK, []string{"disk_gib: 40"}},
		{"status", cli.ExitOK, []string{"2 jobs wait, 0 run; 1 machine, 0 intents open", "1 job: no-pool\n  1 job: not looked at yet"}},
		{"jobs", cli.ExitOK, []string{"101", "no-pool: no pool holds its labels", "build?[31m"}},
		{"jobs -o json", cli.ExitOK, []string{`"acme/widgets"`}},
		{"explain 101", cli.ExitOK, []string{"pool arm64 fits", "pool x64 fits", "either", "recorded"}},
		{"explain 102", cli.ExitOK, []string{"no pool fits", "no-pool: no pool holds its labels"}},
		{"pools", cli.ExitOK, []string{"arm64,linux,self-hosted  ephemeral  spot-first  1 of 5    1", "linux,self-hosted,x64    ephemeral  spot-first  0 of 5    1"}},
		{"pools", cli.ExitOK, []string{"LAUNCHES NOTHING", "pools[1].image: image ami-1 is not there"}},
		{"pools -o json", cli.ExitOK, []string{`"problem": "runfleet.yaml:9:3: pools[1].image: image ami-1 is not there"`}},
		{"status", cli.ExitOK, []string{"pool x64 launches nothing: runfleet.yaml:9:3: pools[1].image: image ami-1 is not there"}},
		{"status -o json", cli.ExitOK, []string{`"pool": "x64"`}},
		{"pools -o json", cli.ExitOK, []string{`"name": "arm64"`, `"max": 5`, `"fitting_jobs_that_wait": 1`}},
		{"machines list -o json", cli.ExitOK, []string{`"id": "i-0a"`, `"pool": "arm64"`, `"state": "running"`}},
		{"runners list -o json", cli.ExitOK, []string{`"name": "rf-acme-i-0a-1"`, `"status": "online"`, `"machine_state": "running"`}},
		{"machines list", cli.ExitOK, []string{"i-0a", "running"}},
		{"runners list", cli.ExitOK, []string{"rf-acme-i-0a-1", "online", "running"}},
		{"machines hold i-0a --for 1h --reason looking", cli.ExitOK, []string{"ordered: hold i-0a"}},
		{"status", cli.ExitOK, []string{": looking"}},
		{"machines release i-0a", cli.ExitOK, []string{"lifted"}},
		{"hours show", cli.ExitOK, []string{"arm64   open", "America/New_York", "wait"}},
		{"hours next office -n 2", cli.ExitOK, []string{"08:00 E", "20:00 E", "12h"}},
		{"hours next office -n 0", cli.ExitUsage, []string{"1 to 1000"}},
		{"hours next arm64", cli.ExitFailed, []string{"never closes"}},
		{"hours next nowhere", cli.ExitUsage, []string{`no pool "nowhere"`}},
		{"hours override closed office --until 3h --reason freeze", cli.ExitOK, []string{"ordered: keep-closed office"}},
		{"status", cli.ExitOK, []string{"pool office is closed until", "freeze)"}},
		{"hours override open office --until 23:59 --reason release", cli.ExitOK, []string{"ordered: keep-open office"}},
		{"hours show", cli.ExitOK, []string{"open until", "release)"}},
		{"hours resume office", cli.ExitOK, []string{"lifted"}},
		{"hours resume office", cli.ExitFailed, []string{"nothing was ordered"}},
		{"hours override open office", cli.ExitUsage, []string{"--until must say how long"}},
		{"hours override open office --until yesterday", cli.ExitUsage, []string{"not \"yesterday\""}},
		{"hours override open office --until 2020-01-01T00:00:00Z", cli.ExitUsage, []string{"is over"}},
		{"hours override open office --until 400h", cli.ExitUsage, []string{"at most 14 days"}},
		{"hours override ajar office --until 1h", cli.ExitUsage, []string{"open or closed"}},
		{"hours override closed arm64 --until 1h", cli.ExitUsage, []string{"has no hours", "pause it"}},
		{"hours override open arm64 --until 1h", cli.ExitUsage, []string{"has no hours", "pause it"}},
		{"hours override closed --until 3h --reason outage", cli.ExitOK, []string{
			"ordered: keep-closed the fleet; the next look obeys it\nIt is about the pools that have hours: office. These have none and are always open, pause stops their launches: arm64, x64\n",
		}},
		{"hours show", cli.ExitOK, []string{"arm64   open  ", "x64     open  ", "office  closed until", "outage)"}},
		{"hours resume", cli.ExitOK, []string{"lifted"}},
		{"pause x64 --reason rehearsal", cli.ExitOK, []string{"ordered: pause x64"}},
		{"resume x64", cli.ExitOK, []string{"lifted"}},
		{"resume x64", cli.ExitFailed, []string{`nothing was ordered about x64`}},
		{"pause --reason rehearsal", cli.ExitOK, []string{"ordered: pause the fleet; the next look obeys it"}},
		{"resume", cli.ExitOK, []string{"lifted"}},
		{"resume", cli.ExitFailed, []string{"nothing was ordered about the fleet"}},
		{"pause arm64 x64", cli.ExitUsage, []string{"accepts at most 1 arg"}},
		{"machines drain i-0a", cli.ExitOK, []string{"ordered: drain i-0a; the next look obeys it"}},
		{"machines end i-0a --reason broken", cli.ExitOK, []string{"ordered: end i-0a; the next look obeys it"}},
		{"machines show i-0a", cli.ExitOK, []string{"drain i-0a by", "end i-0a by", ": broken"}},
		{"machines release i-0a", cli.ExitOK, []string{"lifted"}},
		{"machines release i-0a", cli.ExitFailed, []string{`nothing was ordered about i-0a`}},
		{"machines end i-9", cli.ExitFailed, []string{"machine i-9: not in the ledger"}},
		{"machines end", cli.ExitUsage, []string{"accepts 1 arg(s), received 0; it is: runfleet machines end MACHINE [flags]"}},
		{"pause nowhere", cli.ExitUsage, []string{`no pool "nowhere"`}},
		{"machines drain i-9", cli.ExitFailed, []string{"machines list shows the known ones"}},
		{"machines hold i-0a --for 48h", cli.ExitUsage, []string{"at most 24h"}},
		{"explain 999", cli.ExitFailed, []string{"job 999: not in the ledger"}},
		{"pools -o xml", cli.ExitUsage, []string{"table or json"}},
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
