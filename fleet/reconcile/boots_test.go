package reconcile

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestABootEstimateDoesNotFeedOnItself(t *testing.T) {
	for _, tt := range []struct {
		name                string
		minted, shown, want time.Duration // since the launch
	}{
		{"a runner that was waiting booted in less than the estimate", 45 * time.Second, 50 * time.Second, 22500 * time.Millisecond},
		{"a runner that came later says how long it took", 45 * time.Second, 90 * time.Second, 90 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := fleet.Machine{LaunchedAt: noon, MintedAt: noon.Add(tt.minted)}
			if got := boot(m, noon.Add(tt.shown)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestABootEstimateIsTheMedianOfTwenty(t *testing.T) {
	// booted is a machine that was minted for at once and took so long.
	booted := func(i int, took time.Duration) fleet.Machine {
		return fleet.Machine{
			ID: fleet.MachineID(fmt.Sprint("i-", i)), Pool: "arm", LaunchedAt: noon, MintedAt: noon, Try: 1, ReadyAt: noon.Add(took),
		}
	}
	many := func(n int, change func(i int, m *fleet.Machine)) (s fleet.State) {
		for i := range n {
			m := booted(i+1, time.Duration(30+i)*time.Second)
			change(i, &m)
			s.Machines = append(s.Machines, m)
		}
		return s
	}
	as := func(int, *fleet.Machine) {}
	for _, tt := range []struct {
		name  string
		state fleet.State
		want  map[string]time.Duration
	}{
		{"nineteen are too few", many(19, as), map[string]time.Duration{}},
		{"twenty make one", many(20, as), map[string]time.Duration{"arm": 40 * time.Second}},
		{"only the last twenty count", many(40, as), map[string]time.Duration{"arm": 60 * time.Second}},
		{"pools are learned apart", many(20, func(i int, m *fleet.Machine) {
			if i%2 == 0 {
				m.Pool = "x64"
			}
		}), map[string]time.Duration{}},
		{"an adopted machine says nothing", many(20, func(i int, m *fleet.Machine) {
			if i == 0 {
				m.AdoptedAt = noon
			}
		}), map[string]time.Duration{}},
		{"one whose runner was not seen says nothing", many(20, func(i int, m *fleet.Machine) {
			if i == 0 {
				m.ReadyAt = time.Time{}
			}
		}), map[string]time.Duration{}},
		{"a job's start is a sign too", func() fleet.State {
			s := many(20, func(_ int, m *fleet.Machine) { m.ReadyAt = noon.Add(time.Hour) })
			for _, m := range s.Machines {
				s.Jobs = append(s.Jobs, fleet.Job{Runner: fleet.RunnerName("f", m.ID, 1), StartedAt: noon.Add(25 * time.Second)})
			}
			return s
		}(), map[string]time.Duration{"arm": 25 * time.Second}},
		{"the first sign counts", func() fleet.State {
			s := many(20, as)
			for _, m := range s.Machines {
				s.Jobs = append(s.Jobs, fleet.Job{Runner: fleet.RunnerName("f", m.ID, 1), StartedAt: noon.Add(time.Hour)})
			}
			return s
		}(), map[string]time.Duration{"arm": 40 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &Reconciler{}
			for range 2 { // a machine is learned from once
				if diff := cmp.Diff(tt.want, r.learnBoots(tt.state, "f")); diff != "" {
					t.Errorf("estimates (-want +got):\n%s", diff)
				}
			}
		})
	}
}
