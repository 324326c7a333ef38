package fleet_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestStandingMachinesThatFailAreReplaced(t *testing.T) {
	decisions(t, []decision{
		standing("one whose registration GitHub dropped", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", dropped)
			enrolled(s, "i-2")
		}, "end i-1: GitHub no longer has its registration"),
		standing("also while it is stopped", func(s *fleet.Snapshot) {
			shut(fleet.ClosedWait)(s)
			enrolled(s, "i-1", resting, dropped)
		}, "end i-1: GitHub no longer has its registration"),
		standing("one whose runner is offline for a while is given time", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", offline(599))
			enrolled(s, "i-2")
		}),
		standing("but not for ever", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", offline(600))
			enrolled(s, "i-2")
		}, "end i-1: its runner is offline for 10m0s"),
		standing("one that does not come up after its start", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", woken(600))
			enrolled(s, "i-2")
		}, "end i-1: no runner 10m0s after its start", "strike 1 boot build/lt-3:1"),
		standing("one that powered off before it came up", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", woken(200), func(m *fleet.Machine, _ *fleet.Runner) { m.State, m.StoppedAt = fleet.Stopped, ago(10) })
			enrolled(s, "i-2")
		}, "end i-1: it stopped before its runner came up", "strike 1 boot build/lt-3:1"),
		standing("one that came up and powered off is started again", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2")
		}, "start i-1"),
		standing("a template that does not boot starts and launches none", func(s *fleet.Snapshot) {
			holds(s, fleet.BootKey("build", "lt-3:1"))
			enrolled(s, "i-1", resting)
		}),
		standing("then one machine tries it", func(s *fleet.Snapshot) {
			expired(s, fleet.BootKey("build", "lt-3:1"))
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2", resting)
		}, "start i-1"),
		standing("and only one until it came up", func(s *fleet.Snapshot) {
			expired(s, fleet.BootKey("build", "lt-3:1"))
			enrolled(s, "i-1", woken(5))
			enrolled(s, "i-2", resting)
		}),
		standing("an offer without room starts none, and jobs do not count on it", func(s *fleet.Snapshot) {
			holds(s, fleet.OfferKey(odA))
			s.State.Setbacks[0].Strikes = 1
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2")
			wait(s, queued(1, build, 5), queued(2, build, 4))
		}, "job 1 covered", "job 2 full"),
		standing("at the third refusal a machine is replaced by one elsewhere", func(s *fleet.Snapshot) {
			holds(s, fleet.OfferKey(odA))
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2")
		}, "end i-1: EC2 has no room to start it, and elsewhere it has"),
	})
}

func TestStandingMachinesThatAreNotWantedAreEnded(t *testing.T) {
	decisions(t, []decision{
		standing("one that left the file is ended, stopped or not, but not busy", func(s *fleet.Snapshot) {
			s.Fleet.Pools = s.Fleet.Pools[:2]
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2")
			enrolled(s, "i-3", busyRunner)
		}, "end i-1: pool build left the fleet file", "end i-2: pool build left the fleet file"),
		standing("so is one whose pool stands for another account", func(s *fleet.Snapshot) {
			s.Fleet.Pools[2].Account = "zeta"
			enrolled(s, "i-1")
		}, "launch 1 build on-demand", "end i-1: pool build has another lifetime or account now"),
		standing("one that is drained is ended when it is idle, and replaced", func(s *fleet.Snapshot) {
			order(s, fleet.Drain, "i-1")
			enrolled(s, "i-1")
			enrolled(s, "i-2")
		}, "end i-1: drained by an operator"),
		standing("an operator ends one that is stopped", func(s *fleet.Snapshot) {
			order(s, fleet.Halt, "i-1")
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2")
		}, "end i-1: operator: ann: a look"),
		standing("one that is gone leaves its registration behind, which goes too", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", func(m *fleet.Machine, _ *fleet.Runner) { m.State = fleet.Terminated })
			enrolled(s, "i-2")
		}, "launch 1 build on-demand", "end i-1: the machine is gone, its traces are cleared"),
		standing("the offline registration of a stopped one is no stray", func(s *fleet.Snapshot) {
			shut(fleet.ClosedWait)(s)
			enrolled(s, "i-1", resting, func(_ *fleet.Machine, r *fleet.Runner) { r.FirstAt = ago(90000) })
		}),
	})
}

func TestJobsOfAStandingMachineThatMustBeOverAreAskedAbout(t *testing.T) {
	decisions(t, []decision{
		standing("its runner is free, and the job runs on it", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			enrolled(s, "i-2")
			wait(s, on(queued(1, build, 900), fleet.Running, "i-1", 700))
		}, "ask 1"),
		standing("not if the job began after GitHub was looked at", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			enrolled(s, "i-2")
			wait(s, on(queued(1, build, 900), fleet.Running, "i-1", 5))
		}),
		standing("a later job runs on it", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", busyRunner)
			enrolled(s, "i-2")
			wait(s, on(queued(1, build, 900), fleet.Running, "i-1", 700), on(queued(2, build, 900), fleet.Running, "i-1", 100))
		}, "ask 1"),
		standing("it is stopped", func(s *fleet.Snapshot) {
			shut(fleet.ClosedWait)(s)
			enrolled(s, "i-1", resting)
			wait(s, on(queued(1, build, 9000), fleet.Running, "i-1", 7000))
		}, "ask 1"),
	})
}

func TestAJobOfAStandingMachineHasALimitToo(t *testing.T) {
	decisions(t, []decision{
		standing("its machine is ended", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", busyRunner)
			enrolled(s, "i-2")
			wait(s, on(queued(1, build, 30000), fleet.Running, "i-1", 22500))
		}, "end i-1: its job ran longer than the job limit of 6h15m0s"),
		standing("a job that nobody announced is the agent's to limit", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", busyRunner)
			enrolled(s, "i-2")
		}),
	})
}

func TestAMachineIsSightedAsItStoppedOrStarted(t *testing.T) {
	for _, tt := range []struct {
		name    string
		with    func(*fleet.Machine)
		state   fleet.MachineState
		want    fleet.Phase
		unasked bool
	}{
		{"as it was", func(*fleet.Machine) {}, fleet.Up, fleet.Idle, false},
		{"it powered itself off", func(*fleet.Machine) {}, fleet.Stopping, fleet.Off, true},
		{"it was stopped a moment ago", func(m *fleet.Machine) { m.StoppedAt = ago(30) }, fleet.Up, fleet.Off, false},
		{"it was asked to stop, and did", func(m *fleet.Machine) { m.StoppedAt = ago(300) }, fleet.Stopped, fleet.Off, false},
		{"it was stopped, and a person started it", func(m *fleet.Machine) { m.StoppedAt, m.Unasked = ago(300), true }, fleet.Up, fleet.Starting, false},
		{"it was started a moment ago", func(m *fleet.Machine) { m.StartedAt, m.ReadyAt = ago(30), time.Time{} }, fleet.Stopped, fleet.Starting, false},
		{"it was started, and stopped again", func(m *fleet.Machine) { m.StartedAt, m.ReadyAt = ago(300), time.Time{} }, fleet.Stopped, fleet.Off, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, r := minted(stands("i-1"), 86300, 86200)
			tt.with(&m)
			m = m.Sighted(fleet.Machine{State: tt.state}, noon)
			if m.State != tt.state || !m.SeenAt.Equal(noon) || m.Unasked != tt.unasked {
				t.Errorf("state %s, seen at %s, unasked %v", m.State, m.SeenAt, m.Unasked)
			}
			s := base()
			s.Fleet.Pools = append(s.Fleet.Pools, fleet.Pool{Name: "build", Labels: build, Max: 2, Lifetime: fleet.Standing, Account: "acme"})
			put(&s, m, r)
			if got, _ := fleet.SightOf(s, "i-1"); got.Phase != tt.want {
				t.Errorf("phase %s (%s), want %s", got.Phase, got.Why, tt.want)
			}
		})
	}
}
