package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// quit came up so many seconds ago, and stopped by itself a minute later.
func quit(up int) func(*fleet.Machine, *fleet.Runner) {
	return func(m *fleet.Machine, r *fleet.Runner) {
		m.State, m.StartedAt, m.ReadyAt, r.Online = fleet.Stopped, ago(up+30), ago(up), false
		m.StoppedAt, m.Unasked = ago(up-60), true
	}
}

// stay has a machine set back by so many strikes: the last one so many seconds
// ago, and it holds so many more.
func stay(s *fleet.Snapshot, id string, strikes, at, until int) {
	s.State.Setbacks = append(s.State.Setbacks, fleet.Setback{
		Key: fleet.StayKey("build", fleet.MachineID(id)), Strikes: strikes, At: ago(at), Until: ago(-until), Detail: "it stopped by itself",
	})
}

func TestAMachineThatStopsItselfIsStruck(t *testing.T) {
	decisions(t, []decision{
		standing("soon after it came up: it rests", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", quit(70))
			enrolled(s, "i-2")
		}, "strike 1 stay build/i-1"),
		standing("after long: it is started at once", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", quit(70), func(m *fleet.Machine, _ *fleet.Runner) { m.StartedAt, m.ReadyAt = ago(700), ago(610) })
			enrolled(s, "i-2")
		}, "start i-1"),
		standing("one that was asked to stop is not struck", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", quit(70), func(m *fleet.Machine, _ *fleet.Runner) { m.Unasked = false })
			enrolled(s, "i-2")
		}, "start i-1"),
		standing("one stop is one strike", func(s *fleet.Snapshot) {
			stay(s, "i-1", 1, 10, 170)
			enrolled(s, "i-1", quit(70))
			enrolled(s, "i-2")
		}),
		standing("when its rest is over it is started", func(s *fleet.Snapshot) {
			stay(s, "i-1", 1, 190, -10)
			enrolled(s, "i-1", quit(250))
			enrolled(s, "i-2")
		}, "start i-1"),
		standing("the next stop is the next strike", func(s *fleet.Snapshot) {
			stay(s, "i-1", 1, 300, -120)
			enrolled(s, "i-1", quit(70))
			enrolled(s, "i-2")
		}, "strike 2 stay build/i-1"),
		standing("the third ends it, and is a strike of its template", func(s *fleet.Snapshot) {
			stay(s, "i-1", 2, 600, -240)
			enrolled(s, "i-1", quit(70))
			enrolled(s, "i-2")
		}, "end i-1: it stopped by itself 3 times in a row soon after it came up", "strike 1 boot build/lt-3:1", "strike 3 stay build/i-1"),
		standing("an end that was refused is no other strike", func(s *fleet.Snapshot) {
			stay(s, "i-1", 3, 100, 620)
			enrolled(s, "i-1", quit(170), func(m *fleet.Machine, _ *fleet.Runner) { m.TriedAt = ago(61) })
			enrolled(s, "i-2")
		}, "end i-1: it stopped by itself 3 times in a row soon after it came up"),
		standing("one machine's rest is no other's", func(s *fleet.Snapshot) {
			stay(s, "i-1", 1, 10, 170)
			enrolled(s, "i-1", quit(70))
			enrolled(s, "i-2", resting)
		}, "start i-2"),
		standing("a held one rests as well, and is not ended", func(s *fleet.Snapshot) {
			stay(s, "i-1", 2, 600, -240)
			enrolled(s, "i-1", quit(70))
			enrolled(s, "i-2")
			order(s, fleet.Hold, "i-1")
		}, "strike 1 boot build/lt-3:1", "strike 3 stay build/i-1"),
		standing("one that is closed is struck too: a job may start it", func(s *fleet.Snapshot) {
			shut(fleet.ClosedCold)(s)
			enrolled(s, "i-1", quit(70))
			enrolled(s, "i-2", resting, func(m *fleet.Machine, _ *fleet.Runner) { m.TriedAt = ago(10) })
			wait(s, queued(1, build, 90))
		}, "job 1 set-back", "strike 1 stay build/i-1"),
		standing("a job that it had excuses the stop, while it is known", func(s *fleet.Snapshot) {
			enrolled(s, "i-1", quit(70))
			enrolled(s, "i-2")
			wait(s, on(queued(1, build, 90), fleet.Done, "i-1", 30))
		}, "start i-1", "close 1"),
		standing("one that is forgotten takes its setback along", func(s *fleet.Snapshot) {
			stay(s, "i-1", 3, 100, 620)
			m := stands("i-1")
			m.State, m.EndedAt, m.EndReason = fleet.Terminated, ago(60), "why"
			put(s, m)
			enrolled(s, "i-2")
		}, "launch 1 build on-demand", "forget i-1", "clear stay build/i-1"),
	})
}

func TestAStandingMachineHasToStay(t *testing.T) {
	up := func(since int) func(*fleet.Machine, *fleet.Runner) {
		return func(m *fleet.Machine, _ *fleet.Runner) { m.StartedAt, m.ReadyAt = ago(since+30), ago(since) }
	}
	both := func(s *fleet.Snapshot) {
		stay(s, "i-1", 2, 900, -540)
		s.State.Setbacks = append(s.State.Setbacks, fleet.Setback{Key: fleet.BootKey("build", "lt-3:1"), Strikes: 2, At: ago(900)})
		enrolled(s, "i-2")
	}
	decisions(t, []decision{
		standing("that its runner listens clears nothing yet", func(s *fleet.Snapshot) {
			both(s)
			enrolled(s, "i-1", up(599))
		}),
		standing("that it stays does", func(s *fleet.Snapshot) {
			both(s)
			enrolled(s, "i-1", up(600))
		}, "clear boot build/lt-3:1", "clear stay build/i-1"),
		standing("so does a job", func(s *fleet.Snapshot) {
			both(s)
			enrolled(s, "i-1", up(60), busyRunner)
			wait(s, on(queued(1, build, 50), fleet.Running, "i-1", 40))
		}, "clear boot build/lt-3:1", "clear stay build/i-1"),
		standing("and a short one that is over when it is seen", func(s *fleet.Snapshot) {
			both(s)
			enrolled(s, "i-1", up(60))
			wait(s, on(queued(1, build, 50), fleet.Done, "i-1", 40))
		}, "clear boot build/lt-3:1", "clear stay build/i-1", "close 1"),
		standing("not a job that its last stop cut off", func(s *fleet.Snapshot) {
			both(s)
			enrolled(s, "i-1", up(60))
			wait(s, on(queued(1, build, 500), fleet.Running, "i-1", 400))
		}, "ask 1"),
	})
}

func TestAMachineThatDoesNotStayIsTold(t *testing.T) {
	s := base()
	standing("", func(s *fleet.Snapshot) {
		enrolled(s, "i-1", quit(70))
		enrolled(s, "i-2", busyRunner)
		wait(s, on(queued(1, build, 900), fleet.Running, "i-2", 700), queued(2, build, 90))
	}).with(&s)
	p := fleet.Decide(s)
	const why = "it stopped by itself 1m0s after it came up, strike 1 of 3"
	if diff := cmp.Diff([]string{"stay build/i-1 is set back: " + why}, p.Alerts); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	want := fleet.Verdict{Code: fleet.SetBack, Detail: "pool build: machine i-1: " + why}
	if len(p.Verdicts) != 1 || p.Verdicts[0].Verdict != want {
		t.Errorf("verdicts %+v", p.Verdicts)
	}
	if rest := p.Setbacks[0].Until.Sub(s.At); rest != 3*time.Minute {
		t.Errorf("it rests for %s", rest)
	}
	if sight, ok := fleet.SightOf(s, "i-1"); !ok || sight.Why != "it stopped, and EC2 was not asked for that" {
		t.Errorf("sight %+v", sight)
	}
}
