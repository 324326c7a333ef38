package fleet_test

import (
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

func TestAJobThatAVanishedMachineMayHaveHadIsAskedAboutFirst(t *testing.T) {
	gone := func(s *fleet.Snapshot, id string) {
		m, r := minted(machine(id, "arm", 100), 90, 0)
		m.State = fleet.Terminated
		put(s, m, r)
	}
	buried := "end i-1: the machine is gone, its traces are cleared"
	launched := []string{"launch 1 arm spot", buried, "job 1 launching"}
	decisions(t, []decision{
		{"if it is terminated, and its row stays meanwhile", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			wait(s, queued(1, arm, 100))
		}, []string{"job 1 asking", "ask 1"}},
		{"if EC2 ends it", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			s.State.Machines[0].State = fleet.ShuttingDown
			wait(s, queued(1, arm, 100))
		}, []string{"job 1 asking", "ask 1"}},
		{"if its registration is absent twice", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			s.State.Machines[0].State, s.State.Runners[0].Missed = fleet.Up, 2
			wait(s, queued(1, arm, 100))
		}, []string{"job 1 asking", "ask 1"}},
		{"if its mint was not settled", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 100)
			m.State = fleet.Terminated
			put(s, m)
			s.State.Intents = []fleet.Intent{{ID: "m", ReservedAt: ago(20), SentAt: ago(20), Mint: &fleet.Mint{Machine: "i-1", Scope: acme, Try: 1}}}
			wait(s, queued(1, arm, 100))
		}, []string{"job 1 asking", "ask 1"}},
		{"if GitHub says that it waits, it is launched for", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			j := queued(1, arm, 100)
			j.AskedAt = ago(10) // the look was then
			wait(s, j)
		}, launched},
		{"one that came after the full look is not asked about", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			wait(s, queued(1, arm, 5))
		}, launched},
		{"one machine holds back one job, but it may have had either", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			wait(s, queued(1, arm, 100), queued(2, arm, 90))
		}, []string{"launch 1 arm spot", "job 1 asking", "job 2 launching", "ask 1", "ask 2"}},
		{"it may have had one that another machine covers", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			putMinted(s, machine("i-2", "arm", 60), 50, 0)
			wait(s, queued(1, arm, 100), queued(2, arm, 90))
		}, []string{"job 1 covered", "job 2 asking", "ask 1", "ask 2"}},
		{"two hold back two", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			gone(s, "i-2")
			wait(s, queued(1, arm, 100), queued(2, arm, 90), queued(3, arm, 80))
		}, []string{"launch 1 arm spot", "job 1 asking", "job 2 asking", "job 3 launching", "ask 1", "ask 2", "ask 3"}},
		{"but not one that was never registered", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 100)
			m.State = fleet.Terminated
			put(s, m)
			wait(s, queued(1, arm, 100))
		}, []string{"launch 1 arm spot", "job 1 launching", "forget i-1"}},
		{"nor one that we ended: GitHub agreed to that", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 100)
			m.State, m.EndedAt, m.Try, m.Taken = fleet.ShuttingDown, ago(20), 1, true
			put(s, m)
			wait(s, queued(1, arm, 100))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"nor one of another scope", func(s *fleet.Snapshot) {
			gone(s, "i-1")
			wait(s, elsewhere(queued(1, arm, 100), "zeta"))
		}, launched},
	})
}

func TestOfManyJobsTheOldestAreAskedAbout(t *testing.T) {
	s := base()
	s.Fleet.Pools[0].Max = 100
	m, r := minted(machine("i-1", "arm", 100), 90, 0)
	m.State = fleet.Terminated
	put(&s, m, r)
	for id := 1; id <= 60; id++ {
		j := queued(id, arm, 100-id)
		if id <= 21 {
			j.AskedAt = ago(1)
		}
		wait(&s, j)
	}
	p := fleet.Decide(s)
	if len(p.Ask) > 0 || p.Intents[0].Launch == nil || p.Intents[0].Launch.Count != 60 {
		t.Errorf("asks about %v, does %+v", p.Ask, p.Intents)
	}
}
