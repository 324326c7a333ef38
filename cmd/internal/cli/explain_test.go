package cli_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

func TestExplainTellsWhatSpotDidToAJob(t *testing.T) {
	noon := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	key := func(id, attempt int) fleet.JobKey { return fleet.JobKey{ID: fleet.JobID(id), Attempt: attempt} }
	struck := func(change func(*fleet.Interrupted)) fleet.Interrupted {
		i := fleet.Interrupted{Job: key(11, 1), Run: 7, Machine: "i-1", At: noon}
		change(&i)
		return i
	}
	const took = "Spot took i-1 back, as it said 2026-01-05 12:00:00: "
	for _, tt := range []struct {
		name string
		row  fleet.Interrupted
		job  int
		want string
	}{
		{"it waits for its run", struck(func(*fleet.Interrupted) {}), 11, took + "the job is run again once its run is complete\nnow: done, failure"},
		{"its run is run again", struck(func(i *fleet.Interrupted) { i.RerunAt = noon.Add(time.Minute) }), 11,
			took + "its run's failed jobs are run again since 2026-01-05 12:01:00\n"},
		{"its next life runs", struck(func(i *fleet.Interrupted) {
			i.RerunAt, i.Again, i.On, i.Market = noon, key(12, 2), "i-2", fleet.OnDemand
		}), 11, took + "run again as job 12, attempt 2, on i-2 (on-demand)\n"},
		{"its next life is green", struck(func(i *fleet.Interrupted) { i.RerunAt, i.Again, i.Result = noon, key(12, 2), "success" }), 11,
			took + "run again as job 12, attempt 2: success\n"},
		{"it stays broken", struck(func(i *fleet.Interrupted) { i.Why = "its run was re-run once already" }), 11,
			took + "the job is not run again, its run was re-run once already\n"},
		{"it is such a next life", struck(func(i *fleet.Interrupted) { i.RerunAt, i.Again = noon, key(12, 2) }), 12,
			"it is the next life of job 11, which Spot interrupted on i-1\nnow: running, on rf-acme-i-2-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := operated(t)
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(filepath.Dir(file), "acme.db"), Fleet: "acme"})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			hurt := fleet.Job{Key: key(11, 1), Run: 7, Repo: "acme/w", Status: fleet.Done, Conclusion: "failure", QueuedAt: noon, DoneAt: noon.Add(time.Minute)}
			again := fleet.Job{Key: key(12, 2), Run: 7, Repo: "acme/w", Status: fleet.Running, QueuedAt: noon, StartedAt: noon, Runner: "rf-acme-i-2-1"}
			_, recorded := s.Record(t.Context(), fleet.Event{At: noon, Job: &hurt}, fleet.Event{At: noon, Job: &again})
			if err := errors.Join(recorded, s.Settle(t.Context(), fleet.Change{Interrupted: []fleet.Interrupted{tt.row}})); err != nil {
				t.Fatal(err)
			}
			code, out, log := run(t, "explain", fmt.Sprint(tt.job), "--config", file)
			if code != cli.ExitOK || !strings.Contains(out, tt.want) {
				t.Errorf("exit %d, and not %q: %s%s", code, tt.want, out, log)
			}
		})
	}
}
