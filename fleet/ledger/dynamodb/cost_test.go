package dynamodb

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

// cost is what DynamoDB was asked: requests, and units by its published rules.
type cost struct{ Requests, Reads, Writes int }

func (w *wire) cost() cost {
	c := cost{Requests: w.total()}
	w.set(func() { c.Reads, c.Writes = w.meter.reads, w.meter.writes })
	return c
}

// costs of a look, of the plan of a burst and the look after it, of a plan of
// one mint, and of its outcome.
type costs struct{ Look, Burst, After, Mint, Outcome cost }

// TestWhatALookAndAPlanCost holds the figures of the package's documentation.
func TestWhatALookAndAPlanCost(t *testing.T) {
	for _, tt := range []struct {
		jobs int
		want costs
	}{
		{100, costs{cost{1, 8, 0}, cost{2, 0, 206}, cost{1, 12, 0}, cost{1, 0, 6}, cost{1, 0, 4}}},
		{1000, costs{cost{1, 75, 0}, cost{11, 0, 2024}, cost{1, 110, 0}, cost{1, 0, 6}, cost{1, 0, 4}}},
	} {
		w, api, name := table(t)
		s := open(t, api, name)
		seed(t, s, tt.jobs)
		got := spend(t, w, s)
		t.Logf("%d jobs alive: %+v", tt.jobs, got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%d jobs alive (-want +got):\n%s", tt.jobs, diff)
		}
	}
}

// spend does what costs are about.
func spend(t *testing.T, w *wire, s *Store) (c costs) {
	t.Helper()
	launch := fleet.Intent{ID: "0123456789ab-12-0", ReservedAt: ledgertest.Noon, Reason: "100 jobs wait and no machine is coming",
		Launch: &fleet.Launch{Pool: "arm64", Template: "lt-0123456789abcdef0:1", Market: fleet.Spot, Count: 100,
			Offers: []fleet.Offer{{Type: "m7g.xlarge", Zone: "us-east-1a", Market: fleet.Spot}, {Type: "m7g.xlarge", Zone: "us-east-1b", Market: fleet.Spot}}}}
	mint := fleet.Intent{ID: "0123456789ab-13-0", ReservedAt: ledgertest.Noon, Reason: "a job of acme waits for it",
		Mint: &fleet.Mint{Machine: "i-0123456789abcdef0", Scope: fleet.Scope{Installation: 12345678, Owner: "acme"}, Labels: "arm64,linux,self-hosted", Try: 1}}
	machine := fleet.Machine{ID: mint.Mint.Machine, Pool: "arm64", LaunchedAt: ledgertest.Noon, MintedAt: ledgertest.Noon, Try: 1, RunnerID: 17}

	var seen fleet.State
	of := func(do func() error) cost {
		w.reset(nil)
		if err := do(); err != nil {
			t.Fatal(err)
		}
		return w.cost()
	}
	look := func() (err error) { seen, err = s.Read(t.Context()); return err }
	c.Look = of(look)
	c.Burst = of(func() error {
		burst := largeCommit(seen.Jobs)
		burst.Reserve = []fleet.Intent{launch}
		return s.Commit(t.Context(), 1, burst)
	})
	c.After = of(look)
	covered := fleet.JobVerdict{Job: seen.Jobs[0].Key, Verdict: fleet.Verdict{Code: fleet.Covered, Detail: "a machine of pool arm64 is coming or idle"}}
	c.Mint = of(func() error {
		return s.Commit(t.Context(), 2, fleet.Change{Reserve: []fleet.Intent{mint}, Verdicts: []fleet.JobVerdict{covered}})
	})
	c.Outcome = of(func() error {
		return s.Settle(t.Context(), fleet.Change{Settle: []fleet.IntentID{mint.ID}, Machines: []fleet.Machine{machine}})
	})
	return c
}

// TestWhatAMachinesReportsCost is a machine's two.
func TestWhatAMachinesReportsCost(t *testing.T) {
	w, api, name := table(t)
	s := open(t, api, name)
	said := func(id string, kind fleet.ReportKind) fleet.Event {
		r := fleet.Report{Machine: "i-0123456789abcdef0", At: ledgertest.Noon, Kind: kind, Outcome: fleet.OutcomeDone, Reason: "its job is over", Result: "Succeeded"}
		return fleet.Event{ID: id, Kind: "report", At: ledgertest.Noon, Report: &r}
	}
	for _, tt := range []struct {
		name string
		e    fleet.Event
		want cost
	}{
		{"ready", said("a", fleet.ReportReady), cost{1, 0, 4}},
		{"ended", said("b", fleet.ReportEnded), cost{2, 2, 4}},
		{"ended, again", said("b", fleet.ReportEnded), cost{1, 2, 0}},
	} {
		w.reset(nil)
		if _, err := s.Record(t.Context(), tt.e); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, w.cost()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestWhatAJobCosts is a job's life, from queued to closed, with two verdicts.
func TestWhatAJobCosts(t *testing.T) {
	w, api, name := table(t)
	s := open(t, api, name)
	running, done := waiting(1), waiting(1)
	running.ID, running.Job.Status, running.Job.Runner = "running", fleet.Running, fleet.RunnerName("f", "i-0123456789abcdef0", 1)
	done.ID, done.Job.Status, done.Job.Runner, done.Job.Conclusion = "done", fleet.Done, running.Job.Runner, "success"
	record := func(e fleet.Event) func() error {
		return func() error { _, err := s.Record(t.Context(), e); return err }
	}
	judge := func(code fleet.VerdictCode) func() error {
		return func() error {
			state(t, s)
			w.reset(nil)
			return s.Settle(t.Context(), fleet.Change{Verdicts: []fleet.JobVerdict{{Job: waiting(1).Job.Key, Verdict: fleet.Verdict{Code: code}}}})
		}
	}
	closes := func() error {
		jobs := state(t, s).Jobs
		w.reset(nil)
		jobs[0].Closed = true
		return s.Settle(t.Context(), fleet.Change{Jobs: jobs})
	}
	for _, tt := range []struct {
		name string
		act  func() error
		want cost
	}{
		{"queued", record(waiting(1)), cost{1, 0, 6}},
		{"launching", judge(fleet.Launching), cost{1, 0, 2}},
		{"covered", judge(fleet.Covered), cost{1, 0, 2}},
		{"running", record(running), cost{2, 3, 4}},
		{"done", record(done), cost{2, 3, 4}},
		{"closed", closes, cost{1, 0, 4}},
		{"a delivery again", record(done), cost{1, 3, 0}},
	} {
		w.reset(nil)
		if err := tt.act(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, w.cost()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
