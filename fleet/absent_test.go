package fleet_test

import (
	"fmt"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

func TestAMachineThatIsGoneIsBuried(t *testing.T) {
	traces := []string{"end i-1: the machine is gone, its traces are cleared"}
	decisions(t, []decision{
		{"a generic machine that is terminated is forgotten", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 300)
			m.State = fleet.Terminated
			put(s, m)
		}, []string{"forget i-1"}},
		{"one that two full looks did not show is forgotten", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 120)
			m.Missed = 2
			put(s, m)
		}, []string{"forget i-1"}},
		{"one too young to be shown is not", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 119)
			m.State, m.Missed = fleet.Unseen, 2
			put(s, m)
		}, nil},
		{"a registration is removed first", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 5)
			m.State = fleet.Terminated
			put(s, m, r)
		}, traces},
		{"so is a config that was minted and never taken", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 60)
			m.State, m.Try = fleet.Terminated, 1
			put(s, m)
		}, traces},
		{"so is a second config of one that had its job and was registered twice", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 290, 200)
			m.State, m.ResentAt = fleet.Terminated, ago(250)
			put(s, m, r)
			wait(s, on(queued(1, arm, 300), fleet.Done, "i-1", 5))
		}, traces},
		{"a removal that was refused waits a minute", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 5)
			m.State, m.TriedAt = fleet.Terminated, ago(30)
			put(s, m, r)
		}, nil},
		{"a job that GitHub believes to run on it is asked about", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 290, 280)
			m.State = fleet.Terminated
			put(s, m, r)
			wait(s, on(queued(1, arm, 299), fleet.Running, "i-1", 270))
		}, append(traces[:1:1], "ask 1")},
		{"one on a machine that is forgotten is asked about until GitHub says what came of it", func(s *fleet.Snapshot) {
			wait(s, on(queued(1, arm, 900), fleet.Running, "i-1", 800))
		}, []string{"ask 1"}},
		{"once a minute", func(s *fleet.Snapshot) {
			j := on(queued(1, arm, 900), fleet.Running, "i-1", 800)
			j.AskedAt = ago(30)
			wait(s, j)
		}, nil},
		{"not one of a stranger's runner", func(s *fleet.Snapshot) {
			j := on(queued(1, arm, 900), fleet.Running, "i-1", 800)
			j.Runner = "laptop"
			wait(s, j)
		}, nil},
		{"a hold does not keep the row of a machine that is gone", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 300)
			m.State = fleet.Terminated
			put(s, m)
			order(s, fleet.Hold, "i-1")
		}, []string{"forget i-1"}},
		{"a done job is closed with its machine's row", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 290, 200)
			m.State = fleet.Terminated
			put(s, m, r)
			wait(s, on(queued(1, arm, 300), fleet.Done, "i-1", 5))
		}, []string{"forget i-1", "ended rf-f-i-1-1", "close 1"}},
		{"a registration that GitHub showed busy stays on the list: it may outlive the machine", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 290, 200)
			m.State, r.Busy, r.TriedAt = fleet.Terminated, true, ago(5)
			put(s, m, r)
			wait(s, on(queued(1, arm, 300), fleet.Done, "i-1", 5))
		}, []string{"forget i-1", "close 1"}},
		{"one that GitHub showed after its job was done too, and is removed", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 900), 890, 800)
			m.State = fleet.Terminated
			put(s, m, r)
			wait(s, on(queued(1, arm, 900), fleet.Done, "i-1", 40))
		}, []string{"remove ", "forget i-1", "close 1"}},
		{"a done job of a stranger's runner is closed", func(s *fleet.Snapshot) {
			j := on(queued(1, arm, 300), fleet.Done, "i-1", 5)
			j.Runner = "laptop"
			wait(s, j)
		}, []string{"close 1"}},
		{"a machine that ends is left to EC2", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 300)
			m.EndedAt = ago(100)
			put(s, m)
		}, nil},
		{"a machine that EC2 shows alive two minutes after its end is ended again", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 300)
			m.EndedAt = ago(130)
			put(s, m)
		}, []string{"end i-1: EC2 still shows it after it was ended"}},
	})
}

func TestWhatThisLedgerDidNotLaunchIsNotJudgedByOneSight(t *testing.T) {
	adopted := func(s *fleet.Snapshot, since int) {
		m := machine("i-1", "old", 900)
		m.AdoptedAt = ago(since)
		put(s, m)
	}
	decisions(t, []decision{
		{"an adopted machine is kept until two full looks agree", func(s *fleet.Snapshot) { adopted(s, 119) }, nil},
		{"and until both came after its adoption", func(s *fleet.Snapshot) {
			adopted(s, 120)
			s.LookedBefore = ago(120)
		}, nil},
		{"one whose runner is busy is kept after that too", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "old", 900), 890, 800)
			m.AdoptedAt, r.Busy = ago(700), true
			put(s, m, r)
		}, nil},
		{"one that is held too", func(s *fleet.Snapshot) {
			adopted(s, 700)
			order(s, fleet.Hold, "i-1")
		}, nil},
		{"then it is judged like any other", func(s *fleet.Snapshot) { adopted(s, 120) }, []string{"end i-1: pool old left the fleet file"}},
	})
}

// Its registration is not known here, so its job is not either.
func TestAMachineOfAnotherLedgerMayRunAJob(t *testing.T) {
	foreign := func(s *fleet.Snapshot, since int) {
		m := machine("i-1", "arm", since+60)
		m.AdoptedAt, m.Ledger = ago(since), "lost"
		s.State.Ledger = "ours"
		put(s, m)
	}
	decisions(t, []decision{
		{"it is not ended as idle", func(s *fleet.Snapshot) { foreign(s, 900) }, nil},
		{"nor as one of a pool that left the file", func(s *fleet.Snapshot) {
			foreign(s, 900)
			s.State.Machines[0].Pool = "old"
		}, nil},
		{"it is no supply for a job that waits", func(s *fleet.Snapshot) {
			foreign(s, 900)
			wait(s, queued(1, arm, 5))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"it counts against its pool's cap", func(s *fleet.Snapshot) {
			foreign(s, 900)
			s.Fleet.Pools[0].Max = 1
			wait(s, queued(1, arm, 5))
		}, []string{"job 1 full"}},
		{"it is ended when no job could run so long", func(s *fleet.Snapshot) { foreign(s, 22500) },
			[]string{"end i-1: another ledger launched it, and no sign of a job came within the job limit of 6h15m0s"}},
		{"not a second earlier", func(s *fleet.Snapshot) { foreign(s, 22499) }, nil},
		{"it is ended when its job is done and the grace is over", func(s *fleet.Snapshot) {
			foreign(s, 900)
			wait(s, on(queued(1, arm, 1000), fleet.Done, "i-1", 60))
		}, []string{"end i-1: job 1 is done, grace of 1m0s is over"}},
		{"once its registration is known it is judged by that", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 900), 890, 120)
			m.AdoptedAt, m.Ledger, s.State.Ledger = ago(700), "lost", "ours"
			put(s, m, r)
		}, []string{"end i-1: idle, no job of its classes waits, idle limit of 2m0s is over"}},
		{"one of this ledger, whose launch was never answered, runs none", func(s *fleet.Snapshot) {
			foreign(s, 900)
			s.State.Machines[0].Ledger = "ours"
		}, []string{"end i-1: no job needs it, idle limit of 2m0s is over"}},
	})
}

func TestOrdersAboutAMachineEndWithItsRow(t *testing.T) {
	decisions(t, []decision{
		{"not while the row is there", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 300)
			m.EndedAt = ago(100)
			put(s, m)
			order(s, fleet.Halt, "i-1")
		}, nil},
		{"once it is forgotten", func(s *fleet.Snapshot) {
			order(s, fleet.Halt, "i-1")
			order(s, fleet.Drain, "i-1")
			order(s, fleet.Hold, "i-2")
		}, []string{"lift o0", "lift o1", "lift o2"}},
		{"orders about pools and the fleet stay", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "old")
			order(s, fleet.Pause, "")
			order(s, fleet.KeepClosed, "arm")
			order(s, fleet.KeepOpen, "")
		}, nil},
	})
}

func TestStrayRegistrationsAreRemoved(t *testing.T) {
	stray := func(s *fleet.Snapshot, name string, since int) *fleet.Runner {
		s.State.Runners = append(s.State.Runners, fleet.Runner{Name: name, ID: 5, Scope: acme, FirstAt: ago(10 + since), SeenAt: ago(10)})
		return &s.State.Runners[len(s.State.Runners)-1]
	}
	decisions(t, []decision{
		{"a registration of a machine that nobody knows is removed after a minute", func(s *fleet.Snapshot) {
			stray(s, "rf-f-i-9-1", 60)
		}, []string{"remove "}},
		{"not earlier: its machine's row may be under way", func(s *fleet.Snapshot) { stray(s, "rf-f-i-9-1", 59) }, nil},
		{"one of an earlier try is removed", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 5)
			m.Try, r.Name = 2, "rf-f-i-1-2"
			put(s, m, r)
			stray(s, "rf-f-i-1-1", 60)
		}, []string{"remove "}},
		{"one of the current try is kept", func(s *fleet.Snapshot) { putMinted(s, machine("i-1", "arm", 60), 50, 5) }, nil},
		{"one is kept while something about its machine is under way", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 60))
			stray(s, "rf-f-i-1-1", 60)
			s.State.Intents = []fleet.Intent{{ID: "m", ReservedAt: ago(5), Mint: &fleet.Mint{Machine: "i-1", Scope: acme, Try: 1}}}
		}, nil},
		{"other people's registrations are theirs", func(s *fleet.Snapshot) {
			stray(s, "laptop", 600)
			stray(s, "rf-g-i-9-1", 600)
		}, nil},
		{"one that is absent twice is forgotten", func(s *fleet.Snapshot) {
			stray(s, "rf-f-i-9-1", 600).Missed = 2
		}, []string{"ended rf-f-i-9-1"}},
		{"a removal that was refused waits a minute", func(s *fleet.Snapshot) {
			stray(s, "rf-f-i-9-1", 600).TriedAt = ago(59)
		}, nil},
		{"a removal under way is not planned twice", func(s *fleet.Snapshot) {
			stray(s, "rf-f-i-9-1", 600)
			s.State.Intents = []fleet.Intent{{ID: "r", ReservedAt: ago(5), Remove: &fleet.Remove{Scope: acme, RunnerID: 5, Name: "rf-f-i-9-1"}}}
		}, nil},
		{"what is left over in AWS is swept", func(s *fleet.Snapshot) { s.Leftovers.EC2Fleets = []string{"fleet-1"} }, []string{"sweep 0 configs, 1 fleets, 0 templates"}},
		{"no more at once than an act gets done", func(s *fleet.Snapshot) {
			for i := range 30_000 {
				s.Leftovers.Parameters = append(s.Leftovers.Parameters, fleet.MachineID(fmt.Sprintf("i-%017d", 30_000-i)))
				s.Leftovers.EC2Fleets = append(s.Leftovers.EC2Fleets, fmt.Sprintf("fleet-%d", i))
				s.Leftovers.Templates = append(s.Leftovers.Templates, fmt.Sprintf("lt-%d", i))
			}
		}, []string{"sweep 100 configs from i-00000000000000001 on, 100 fleets, 100 templates"}},
		{"a sweep under way is not planned twice", func(s *fleet.Snapshot) {
			s.Leftovers.EC2Fleets = []string{"fleet-1"}
			s.State.Intents = []fleet.Intent{{ID: "s", ReservedAt: ago(5), Sweep: &fleet.Sweep{EC2Fleets: []string{"fleet-1"}}}}
		}, nil},
	})
}
