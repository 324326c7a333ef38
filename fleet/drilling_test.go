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
		if state.Over() {
			d.Experiment.EndedAt = ago(30)
		}
	}
}

func TestADrillIsTakenOneStepAtATime(t *testing.T) {
	busy := func(s *fleet.Snapshot) {
		putMinted(s, machine("i-1", "arm", 900), 890, 880)
		j := on(queued(1, arm, 900), fleet.Running, "i-1", 800)
		j.Run = 7
		wait(s, j)
	}
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot)
		want []string
	}{
		{"what is ordered is written down first", func(s *fleet.Snapshot) { busy(s); ordered(s, "d1") }, []string{"row d1 before [i-1]", "wake now"}},
		{"then it is started", func(s *fleet.Snapshot) { busy(s); ordered(s, "d1"); taken(s, "d1", 1, nil) }, []string{"start d1", "lift d1"}},
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
			[]string{"row d1 before [] refused: it could not be started within 15m0s"}},
		{"an experiment that goes on is looked at again soon", func(s *fleet.Snapshot) {
			taken(s, "d1", 90, experiment(fleet.ExperimentRunning))
		}, []string{"wake in 10s"}},
		{"one that is over is cleaned up", func(s *fleet.Snapshot) { taken(s, "d1", 90, experiment(fleet.ExperimentCompleted)) }, []string{"clean d1"}},
		{"one that failed, too", func(s *fleet.Snapshot) { taken(s, "d1", 90, experiment(fleet.ExperimentFailed)) }, []string{"clean d1"}},
		{"what a victim is told is kept with the drill", func(s *fleet.Snapshot) {
			taken(s, "d1", 90, experiment(fleet.ExperimentRunning))
			notice(s, "i-1", fleet.Rebalance, 5)
			notice(s, "i-2", fleet.Rebalance, 5)
		}, []string{"row d1 before [] notices 1", "wake in 10s"}},
		{"a second drill waits for the first", func(s *fleet.Snapshot) {
			busy(s)
			ordered(s, "d2")
			taken(s, "d1", 90, experiment(fleet.ExperimentRunning))
		}, []string{"row d1 before [] runs [7]", "wake in 10s"}},
		{"also while what that one took back may be there", func(s *fleet.Snapshot) {
			busy(s)
			ordered(s, "d2")
			taken(s, "d1", 90, func(d *fleet.DrillRun) { experiment(fleet.ExperimentCompleted)(d); d.Cleaned = true })
		}, []string{"row d1 before [] runs [7]"}},
		{"and is taken up after it", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-4", "arm", 200), 190, 180)
			ordered(s, "d2")
			taken(s, "d1", 900, func(d *fleet.DrillRun) { experiment(fleet.ExperimentCompleted)(d); d.Cleaned, d.AfterAt = true, ago(1) })
		}, []string{"row d2 before [i-4]", "wake now"}},
		{"at once, if that one had no victim", func(s *fleet.Snapshot) {
			busy(s)
			ordered(s, "d2")
			taken(s, "d1", 90, func(d *fleet.DrillRun) {
				experiment(fleet.ExperimentFailed)(d)
				d.Cleaned, d.Experiment.Victims = true, nil
			})
		}, []string{"row d2 before [i-1]", "wake now"}},
		{"a drill that is over is not taken up again", func(s *fleet.Snapshot) {
			busy(s)
			ordered(s, "d1")
			taken(s, "d1", 90, func(d *fleet.DrillRun) { d.Refused = "nobody" })
		}, []string{"lift d1"}},
		{"an order that lapsed before it was taken up is none", func(s *fleet.Snapshot) {
			busy(s)
			ordered(s, "d1")
			s.State.Orders[0].Until = ago(1)
		}, nil},
		{"nobody to hit is a refusal with its reason", func(s *fleet.Snapshot) { ordered(s, "d1") },
			[]string{"row d1 before [] refused: drill: no machine of pool arm runs", "wake now"}},
		{"a pool that is not there, too", func(s *fleet.Snapshot) {
			ordered(s, "d1")
			s.Fleet.Pools = s.Fleet.Pools[1:]
		}, []string{"row d1 before [] refused: drill: the fleet file has no pool arm", "wake now"}},
		{"machines that do not run count as none", func(s *fleet.Snapshot) {
			busy(s)
			m := machine("i-2", "arm", 20)
			m.State = fleet.Pending
			put(s, m)
			put(s, machine("i-3", "x64", 20))
			ordered(s, "d1")
		}, []string{"row d1 before [i-1]", "wake now"}},
		{"what runs afterwards is written down once its victims are to be gone", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-4", "arm", 200), 190, 180)
			taken(s, "d1", 900, func(d *fleet.DrillRun) {
				experiment(fleet.ExperimentCompleted)(d)
				d.Experiment.EndedAt, d.Cleaned, d.RanBefore = ago(300), true, []fleet.MachineID{"i-1"}
			})
		}, []string{"row d1 before [i-1] after [i-4]"}},
		{"and not again", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-4", "arm", 200), 190, 180)
			taken(s, "d1", 900, func(d *fleet.DrillRun) {
				experiment(fleet.ExperimentCompleted)(d)
				d.Experiment.EndedAt, d.Cleaned, d.AfterAt = ago(300), true, ago(1)
			})
		}, nil},
		{"the run of a job on a victim is kept with the drill", func(s *fleet.Snapshot) {
			busy(s)
			putMinted(s, machine("i-2", "arm", 900), 890, 880)
			other := on(queued(2, arm, 900), fleet.Running, "i-2", 800)
			other.Run = 8
			wait(s, other)
			taken(s, "d1", 90, experiment(fleet.ExperimentRunning))
		}, []string{"row d1 before [] runs [7]", "wake in 10s"}},
		{"once, also when its job is heard of late", func(s *fleet.Snapshot) {
			late := on(queued(1, arm, 900), fleet.Done, "i-1", 20)
			late.Run = 7
			wait(s, late)
			taken(s, "d1", 1500, func(d *fleet.DrillRun) {
				experiment(fleet.ExperimentCompleted)(d)
				d.Cleaned, d.AfterAt, d.Runs = true, ago(600), []fleet.RunID{5}
			})
			taken(s, "d2", 1000, func(d *fleet.DrillRun) {
				experiment(fleet.ExperimentCompleted)(d)
				d.Cleaned, d.AfterAt, d.Runs = true, ago(600), []fleet.RunID{7}
			})
		}, []string{"row d1 before [] after [] runs [5 7]"}},
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
		line := fmt.Sprintf("row %s before %v", d.Drill.ID, d.RanBefore)
		if !d.AfterAt.IsZero() {
			line += fmt.Sprintf(" after %v", d.RanAfter)
		}
		if len(d.Runs) > 0 {
			line += fmt.Sprintf(" runs %v", d.Runs)
		}
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
	for _, id := range p.Lifted {
		lines = append(lines, "lift "+id)
	}
	switch p.Wake {
	case noon:
		lines = append(lines, "wake now")
	case noon.Add(fleet.FollowEvery):
		lines = append(lines, "wake in 10s")
	}
	return lines
}
