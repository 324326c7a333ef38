package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// ordered has ann order a drill on one machine of pool arm.
func ordered(s *fleet.Snapshot, id string) {
	d := fleet.Drill{ID: id, Pool: "arm", Count: 1, Notice: 4 * time.Minute}
	s.State.Orders = append(s.State.Orders, fleet.Order{ID: id, Kind: fleet.Inject, Subject: "arm", By: "ann", At: ago(5), Drill: &d})
}

// taken is a drill's row, taken up so many seconds ago.
func taken(s *fleet.Snapshot, id string, since int, change func(*fleet.DrillRun)) {
	d := fleet.DrillRun{Drill: fleet.Drill{ID: id, Pool: "arm", Count: 1, Notice: 4 * time.Minute}, By: "ann", At: ago(since)}
	if change != nil {
		change(&d)
	}
	s.State.Drills = append(s.State.Drills, d)
}

// experiment is a drill's experiment in a state, with the victim i-1.
func experiment(state fleet.ExperimentState) func(*fleet.DrillRun) {
	return func(d *fleet.DrillRun) {
		d.Experiment = fleet.Experiment{ID: "EXP1", State: state, Victims: []fleet.MachineID{"i-1"}}
		d.SeenAt = ago(5)
	}
}

func TestADrillIsTakenOneStepAtATime(t *testing.T) {
	busy := func(s *fleet.Snapshot) {
		putMinted(s, machine("i-1", "arm", 900), 890, 880)
		wait(s, on(queued(1, arm, 900), fleet.Running, "i-1", 800))
	}
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot)
		want []string
	}{
		{"what is ordered is written down first", func(s *fleet.Snapshot) { busy(s); ordered(s, "d1") }, []string{"row d1 before 1", "wake now"}},
		{"then it is started", func(s *fleet.Snapshot) { busy(s); ordered(s, "d1"); taken(s, "d1", 1, nil) }, []string{"start d1"}},
		{"but not twice at a time", func(s *fleet.Snapshot) {
			taken(s, "d1", 1, nil)
			s.State.Intents = []fleet.Intent{{ID: "x", ReservedAt: ago(1), Drill: &fleet.DrillStep{Drill: fleet.Drill{ID: "d1"}}}}
		}, nil},
		{"nor within a minute of a failed start", func(s *fleet.Snapshot) {
			taken(s, "d1", 90, func(d *fleet.DrillRun) { d.TriedAt = ago(59) })
		}, nil},
		{"after a minute it is tried again", func(s *fleet.Snapshot) {
			taken(s, "d1", 90, func(d *fleet.DrillRun) { d.TriedAt = ago(60) })
		}, []string{"start d1"}},
		{"after a quarter of an hour no more", func(s *fleet.Snapshot) { taken(s, "d1", 900, nil) },
			[]string{"row d1 before 0 refused: it could not be started within 15m0s"}},
		{"an experiment that goes on is looked at again soon", func(s *fleet.Snapshot) {
			taken(s, "d1", 90, experiment(fleet.ExperimentRunning))
		}, []string{"wake in 10s"}},
		{"one that is over is cleaned up", func(s *fleet.Snapshot) { taken(s, "d1", 90, experiment(fleet.ExperimentCompleted)) }, []string{"clean d1"}},
		{"one that failed, too", func(s *fleet.Snapshot) { taken(s, "d1", 90, experiment(fleet.ExperimentFailed)) }, []string{"clean d1"}},
		{"what a victim is told is kept with the drill", func(s *fleet.Snapshot) {
			taken(s, "d1", 90, experiment(fleet.ExperimentRunning))
			notice(s, "i-1", fleet.Rebalance, 5)
			notice(s, "i-2", fleet.Rebalance, 5)
		}, []string{"row d1 before 0 notices 1", "wake in 10s"}},
		{"a second drill waits for the first", func(s *fleet.Snapshot) {
			busy(s)
			ordered(s, "d2")
			taken(s, "d1", 90, experiment(fleet.ExperimentRunning))
		}, []string{"wake in 10s"}},
		{"and is taken up after it", func(s *fleet.Snapshot) {
			busy(s)
			ordered(s, "d2")
			taken(s, "d1", 90, func(d *fleet.DrillRun) { experiment(fleet.ExperimentCompleted)(d); d.Cleaned = true })
		}, []string{"row d2 before 1", "wake now"}},
		{"a drill that is over is not taken up again", func(s *fleet.Snapshot) {
			busy(s)
			ordered(s, "d1")
			taken(s, "d1", 90, func(d *fleet.DrillRun) { d.Refused = "nobody" })
		}, nil},
		{"nobody to hit is a refusal with its reason", func(s *fleet.Snapshot) { ordered(s, "d1") },
			[]string{"row d1 before 0 refused: drill: not there: no machine of pool arm runs", "wake now"}},
		{"a pool that is not there, too", func(s *fleet.Snapshot) {
			ordered(s, "d1")
			s.Fleet.Pools = s.Fleet.Pools[1:]
		}, []string{"row d1 before 0 refused: drill: the fleet file has no pool arm", "wake now"}},
		{"a drill is kept for a week", func(s *fleet.Snapshot) {
			taken(s, "d1", 7*24*3600, func(d *fleet.DrillRun) { d.Cleaned = true })
		}, []string{"drop d1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			tt.with(&s)
			if diff := cmp.Diff(tt.want, drills(fleet.Decide(s))); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// drills is what a plan says of drills.
func drills(p fleet.Plan) (lines []string) {
	for _, in := range p.Intents {
		if in.Drill != nil && in.ID == "" {
			lines = append(lines, map[bool]string{false: "start ", true: "clean "}[in.Drill.Clean]+in.Drill.Drill.ID)
		}
	}
	for _, d := range p.Drills {
		line := fmt.Sprintf("row %s before %d", d.Drill.ID, len(d.Before))
		if len(d.Notices) > 0 {
			line += fmt.Sprintf(" notices %d", len(d.Notices))
		}
		if d.Refused != "" {
			line += " refused: " + d.Refused
		}
		lines = append(lines, line)
	}
	for _, id := range p.Drilled {
		lines = append(lines, "drop "+id)
	}
	switch p.Wake {
	case noon:
		lines = append(lines, "wake now")
	case noon.Add(fleet.FollowEvery):
		lines = append(lines, "wake in 10s")
	}
	return lines
}
