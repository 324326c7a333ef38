package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestAMachineWithoutARunnerIsReleased(t *testing.T) {
	decisions(t, []decision{
		{"a generic machine that no job needs goes after boot estimate and idle limit", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 165))
		}, []string{"end i-1: no job needs it, idle limit of 2m0s is over"}},
		{"a second earlier it is kept", func(s *fleet.Snapshot) { put(s, machine("i-1", "arm", 164)) }, nil},
		{"it is kept longer where boots take longer", func(s *fleet.Snapshot) {
			s.Boots = map[string]time.Duration{"arm": time.Minute}
			put(s, machine("i-1", "arm", 165))
		}, nil},
		{"a generic machine of a retired pool goes at once", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "old", 5))
		}, []string{"end i-1: pool old left the fleet file"}},
		{"a drained generic machine goes at once", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 5))
			order(s, fleet.Drain, "i-1")
		}, []string{"end i-1: drained by an operator"}},
		{"a registered machine that did not come up within its boot limit is a strike", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 600), 550, 0)
			m.Taken = true
			put(s, m, r)
		}, []string{"end i-1: no runner 10m0s after its launch", "strike 1 boot arm/lt-1:1"}},
		{"a second earlier it may still come up", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 599), 550, 0)
			m.Taken = true
			put(s, m, r)
		}, nil},
		{"two failed boots in one look are one strike", func(s *fleet.Snapshot) {
			for _, id := range []string{"i-1", "i-2"} {
				m, r := minted(machine(id, "arm", 600), 550, 0)
				m.Taken = true
				put(s, m, r)
			}
		}, []string{
			"end i-1: no runner 10m0s after its launch", "end i-2: no runner 10m0s after its launch",
			"strike 1 boot arm/lt-1:1",
		}},
		{"a pool's own boot limit counts", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].BootLimit = time.Minute
			m, r := minted(machine("i-1", "arm", 60), 50, 0)
			put(s, m, r)
		}, []string{"end i-1: no runner 1m0s after its launch", "strike 1 boot arm/lt-1:1"}},
		{"a config is withdrawn four minutes after its mint", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 240, 0)
		}, []string{"withdraw i-1"}},
		{"a second earlier an agent may still take it", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 239, 0)
		}, nil},
		{"a config that the agent took is not withdrawn", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 280, 0)
			m.Taken = true
			put(s, m, r)
		}, nil},
		{"one in doubt is taken back a minute later", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 60, 0)
			m.Taken, m.ResentAt = true, ago(60)
			put(s, m, r)
		}, []string{"withdraw i-1"}},
		{"not earlier: its agent may come online", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 59, 0)
			m.Taken, m.ResentAt = true, ago(59)
			put(s, m, r)
		}, nil},
		{"a config is not withdrawn while that is under way", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 250, 0)
			s.State.Intents = []fleet.Intent{{ID: "w", ReservedAt: ago(5), Withdraw: &fleet.Withdraw{Machine: "i-1", Scope: acme, RunnerID: 1}}}
		}, nil},
		{"a registered machine of a retired pool goes", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "old", 60), 50, 0)
		}, []string{"end i-1: pool old left the fleet file"}},
	})
}

func TestAnIdleMachineIsReleased(t *testing.T) {
	class := "strike 1 class acme[arm64,linux,self-hosted]"
	decisions(t, []decision{
		{"it goes when its idle limit is over", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 290, 120)
		}, []string{"end i-1: idle, no job of its classes waits, idle limit of 2m0s is over"}},
		{"a second earlier it is kept", func(s *fleet.Snapshot) { putMinted(s, machine("i-1", "arm", 300), 290, 119) }, nil},
		{"it is kept for a job of its class that waits", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 290, 299)
			wait(s, queued(1, arm, 280))
		}, []string{"job 1 covered"}},
		{"it goes although a job of another scope waits", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 290, 120)
			wait(s, elsewhere(queued(1, arm, 5), "zeta"))
		}, []string{"launch 1 arm spot", "end i-1: idle, no job of its classes waits, idle limit of 2m0s is over", "job 1 launching"}},
		{"it goes after five minutes without the job that waits, which is a strike", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 400), 390, 300)
			wait(s, queued(1, arm, 399))
		}, []string{"launch 1 arm spot", "end i-1: GitHub gave it no job for 5m0s although one waits", "job 1 launching", class}},
		{"that is no strike if the job came after the runner", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 400), 390, 300)
			wait(s, queued(1, arm, 30))
		}, []string{"launch 1 arm spot", "end i-1: GitHub gave it no job for 5m0s although one waits", "job 1 launching"}},
		{"one of a retired pool goes", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "old", 60), 50, 5)
		}, []string{"end i-1: pool old left the fleet file"}},
		{"a drained one goes although a job waits, and covers nothing", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
			wait(s, queued(1, arm, 61))
			order(s, fleet.Drain, "i-1")
		}, []string{"launch 1 arm spot", "end i-1: drained by an operator", "job 1 launching"}},
		{"one whose registration is absent twice goes", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 20)
			r.Missed = 2
			put(s, m, r)
		}, []string{"end i-1: GitHub no longer has its registration"}},
		{"one whose registration is absent once is kept", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 20)
			r.Missed = 1
			put(s, m, r)
		}, nil},
		{"one whose runner went offline goes after two minutes", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 200), 190, 130)
			r.Online = false
			put(s, m, r)
		}, []string{"end i-1: its runner went offline"}},
		{"one whose runner is offline a little is kept", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 200), 190, 129)
			r.Online = false
			put(s, m, r)
		}, nil},
		{"an end that GitHub refused is tried again after a minute", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 400), 390, 300)
			m.TriedAt = ago(60)
			put(s, m, r)
		}, []string{"end i-1: idle, no job of its classes waits, idle limit of 2m0s is over"}},
		{"not earlier", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 400), 390, 300)
			m.TriedAt = ago(59)
			put(s, m, r)
		}, nil},
	})
}

func TestAMachineWithAJobIsReleased(t *testing.T) {
	busy := func(s *fleet.Snapshot, pool string, since int) {
		putMinted(s, machine("i-1", pool, since+60), since+50, since+20)
		wait(s, on(queued(1, arm, since+70), fleet.Running, "i-1", since))
	}
	over := "end i-1: its job ran longer than the job limit of 6h15m0s"
	decisions(t, []decision{
		{"a running job is ended at the job limit", func(s *fleet.Snapshot) { busy(s, "arm", 22500) }, []string{over}},
		{"not a second earlier", func(s *fleet.Snapshot) { busy(s, "arm", 22499) }, nil},
		{"a retired pool's running job has the default limit", func(s *fleet.Snapshot) { busy(s, "old", 22500) }, []string{over}},
		{"a busy runner whose job nobody announced is ended at the limit too", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 22600), 22590, 22500)
			r.Busy = true
			put(s, m, r)
		}, []string{over}},
		{"a busy runner whose job nobody announced outlives its idle limit", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 900), 890, 800)
			r.Busy = true
			put(s, m, r)
		}, nil},
		{"a job that began before anybody saw its runner keeps the machine", func(s *fleet.Snapshot) {
			put(s, func() fleet.Machine { m, _ := minted(machine("i-1", "arm", 900), 890, 0); return m }())
			wait(s, on(queued(1, arm, 910), fleet.Running, "i-1", 880))
		}, nil},
		{"a drained machine finishes its job", func(s *fleet.Snapshot) {
			busy(s, "arm", 100)
			order(s, fleet.Drain, "i-1")
		}, nil},
		{"a halted machine goes in the middle of its job", func(s *fleet.Snapshot) {
			busy(s, "arm", 100)
			order(s, fleet.Halt, "i-1")
		}, []string{"end i-1: operator: ann: a look"}},
		{"a halt wins over a hold", func(s *fleet.Snapshot) {
			busy(s, "arm", 100)
			order(s, fleet.Hold, "i-1")
			order(s, fleet.Halt, "i-1")
		}, []string{"end i-1: operator: ann: a look"}},
		{"a halt that EC2 refused is tried again after a minute", func(s *fleet.Snapshot) {
			busy(s, "arm", 100)
			s.State.Machines[0].TriedAt = ago(60)
			order(s, fleet.Halt, "i-1")
		}, []string{"end i-1: operator: ann: a look"}},
		{"not earlier", func(s *fleet.Snapshot) {
			busy(s, "arm", 100)
			s.State.Machines[0].TriedAt = ago(59)
			order(s, fleet.Halt, "i-1")
		}, nil},
		{"a held machine outlives its pool", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "old", 900), 890, 800)
			order(s, fleet.Hold, "i-1")
		}, nil},
		{"a held machine outlives its job limit", func(s *fleet.Snapshot) {
			busy(s, "arm", 30000)
			order(s, fleet.Hold, "i-1")
		}, nil},
		{"a hold that is over holds nothing", func(s *fleet.Snapshot) {
			busy(s, "arm", 30000)
			order(s, fleet.Hold, "i-1")
			s.State.Orders[0].Until = noon
		}, []string{over}},
		{"a done job's machine powers itself off within the grace", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 290, 200)
			wait(s, on(queued(1, arm, 300), fleet.Done, "i-1", 59))
		}, nil},
		{"a running job whose registration is absent twice is asked about", func(s *fleet.Snapshot) {
			busy(s, "arm", 100)
			s.State.Runners[0].Missed = 2
		}, []string{"ask 1"}},
		{"it is asked about once a minute", func(s *fleet.Snapshot) {
			busy(s, "arm", 100)
			s.State.Runners[0].Missed, s.State.Jobs[0].AskedAt = 2, ago(59)
		}, nil},
	})
}

func TestOnlyWhatIsOverOrOrderedIsForced(t *testing.T) {
	m, r := minted(machine("i-1", "arm", 30000), 29990, 29900)
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot)
		want fleet.End
	}{
		{"an idle machine goes only if GitHub agrees", func(*fleet.Snapshot) {},
			fleet.End{Machine: "i-1", Scope: acme, RunnerID: 1}},
		{"a done job's machine goes, and its registration is not asked for", func(s *fleet.Snapshot) {
			wait(s, on(queued(1, arm, 300), fleet.Done, "i-1", 60))
		}, fleet.End{Machine: "i-1", Force: true}},
		{"a job that GitHub does not show any more proves too little", func(s *fleet.Snapshot) {
			wait(s, on(queued(1, arm, 300), fleet.Done, "i-1", 60))
			s.State.Jobs[0].Conclusion = fleet.ConclusionGone
		}, fleet.End{Machine: "i-1", Scope: acme, RunnerID: 1}},
		{"a machine past its job limit goes, with its registration", func(s *fleet.Snapshot) {
			wait(s, on(queued(1, arm, 30000), fleet.Running, "i-1", 29000))
		}, fleet.End{Machine: "i-1", Scope: acme, RunnerID: 1, Force: true}},
		{"a halted machine goes, with its registration", func(s *fleet.Snapshot) { order(s, fleet.Halt, "i-1") },
			fleet.End{Machine: "i-1", Scope: acme, RunnerID: 1, Force: true}},
		{"of a machine that is gone only the traces are cleared", func(s *fleet.Snapshot) { s.State.Machines[0].State = fleet.Terminated },
			fleet.End{Machine: "i-1", Scope: acme, RunnerID: 1, Absent: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			put(&s, m, r)
			tt.with(&s)
			p := fleet.Decide(s)
			if len(p.Intents) != 1 || p.Intents[0].End == nil {
				t.Fatalf("intents: %q", told(p))
			}
			if diff := cmp.Diff(tt.want, *p.Intents[0].End); diff != "" {
				t.Errorf("end (-want +got):\n%s", diff)
			}
		})
	}
}
