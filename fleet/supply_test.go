package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// jobs waits with so many jobs of a label set, oldest first.
func jobs(s *fleet.Snapshot, n int, l fleet.Labels) {
	for i := range n {
		wait(s, queued(len(s.State.Jobs)+1, l, 50-i))
	}
}

func TestALaunchKeepsWithinItsCaps(t *testing.T) {
	decisions(t, []decision{
		{"machines of the pool count against its cap", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max = 2
			putMinted(s, machine("i-1", "arm", 60), 50, 20)
			wait(s, on(queued(9, arm, 60), fleet.Running, "i-1", 10))
			jobs(s, 2, arm)
			s.State.Jobs[0].Key.ID = 9
			s.State.Jobs[1].Key.ID, s.State.Jobs[2].Key.ID = 1, 2
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 full"}},
		{"a machine that ends does not count", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max = 1
			m := machine("i-1", "arm", 60)
			m.State = fleet.ShuttingDown
			put(s, m)
			jobs(s, 1, arm)
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a machine that one look did not show counts", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max = 1
			m := machine("i-1", "arm", 300)
			m.Missed = 1
			put(s, m)
			jobs(s, 2, arm)
		}, []string{"mint i-1 try 1", "job 1 covered", "job 2 full"}},
		{"a reserved launch counts", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max = 2
			s.State.Intents = []fleet.Intent{{ID: "l", ReservedAt: ago(1), Launch: &fleet.Launch{Pool: "arm", Count: 1}}}
			jobs(s, 3, arm)
		}, []string{"launch 1 arm spot", "job 1 covered", "job 2 launching", "job 3 full"}},
		{"the fleet's cap holds for all pools together", func(s *fleet.Snapshot) {
			s.Fleet.Limits.Machines = 3
			jobs(s, 2, arm)
			jobs(s, 2, x64)
		}, []string{"launch 2 arm spot", "launch 1 x64 on-demand", "job 1 launching", "job 2 launching", "job 3 launching", "job 4 full"}},
		{"machines of retired pools count against the fleet's cap", func(s *fleet.Snapshot) {
			s.Fleet.Limits.Machines = 1
			put(s, machine("i-1", "old", 5))
			jobs(s, 1, arm)
		}, []string{"end i-1: pool old left the fleet file", "job 1 full"}},
		{"a fleet over its cap launches nothing", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max = 1
			put(s, machine("i-1", "arm", 5))
			put(s, machine("i-2", "arm", 4))
			jobs(s, 3, arm)
		}, []string{"mint i-1 try 1", "mint i-2 try 1", "job 1 covered", "job 2 covered", "job 3 full"}},
		{"jobs of two organisations are one launch", func(s *fleet.Snapshot) {
			wait(s, queued(1, arm, 5), queued(2, arm, 5), elsewhere(queued(3, arm, 5), "zeta"))
		}, []string{"launch 3 arm spot", "job 1 launching", "job 2 launching", "job 3 launching"}},
		{"the launch allowance paces all pools together", func(s *fleet.Snapshot) {
			s.Allowance.Launches = 3
			jobs(s, 2, arm)
			jobs(s, 2, x64)
		}, []string{"launch 2 arm spot", "launch 1 x64 on-demand", "job 1 launching", "job 2 launching", "job 3 launching", "job 4 paced"}},
		{"without an allowance nothing is launched", func(s *fleet.Snapshot) {
			s.Allowance.Launches = 0
			jobs(s, 1, arm)
		}, []string{"job 1 paced"}},
		{"launches run ahead of registrations by one boot's refill", func(s *fleet.Snapshot) {
			s.Allowance.Mints = map[int64]fleet.Mints{7: {Now: 1, PerBoot: 1}}
			jobs(s, 3, arm)
		}, []string{"launch 2 arm spot", "job 1 launching", "job 2 launching", "job 3 paced"}},
		{"another installation's allowance does not matter", func(s *fleet.Snapshot) {
			s.Allowance.Mints = map[int64]fleet.Mints{8: {}}
			jobs(s, 1, arm)
		}, []string{"launch 1 arm spot", "job 1 launching"}},
	})
}

func TestMintsKeepWithinTheirAllowance(t *testing.T) {
	two := func(s *fleet.Snapshot) {
		put(s, machine("i-1", "arm", 3))
		put(s, machine("i-2", "arm", 5))
		jobs(s, 2, arm)
	}
	decisions(t, []decision{
		{"the machine that was launched first is minted for first", func(s *fleet.Snapshot) {
			two(s)
			s.Allowance.Mints = map[int64]fleet.Mints{7: {Now: 1, PerBoot: 9}}
		}, []string{"mint i-2 try 1", "job 1 covered", "job 2 covered"}},
		{"no more than there is room for configs", func(s *fleet.Snapshot) {
			two(s)
			s.Allowance.Configs = 1
		}, []string{"mint i-2 try 1", "job 1 covered", "job 2 covered"}},
		{"none while there is no room", func(s *fleet.Snapshot) {
			two(s)
			s.Allowance.Configs = 0
		}, []string{"job 1 covered", "job 2 covered"}},
		{"no machine is minted for while its pool's registrations are refused", func(s *fleet.Snapshot) {
			two(s)
			holds(s, fleet.MintKey("arm", acme))
		}, []string{"job 1 covered", "job 2 covered"}},
		{"no machine is minted for twice", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 3))
			jobs(s, 1, arm)
			s.State.Intents = []fleet.Intent{{ID: "m", ReservedAt: ago(1), Mint: &fleet.Mint{Machine: "i-1", Scope: acme, Try: 1}}}
		}, []string{"job 1 covered"}},
		{"a paused fleet still mints for what it has", func(s *fleet.Snapshot) {
			two(s)
			order(s, fleet.Pause, "")
		}, []string{"mint i-2 try 1", "mint i-1 try 1", "job 1 covered", "job 2 covered"}},
		{"no machine is minted for that no job needs", func(s *fleet.Snapshot) { put(s, machine("i-1", "arm", 3)) }, nil},
	})
}

func TestMachinesAreSharedOutByScope(t *testing.T) {
	s := base()
	for i := range 3 {
		put(&s, machine(fmt.Sprint("i-", i+1), "arm", 30-i))
	}
	wait(&s, queued(1, arm, 20), queued(2, arm, 50), elsewhere(queued(3, arm, 40), "zeta"))
	got := map[fleet.MachineID]string{}
	for _, in := range fleet.Decide(s).Intents {
		got[in.Mint.Machine] = in.Mint.Scope.String()
	}
	want := map[fleet.MachineID]string{"i-1": "acme", "i-2": "acme", "i-3": "zeta"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

func TestAMintHoldsThePoolsLabelsAndGroup(t *testing.T) {
	s := base()
	s.Fleet.Pools[0].Group = "builders"
	m := machine("i-1", "arm", 30)
	m.Try = 2
	put(&s, m)
	jobs(&s, 1, arms)
	want := &fleet.Mint{Machine: "i-1", Scope: acme, Group: "builders", Labels: arm, Try: 3, Registration: fleet.JIT}
	if diff := cmp.Diff(want, fleet.Decide(s).Intents[0].Mint); diff != "" {
		t.Errorf("mint (-want +got):\n%s", diff)
	}
}

func TestATokenIsNotBoundByTheAllowanceOfRunners(t *testing.T) {
	token := func(s *fleet.Snapshot) {
		s.Fleet.Pools[0].Registration = fleet.Token
		s.Allowance.Mints = map[int64]fleet.Mints{7: {}}
	}
	decisions(t, []decision{
		{"machines are launched and handed their copy", func(s *fleet.Snapshot) {
			token(s)
			put(s, machine("i-1", "arm", 60))
			wait(s, queued(1, arm, 61), queued(2, arm, 60))
		}, []string{"launch 1 arm spot", "mint i-1 try 1", "job 1 covered", "job 2 launching"}},
		{"but not while GitHub limits the installation", func(s *fleet.Snapshot) {
			token(s)
			s.Allowance.Mints = map[int64]fleet.Mints{7: {Now: 9, PerBoot: 9, Limited: noon.Add(time.Minute)}}
			put(s, machine("i-1", "arm", 60))
			wait(s, queued(1, arm, 61), queued(2, arm, 60))
		}, []string{"job 1 covered", "job 2 paced"}},
		{"and those of other pools still are", func(s *fleet.Snapshot) {
			token(s)
			put(s, machine("i-1", "arm", 60))
			wait(s, queued(1, arm, 61), queued(2, x64, 60))
		}, []string{"mint i-1 try 1", "job 1 covered", "job 2 paced"}},
	})
}

func TestARegistrationWhoseNumberIsUnknownIsEndedByItsName(t *testing.T) {
	s := base()
	m, r := minted(machine("i-1", "arm", 600), 550, 300)
	m.RunnerID = 0
	put(&s, m, r)
	want := &fleet.End{Machine: "i-1", Scope: acme, Name: "rf-f-i-1-1"}
	if diff := cmp.Diff(want, fleet.Decide(s).Intents[0].End); diff != "" {
		t.Errorf("end (-want +got):\n%s", diff)
	}
}

func TestAJobThatWasLaunchedForIsAskedAbout(t *testing.T) {
	launched := func(s *fleet.Snapshot, changed, asked int) {
		j := queued(1, arm, 500)
		j.Launches, j.ChangedAt, j.AskedAt = 1, ago(changed), ago(asked)
		wait(s, j)
	}
	decisions(t, []decision{
		{"it is asked about when it was not heard of for 90 seconds", func(s *fleet.Snapshot) { launched(s, 90, 95) }, []string{"job 1 asking", "ask 1"}},
		{"it is launched for when it was heard of just now", func(s *fleet.Snapshot) { launched(s, 89, 95) }, []string{"launch 1 arm spot", "job 1 launching"}},
		{"it is launched for when GitHub answered just now", func(s *fleet.Snapshot) { launched(s, 500, 2) }, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a job never launched for is believed", func(s *fleet.Snapshot) { wait(s, queued(1, arm, 500)) }, []string{"launch 1 arm spot", "job 1 launching"}},
		{"others of its class do not wait for the answer", func(s *fleet.Snapshot) {
			launched(s, 90, 95)
			wait(s, queued(2, arm, 5))
		}, []string{"launch 1 arm spot", "job 1 asking", "job 2 launching", "ask 1"}},
		{"at most twenty are asked about in one look", func(s *fleet.Snapshot) {
			for range 25 {
				launched(s, 90, 95)
				s.State.Jobs[len(s.State.Jobs)-1].Key.ID = fleet.JobID(len(s.State.Jobs))
				s.State.Jobs[len(s.State.Jobs)-1].Verdict = fleet.Verdict{Code: fleet.Asking, Detail: "GitHub is asked whether it still waits"}
			}
		}, []string{
			"ask 1", "ask 2", "ask 3", "ask 4", "ask 5", "ask 6", "ask 7", "ask 8", "ask 9", "ask 10",
			"ask 11", "ask 12", "ask 13", "ask 14", "ask 15", "ask 16", "ask 17", "ask 18", "ask 19", "ask 20",
		}},
	})
}

// What is asked only when another look comes by is answered as much later.
func TestAPlanWakesWhenAJobIsNoLongerBelieved(t *testing.T) {
	s := base()
	s.Fleet.Pools[0].Max = 0
	j := queued(1, arm, 500)
	j.Launches, j.ChangedAt = 1, ago(30)
	wait(&s, j)
	if got := fleet.Decide(s).Wake; !got.Equal(noon.Add(time.Minute)) {
		t.Errorf("wakes at %s, not a minute after noon", got)
	}
}

func TestAnIntentThatNobodySettled(t *testing.T) {
	reserved := func(s *fleet.Snapshot, since, sent int) {
		s.State.Intents = []fleet.Intent{{ID: "l", ReservedAt: ago(since), SentAt: ago(sent), Launch: &fleet.Launch{Pool: "arm", Market: fleet.Spot, Count: 1}}}
	}
	decisions(t, []decision{
		{"is left alone for thirty seconds after it was sent", func(s *fleet.Snapshot) { reserved(s, 100, 29) }, nil},
		{"is sent again after that", func(s *fleet.Snapshot) { reserved(s, 100, 30) }, []string{"launch 1 arm spot"}},
		{"is sent again at once by a process that is alone", func(s *fleet.Snapshot) {
			reserved(s, 1, 1)
			s.Alone = true
		}, []string{"launch 1 arm spot"}},
		{"is settled without another call if all its machines are there", func(s *fleet.Snapshot) {
			reserved(s, 100, 30)
			m := machine("i-1", "arm", 99)
			m.Intent = "l"
			put(s, m)
		}, []string{"settle l"}},
		{"but sent again if some are missing: EC2 may not show them yet", func(s *fleet.Snapshot) {
			reserved(s, 100, 30)
			s.State.Intents[0].Launch.Count = 2
			m := machine("i-1", "arm", 99)
			m.Intent = "l"
			put(s, m)
		}, []string{"launch 2 arm spot"}},
		{"is not sent again when its token is five minutes old", func(s *fleet.Snapshot) { reserved(s, 300, 200) }, nil},
		{"is settled with what two full looks show after that", func(s *fleet.Snapshot) { reserved(s, 420, 200) }, []string{"settle l"}},
		{"is not settled by looks before that", func(s *fleet.Snapshot) {
			reserved(s, 420, 200)
			s.LookedBefore = ago(120)
		}, nil},
	})
}

func TestAResentIntentIsUnchanged(t *testing.T) {
	s := base()
	in := fleet.Intent{ID: "l", ReservedAt: ago(100), SentAt: ago(40), Tries: 2, Reason: "as it was", Launch: &fleet.Launch{
		Pool: "gone", Template: "lt-0:9", Market: fleet.Spot, Offers: []fleet.Offer{spotA}, Count: 4,
	}}
	s.State.Intents = []fleet.Intent{in}
	p := fleet.Decide(s)
	if diff := cmp.Diff([]fleet.Intent{in}, p.Intents); diff != "" {
		t.Errorf("intents (-want +got):\n%s", diff)
	}
}
