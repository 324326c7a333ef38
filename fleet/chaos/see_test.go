package chaos_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/chaos"
)

func TestWhatTheLedgerShowsOfADrill(t *testing.T) {
	runner := func(m fleet.MachineID) fleet.Runner { return fleet.Runner{Name: fleet.RunnerName("acme", m, 1)} }
	const uncleared = "its row in the ledger"
	for _, tt := range []struct {
		name   string
		with   func(*fleet.Snapshot, *fleet.DrillRun)
		left   []string
		traces map[fleet.MachineID][]string
	}{
		{"nothing is left", func(s *fleet.Snapshot, _ *fleet.DrillRun) {
			s.State.Machines, s.State.Runners = []fleet.Machine{machine("i-3", fleet.Up, fleet.Spot)}, []fleet.Runner{runner("i-3")}
			s.State.Intents = []fleet.Intent{{Sweep: &fleet.Sweep{Parameters: []fleet.MachineID{"i-3"}}}}
			s.Leftovers.Parameters = []fleet.MachineID{"i-3"}
		}, nil, nil},
		{"the experiment's template, until it is cleaned up", func(_ *fleet.Snapshot, d *fleet.DrillRun) { d.Cleaned = false },
			[]string{"the experiment's template"}, nil},
		{"a victim's registration", func(s *fleet.Snapshot, _ *fleet.DrillRun) { s.State.Runners = []fleet.Runner{runner("i-2")} },
			nil, map[fleet.MachineID][]string{"i-2": {"registration rf-acme-i-2-1"}}},
		{"but not one of another fleet", func(s *fleet.Snapshot, _ *fleet.DrillRun) {
			s.State.Runners = []fleet.Runner{{Name: fleet.RunnerName("zeta", "i-2", 1)}}
		}, nil, nil},
		{"a victim's parameter that a full look found", func(s *fleet.Snapshot, _ *fleet.DrillRun) { s.Leftovers.Parameters = []fleet.MachineID{"i-1", "i-3"} },
			nil, map[fleet.MachineID][]string{"i-1": {"its parameter"}}},
		{"one that is being swept", func(s *fleet.Snapshot, _ *fleet.DrillRun) {
			s.State.Intents = []fleet.Intent{{}, {Sweep: &fleet.Sweep{Parameters: []fleet.MachineID{"i-1"}}}}
			s.Leftovers.Parameters = []fleet.MachineID{"i-1"}
		}, nil, map[fleet.MachineID][]string{"i-1": {"its parameter"}}},
		{"one that is being withdrawn", func(s *fleet.Snapshot, _ *fleet.DrillRun) {
			s.State.Intents = []fleet.Intent{{Withdraw: &fleet.Withdraw{Machine: "i-1"}}}
		}, nil, map[fleet.MachineID][]string{"i-1": {"its parameter"}}},
		{"a victim that is gone and not forgotten", func(s *fleet.Snapshot, _ *fleet.DrillRun) {
			s.State.Machines = []fleet.Machine{machine("i-1", fleet.Terminated, fleet.Spot), machine("i-2", fleet.Up, fleet.Spot)}
			s.State.Runners = []fleet.Runner{runner("i-1")}
		}, nil, map[fleet.MachineID][]string{"i-1": {uncleared, "registration rf-acme-i-1-1"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := fleet.Snapshot{At: at(45), Fleet: fleet.Fleet{Name: "acme"}}
			d := fleet.DrillRun{Drill: seen().Drill, Experiment: seen().Experiment, Cleaned: true}
			tt.with(&s, &d)
			got := chaos.See(s, d, nil)
			if diff := cmp.Diff(tt.left, got.Left); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.traces, got.Traces); diff != "" {
				t.Errorf("traces (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatVictimsLeftIsOfTheVerdict(t *testing.T) {
	left := func(id fleet.MachineID, what string, minutes float64) func(*chaos.Seen) {
		return func(s *chaos.Seen) { s.Traces, s.At = map[fleet.MachineID][]string{id: {what}}, at(minutes) }
	}
	healed := seen(done(on(1, 1, "i-1"), "failure", 4), done(on(2, 2, "i-4"), "success", 20))
	const fine = "1/1 on i-1 re-run, then 2/2 on i-4 on-demand"
	judge(t, []verdict{
		{"a registration may stay while GitHub believes in its job", healed, left("i-1", "registration rf-acme-i-1-1", 64),
			[]string{"open", fine, "i-1: registration rf-acme-i-1-1 is still there"}},
		{"one that stays is left", healed, left("i-1", "registration rf-acme-i-1-1", 64.5),
			[]string{"failed", fine, "i-1: registration rf-acme-i-1-1 is still there, 1h0m30s later"}},
		{"so is a parameter", healed, left("i-2", "its parameter", 70),
			[]string{"failed", fine, "i-2: its parameter is still there, 1h6m0s later"}},
		{"a victim that was spared keeps its own", seen(), func(s *chaos.Seen) {
			left("i-2", "registration rf-acme-i-2-1", 70)(s)
			s.Experiment.State, s.Notices = fleet.ExperimentStopped, s.Notices[2:3]
		}, []string{"passed", proofless}},
	})
}
