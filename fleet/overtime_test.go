package fleet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// overtime has the standing pool closed, with a busy machine and a stopped one.
func overtime(p fleet.ClosedPolicy, jobs ...fleet.Job) fleet.Snapshot {
	s := base()
	standing("", func(s *fleet.Snapshot) {
		shut(p)(s)
		enrolled(s, "i-1", busyRunner)
		enrolled(s, "i-2", resting)
		wait(s, on(queued(1, build, 900), fleet.Running, "i-1", 700))
		wait(s, jobs...)
	}).with(&s)
	return s
}

func TestAJobThatABusyMachineOfAClosedPoolMayTakeHearsOfIt(t *testing.T) {
	const until = "pool build is closed until Mon 23:00 Etc/UTC"
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot)
		want string
	}{
		{"while one is busy", func(*fleet.Snapshot) {}, until + ", and a machine of it that is still busy may take it before"},
		{"not once it is to end", func(s *fleet.Snapshot) { s.State.Machines[0].EndedAt = ago(1) }, until},
		{"nor when all are stopped", func(s *fleet.Snapshot) {
			s.State.Machines, s.State.Runners = nil, nil
			enrolled(s, "i-2", resting)
		}, until},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := overtime(fleet.ClosedWait, queued(2, build, 60))
			tt.with(&s)
			got := ""
			for _, v := range fleet.Decide(s).Verdicts {
				if v.Job.ID == 2 {
					got = v.Verdict.String()
				}
			}
			if want := "closed: " + tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestWhatAClosedPoolStillDoes(t *testing.T) {
	for _, tt := range []struct {
		name string
		seen fleet.Snapshot
		with func(*fleet.Snapshot)
		want map[string]string
	}{
		{"it works on what it has", overtime(fleet.ClosedWait), nil, map[string]string{"build": "1 machine works on"}},
		{"and on what waits, until a machine is found free", overtime(fleet.ClosedWait, queued(2, build, 60), queued(3, build, 50), queued(4, arm, 50)), nil,
			map[string]string{"build": "1 machine works on until it is found free, and 2 jobs wait that it may take first"}},
		{"one that launches for jobs as well", overtime(fleet.ClosedCold, queued(2, build, 60)), nil,
			map[string]string{"build": "1 machine works on until it is found free, and 1 job waits that it may take first"}},
		{"nothing, if all are stopped", overtime(fleet.ClosedWait, queued(2, build, 60)), func(s *fleet.Snapshot) {
			s.State.Machines, s.State.Runners = nil, nil
			enrolled(s, "i-2", resting)
		}, map[string]string{}},
		{"an open pool has no overtime", overtime(fleet.ClosedWait), func(s *fleet.Snapshot) { s.Hours = nil }, map[string]string{}},
		{"nor has one that opens within a boot", overtime(fleet.ClosedWait), func(s *fleet.Snapshot) { early(s, "build", fleet.ClosedWait) }, map[string]string{}},
		{"an ephemeral machine takes no other job", base(), func(s *fleet.Snapshot) {
			closed(s, "arm", fleet.ClosedWait)
			for _, id := range []string{"i-1", "i-2"} {
				putMinted(s, machine(id, "arm", 900), 890, 880)
			}
			wait(s, on(queued(1, arm, 900), fleet.Running, "i-1", 700), on(queued(2, arm, 900), fleet.Running, "i-2", 700), queued(3, arm, 60))
		}, map[string]string{"arm": "2 machines work on"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.with != nil {
				tt.with(&tt.seen)
			}
			got := map[string]string{}
			for pool, o := range fleet.Overtimes(tt.seen) {
				got[pool] = o.String()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("overtime (-want +got):\n%s", diff)
			}
		})
	}
}
