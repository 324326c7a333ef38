package fleet_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

var (
	build = fleet.NewLabels("self-hosted", "linux", "build")
	other = fleet.Offer{Type: "m7g.large", Zone: "b", Market: fleet.OnDemand, Subnet: "s-b"}
)

// standing is a decision about a fleet with a standing pool of two machines
// for acme, beside the two of base.
func standing(name string, with func(*fleet.Snapshot), want ...string) decision {
	return decision{name, func(s *fleet.Snapshot) {
		s.Fleet.Pools = append(s.Fleet.Pools, fleet.Pool{
			Name: "build", Labels: build, Max: 2, Lifetime: fleet.Standing, Account: "Acme", Prepared: true,
		})
		s.Recipes = append(s.Recipes, fleet.Recipe{Pool: "build", Template: "lt-3:1", Offers: []fleet.Offer{odA, other}})
		s.Scopes = map[string]fleet.Scope{"build": acme}
		with(s)
	}, want}
}

// stands is a standing machine that was launched a day ago.
func stands(id string) fleet.Machine {
	m := machine(id, "build", 86400)
	m.Standing, m.Template, m.Offer = true, "lt-3:1", odA
	return m
}

// enrolled is one that was registered then, and whose runner is online.
func enrolled(s *fleet.Snapshot, id string, with ...func(*fleet.Machine, *fleet.Runner)) {
	m, r := minted(stands(id), 86300, 86200)
	r.OnlineAt = r.SeenAt
	for _, change := range with {
		change(&m, &r)
	}
	put(s, m, r)
}

// resting is stopped since an hour.
func resting(m *fleet.Machine, r *fleet.Runner) {
	m.State, m.StoppedAt, r.Online = fleet.Stopped, ago(3600), false
}

// woken was started so many seconds ago.
func woken(since int) func(*fleet.Machine, *fleet.Runner) {
	return func(m *fleet.Machine, r *fleet.Runner) {
		m.State, m.StartedAt, m.ReadyAt, r.Online = fleet.Up, ago(since), time.Time{}, false
	}
}

func offline(since int) func(*fleet.Machine, *fleet.Runner) {
	return func(_ *fleet.Machine, r *fleet.Runner) { r.Online, r.OnlineAt = false, ago(since) }
}

func dropped(_ *fleet.Machine, r *fleet.Runner) { r.Missed = 2 }

func busyRunner(_ *fleet.Machine, r *fleet.Runner) { r.Busy = true }

func TestAnOpenPoolsMachinesStand(t *testing.T) {
	decisions(t, []decision{
		standing("missing ones are launched, though no job waits", func(*fleet.Snapshot) {}, "launch 2 build on-demand"),
		standing("what is coming is not launched twice", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			s.State.Intents = []fleet.Intent{{ID: "l", ReservedAt: ago(1), Launch: &fleet.Launch{Pool: "build", Count: 1, Standing: true}}}
		}),
		standing("one that is ready is enrolled, though no job waits", func(s *fleet.Snapshot) {
			m := stands("i-1")
			m.LaunchedAt = ago(60)
			put(s, m)
			enrolled(s, "i-2")
		}, "mint i-1 try 1"),
		standing("none before GitHub said where", func(s *fleet.Snapshot) {
			s.Scopes = nil
			m := stands("i-1")
			m.LaunchedAt = ago(60)
			put(s, m)
		}),
		standing("idle ones stay, however long", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			enrolled(s, "i-2")
		}),
		standing("a job that is done closes at once, and its machine goes on", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			enrolled(s, "i-2")
			wait(s, on(queued(1, build, 900), fleet.Done, "i-1", 700))
		}, "close 1"),
		standing("stopped ones are started", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2")
		}, "start i-1"),
		standing("not before they are stopped", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", resting, func(m *fleet.Machine, _ *fleet.Runner) { m.State = fleet.Stopping })
			enrolled(s, "i-2")
		}),
		standing("what starts is waited for", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", woken(30))
			enrolled(s, "i-2")
		}),
		standing("a pause launches and starts none", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "build")
			enrolled(s, "i-1", resting)
		}),
		standing("the fleet's cap counts stopped ones", func(s *fleet.Snapshot) {
			s.Fleet.Limits.Machines = 1
			enrolled(s, "i-1", resting)
			wait(s, queued(1, arm, 5))
		}, "start i-1", "job 1 full"),
		standing("starts are paced as launches are", func(s *fleet.Snapshot) {
			s.Allowance.Launches = 1
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2", resting)
		}, "start i-1"),
		standing("what is too many is ended, stopped ones first, busy ones never", func(s *fleet.Snapshot) {
			s.Fleet.Pools[2].Max = 1
			enrolled(s, "i-1")
			enrolled(s, "i-2", busyRunner)
			enrolled(s, "i-3", resting)
		}, "end i-3: pool build has more than its 1 machines", "end i-1: pool build has more than its 1 machines"),
	})
}

func TestStandingMachinesCoverJobs(t *testing.T) {
	decisions(t, []decision{
		standing("an idle one does", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			enrolled(s, "i-2")
			wait(s, queued(1, build, 5))
		}, "job 1 covered"),
		standing("and one that starts", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", woken(20))
			enrolled(s, "i-2")
			wait(s, queued(1, build, 5), queued(2, build, 4))
		}, "job 1 covered", "job 2 covered"),
		standing("one that is launched to stand does, without another launch", func(s *fleet.Snapshot) {
			wait(s, queued(1, build, 5))
		}, "launch 2 build on-demand", "job 1 launching"),
		standing("a job beyond them hears that they are all there are", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			enrolled(s, "i-2")
			wait(s, queued(1, build, 5), queued(2, build, 4), queued(3, build, 3))
		}, "job 1 covered", "job 2 covered", "job 3 full"),
		standing("a busy one covers none", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", busyRunner)
			enrolled(s, "i-2")
			wait(s, on(queued(1, build, 900), fleet.Running, "i-1", 700), queued(2, build, 5), queued(3, build, 4))
		}, "job 2 covered", "job 3 full"),
		standing("what they cannot take moves on to the next pool", func(s *fleet.Snapshot) {
			s.Fleet.Pools[2].Priority = 1
			enrolled(s, "i-1", busyRunner)
			enrolled(s, "i-2", busyRunner)
			linux := fleet.NewLabels("linux")
			wait(s, on(queued(1, build, 900), fleet.Running, "i-1", 700), on(queued(2, build, 900), fleet.Running, "i-2", 700), queued(3, linux, 5))
		}, "launch 1 arm spot", "job 3 launching"),
		standing("jobs of another account never do", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			enrolled(s, "i-2")
			wait(s, elsewhere(queued(1, build, 5), "zeta"))
		}, "job 1 no-pool"),
		standing("a person's repository neither", func(s *fleet.Snapshot) {
			enrolled(s, "i-1")
			enrolled(s, "i-2")
			j := queued(1, build, 5)
			j.Class.Scope.Repo = "w"
			wait(s, j)
		}, "job 1 no-pool"),
	})
}

// shut has the standing pool closed.
func shut(p fleet.ClosedPolicy) func(*fleet.Snapshot) {
	return func(s *fleet.Snapshot) { closed(s, "build", p) }
}

func TestStandingMachinesStopAndStartWithTheirHours(t *testing.T) {
	const until = "closed until Mon 23:00 Etc/UTC"
	decisions(t, []decision{
		standing("an idle one stops at the closing", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			enrolled(s, "i-1")
		}, "stop i-1: idle, and its pool is "+until),
		standing("a busy one runs on", func(s *fleet.Snapshot) {
			shut(fleet.ClosedWait)(s)
			enrolled(s, "i-1")
			enrolled(s, "i-2", busyRunner)
			wait(s, on(queued(1, build, 900), fleet.Running, "i-1", 5))
		}),
		standing("and stops when its job is done, though another waits for the opening", func(s *fleet.Snapshot) {
			shut(fleet.ClosedWait)(s)
			enrolled(s, "i-1")
			wait(s, on(queued(1, build, 900), fleet.Done, "i-1", 5), queued(2, build, 60))
		}, "stop i-1: idle, and its pool is "+until, "job 2 closed", "close 1"),
		standing("one that was refused to stop is not asked again at once", func(s *fleet.Snapshot) {
			shut(fleet.ClosedWait)(s)
			enrolled(s, "i-1", func(m *fleet.Machine, _ *fleet.Runner) { m.TriedAt = ago(20) })
		}),
		standing("a held one is not stopped", func(s *fleet.Snapshot) {
			shut(fleet.ClosedWait)(s)
			enrolled(s, "i-1")
			order(s, fleet.Hold, "i-1")
		}),
		standing("what is not registered yet at the closing is ended", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			m := stands("i-1")
			m.LaunchedAt = ago(20)
			put(s, m)
		}, "end i-1: it is not registered yet, and its pool is "+until),
		standing("stopped ones stay so", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2", resting)
		}),
		standing("a cold pool starts one for a job, and only one", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2", resting)
			wait(s, queued(1, build, 5))
		}, "start i-1", "job 1 covered"),
		standing("it launches one if none is there", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			wait(s, queued(1, build, 5))
		}, "launch 1 build on-demand", "job 1 launching"),
		standing("one that was started for a job waits for it", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			enrolled(s, "i-1", woken(60), func(m *fleet.Machine, r *fleet.Runner) { m.ReadyAt, r.Online = ago(20), true })
			wait(s, queued(1, build, 90))
		}, "job 1 covered"),
		standing("unless GitHub gives it none", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			enrolled(s, "i-1", woken(400), func(m *fleet.Machine, r *fleet.Runner) { m.ReadyAt, r.Online = ago(301), true })
			wait(s, queued(1, build, 500))
		}, "launch 1 build on-demand", "stop i-1: GitHub gave it no job for 5m0s although one waits", "job 1 launching", "strike 1 class acme[build,linux,self-hosted]"),
		standing("one that was started for a job that is gone is stopped again", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			enrolled(s, "i-1", woken(20))
		}, "stop i-1: it is not up yet, and its pool is "+until),
		standing("one that waits starts none", func(s *fleet.Snapshot) {
			shut(fleet.ClosedWait)(s)
			enrolled(s, "i-1", resting)
			wait(s, queued(1, build, 5))
		}, "job 1 closed"),
		standing("they start one boot before the opening", func(s *fleet.Snapshot) {
			early(s, "build", fleet.ClosedRefuse)
			enrolled(s, "i-1", resting)
			enrolled(s, "i-2", resting)
			wait(s, queued(1, build, 500))
		}, "start i-1", "start i-2", "job 1 covered"),
	})
}
