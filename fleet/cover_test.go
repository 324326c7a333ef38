package fleet_test

import (
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

func TestSupplyCoversDemand(t *testing.T) {
	decisions(t, []decision{
		{"the oldest jobs of a class count as covered", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
			wait(s, queued(1, arm, 40), queued(2, arm, 50))
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 covered"}},
		{"a registration that is not online yet covers a job", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 0)
			wait(s, queued(1, arm, 61))
		}, []string{"job 1 covered"}},
		{"a registration covers no job of another scope", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
			wait(s, elsewhere(queued(1, arm, 61), "zeta"))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a registration in one repository covers no job of its owner's other one", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 5)
			m.Scope.Repo, r.Scope.Repo = "tools", "tools"
			put(s, m, r)
			j := queued(1, arm, 61)
			j.Class.Scope.Repo = "site"
			wait(s, j)
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a generic machine covers a job of any scope", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 60))
			wait(s, elsewhere(queued(1, arm, 61), "zeta"))
		}, []string{"mint i-1 try 1", "job 1 covered"}},
		{"a machine whose mint is under way is bound to that scope", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 60))
			s.State.Intents = []fleet.Intent{{ID: "m", ReservedAt: ago(5), Mint: &fleet.Mint{Machine: "i-1", Scope: acme, Labels: arm, Try: 1}}}
			wait(s, queued(1, arm, 61), elsewhere(queued(2, arm, 61), "zeta"))
		}, []string{"launch 1 arm spot", "job 1 covered", "job 2 launching"}},
		{"a registration is used before a generic machine", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
			put(s, machine("i-2", "arm", 60))
			wait(s, queued(1, arm, 61))
		}, []string{"job 1 covered"}},
		{"generic machines go to the scope that waits longest", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 60))
			s.Fleet.Pools[0].Max = 1
			wait(s, queued(1, arm, 30), elsewhere(queued(2, arm, 61), "zeta"))
		}, []string{"mint i-1 try 1", "job 1 full", "job 2 covered"}},
		{"the class with the fewest fitting pools chooses first", func(s *fleet.Snapshot) {
			s.Fleet.Limits.Machines = 2
			put(s, machine("i-1", "arm", 60))
			put(s, machine("i-2", "x64", 60))
			wait(s, queued(1, fleet.NewLabels("linux"), 61), queued(2, arm, 5))
		}, []string{"mint i-1 try 1", "mint i-2 try 1", "job 1 covered", "job 2 covered"}},
		{"a machine that ends covers nothing", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 5)
			m.EndedAt = ago(1)
			put(s, m, r)
			s.State.Jobs = []fleet.Job{queued(1, arm, 4)}
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a machine whose runner went offline covers nothing", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 20)
			r.Online = false
			put(s, m, r)
			wait(s, queued(1, arm, 10))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a machine that did not come up within its boot limit covers nothing", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 600), 550, 0)
			m.Taken = true
			put(s, m, r)
			wait(s, queued(1, arm, 610))
		}, []string{"launch 1 arm spot", "end i-1: no runner 10m0s after its launch", "job 1 launching", "strike 1 boot arm/lt-1:1"}},
		{"a machine of a retired pool covers nothing", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "old", 5))
			wait(s, queued(1, arm, 4))
		}, []string{"launch 1 arm spot", "end i-1: pool old left the fleet file", "job 1 launching"}},
		{"a drained machine that cannot be ended yet covers nothing", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 5)
			m.TriedAt = ago(1)
			put(s, m, r)
			order(s, fleet.Drain, "i-1")
			wait(s, queued(1, arm, 61))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"nor does one that an operator wants ended at once", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 5)
			m.TriedAt = ago(1)
			put(s, m, r)
			order(s, fleet.Halt, "i-1")
			wait(s, queued(1, arm, 61))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a machine whose runner has a known job covers no other", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 20)
			wait(s, queued(1, arm, 61), on(queued(2, arm, 62), fleet.Running, "i-1", 10))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a job that runs on somebody else's runner needs no machine", func(s *fleet.Snapshot) {
			j := on(queued(1, arm, 60), fleet.Running, "i-1", 10)
			j.Runner = "laptop"
			wait(s, j)
		}, nil},
		{"a stolen runner leaves the next job to the machine that comes", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 20)
			put(s, machine("i-2", "arm", 10))
			wait(s, queued(1, arm, 61), queued(2, arm, 30), on(queued(3, arm, 20), fleet.Running, "i-1", 10))
		}, []string{"launch 1 arm spot", "mint i-2 try 1", "job 1 covered", "job 2 launching"}},
		{"a job of two labels is covered by a runner of three", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
			wait(s, queued(1, arms, 61))
		}, []string{"job 1 covered"}},
	})
}

func TestAJobGoesToItsPoolOfChoice(t *testing.T) {
	linux := fleet.NewLabels("linux")
	decisions(t, []decision{
		{"file order decides between equals", func(s *fleet.Snapshot) { wait(s, queued(1, linux, 5)) },
			[]string{"launch 1 arm spot", "job 1 launching"}},
		{"fewer surplus labels come before file order", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Labels = fleet.NewLabels("self-hosted", "linux", "arm64", "large")
			wait(s, queued(1, linux, 5))
		}, []string{"launch 1 x64 on-demand", "job 1 launching"}},
		{"priority comes before surplus labels", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Labels = fleet.NewLabels("self-hosted", "linux", "arm64", "large")
			s.Fleet.Pools[0].Priority = 1
			wait(s, queued(1, linux, 5))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a pool of exactly its labels comes before a wider one that stands first", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Labels = fleet.NewLabels("self-hosted", "linux", "x64", "large")
			s.Fleet.Pools[1].Exact = true
			wait(s, queued(1, x64, 5))
		}, []string{"launch 1 x64 on-demand", "job 1 launching"}},
		{"an exact pool is for exact jobs only", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Exact = true
			wait(s, queued(1, linux, 5), queued(2, arm, 4))
		}, []string{"launch 1 arm spot", "launch 1 x64 on-demand", "job 1 launching", "job 2 launching"}},
	})
}
