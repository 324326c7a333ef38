package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// The first workflow that people write to move to Graviton runs the same steps
// on GitHub's machine and on theirs: matrix.os is [ubuntu-latest, self-hosted].
// In a fleet of both architectures the second asks for either.
var matrix = []fleet.Labels{fleet.NewLabels("ubuntu-latest"), fleet.NewLabels("self-hosted")}

// matrixJobs are the two jobs, queued at an instant.
func matrixJobs(at time.Time) (jobs []fleet.Job) {
	for i, labels := range matrix {
		jobs = append(jobs, fleet.Job{
			Key: fleet.JobKey{ID: fleet.JobID(201 + i), Attempt: 1}, Run: 9, Repo: "acme/widgets", Name: "test", Status: fleet.Queued,
			QueuedAt: at, RecordedAt: at, ChangedAt: at, Class: fleet.Class{Scope: fleet.Scope{Installation: 1, Owner: "acme"}, Labels: labels},
		})
	}
	return jobs
}

func TestTheMatrixOfUbuntuLatestAndSelfHostedThroughDecide(t *testing.T) {
	f, err := wire.ReadFile(operated(t))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	idle := func(pool string) fleet.State {
		ready := now.Add(-time.Minute)
		scope := fleet.Scope{Installation: 1, Owner: "acme"}
		return fleet.State{
			Machines: []fleet.Machine{{
				ID: "i-0a", Pool: pool, State: fleet.Up, LaunchedAt: ready, SeenAt: ready, Scope: scope, Try: 1, MintedAt: ready, RunnerID: 4, ReadyAt: ready, Taken: true,
			}},
			Runners: []fleet.Runner{{Name: "rf-acme-i-0a-1", ID: 4, Scope: scope, Online: true, FirstAt: ready, SeenAt: ready}},
		}
	}
	for _, tt := range []struct {
		name     string
		state    fleet.State
		launches string // the pool
		verdict  string // of the self-hosted job
	}{
		{"a machine of the first pool in the file is launched", fleet.State{}, "arm64", "launching: pool arm64, spot"},
		{"an idle machine of that pool takes it", idle("arm64"), "", "covered: a machine of pool arm64 is coming or idle"},
		{"so does one of the other architecture: GitHub gives it to either", idle("x64"), "", "covered: a machine of pool x64 is coming or idle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := fleet.Snapshot{At: now, LookedAt: now, LookedBefore: now.Add(-time.Minute), Fleet: f.Fleet(), State: tt.state, Allowance: fleet.Allowance{Launches: -1, Configs: -1}}
			s.State.Jobs = matrixJobs(now.Add(-5 * time.Second))
			for _, p := range s.Fleet.Pools {
				s.Recipes = append(s.Recipes, fleet.Recipe{Pool: p.Name, Template: "lt-1:1", Offers: []fleet.Offer{
					{Type: "any", Zone: "us-east-1a", Market: fleet.Spot, Subnet: "subnet-aaa"},
				}})
			}
			plan := fleet.Decide(s)
			var launched []string
			for _, in := range plan.Intents {
				if in.Launch != nil && in.Launch.Count == 1 {
					launched = append(launched, in.Launch.Pool)
				}
			}
			if got := strings.Join(launched, " "); got != tt.launches {
				t.Errorf("launched in %q, want %q", got, tt.launches)
			}
			got := map[fleet.JobID]string{}
			for _, v := range plan.Verdicts {
				got[v.Job.ID] = v.Verdict.String()
			}
			want := map[fleet.JobID]string{201: "no-pool: no pool holds its labels", 202: tt.verdict}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheMatrixOfUbuntuLatestAndSelfHostedIsWarnedOf(t *testing.T) {
	file := operated(t)
	code, _, log := run(t, "config", "validate", "--config", file)
	if want := "a job that asks only for self-hosted may get either architecture; name the architecture in runs-on"; code != cli.ExitOK || strings.Count(log, want) != 1 {
		t.Errorf("exit %d: %s", code, log)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(filepath.Dir(file), "acme.db"), Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, j := range matrixJobs(time.Now()) {
		if _, err := s.Record(t.Context(), fleet.Event{At: j.QueuedAt, Job: &j}); err != nil {
			t.Fatal(err)
		}
	}
	for id, wants := range map[string][]string{
		"201": {"no pool fits\n"},
		"202": {"pool arm64 fits\npool x64 fits\n", "warning: pools of both architectures fit, and GitHub may give it to an idle runner of either\n"},
	} {
		code, out, log := run(t, "explain", id, "--config", file)
		for _, want := range wants {
			if code != cli.ExitOK || !strings.Contains(out, want) {
				t.Errorf("explain %s: exit %d, and not %q: %s%s", id, code, want, out, log)
			}
		}
	}
}
