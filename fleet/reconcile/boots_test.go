package reconcile

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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
			if got := tookAtMost(m, noon.Add(tt.shown)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// booted is a machine of pool arm that was minted for at once and took so many
// seconds.
func booted(i, took int) fleet.Machine {
	return fleet.Machine{
		ID: fleet.MachineID(fmt.Sprint("i-", i)), Pool: "arm", LaunchedAt: noon, MintedAt: noon, Try: 1, ReadyAt: noon.Add(time.Duration(took) * time.Second),
	}
}

// manyBooted took 30, 31, 32 seconds and so on, each changed by a function.
func manyBooted(n int, change func(i int, m *fleet.Machine)) (s fleet.State) {
	for i := range n {
		m := booted(i+1, 30+i)
		change(i, &m)
		s.Machines = append(s.Machines, m)
	}
	return s
}

var twoPools = fleet.Fleet{Name: "f", Pools: []fleet.Pool{{Name: "arm"}, {Name: "x64"}}}

// learnt is what a state teaches, and the state with the marks of it.
func learnt(s fleet.State) (map[string]time.Duration, fleet.State) {
	estimates, marks := learnBoots(s, twoPools)
	s.Marks = maps.Clone(s.Marks)
	if s.Marks == nil {
		s.Marks = map[string]string{}
	}
	for name, text := range marks {
		if s.Marks[name] = text; text == "" {
			delete(s.Marks, name)
		}
	}
	return estimates, s
}

func TestABootEstimateIsTheMedianOfTwenty(t *testing.T) {
	as := func(int, *fleet.Machine) {}
	none := map[string]time.Duration{}
	for _, tt := range []struct {
		name  string
		state fleet.State
		want  map[string]time.Duration
	}{
		{"nineteen are too few", manyBooted(19, as), none},
		{"twenty make one", manyBooted(20, as), map[string]time.Duration{"arm": 40 * time.Second}},
		{"only the last twenty count", manyBooted(40, as), map[string]time.Duration{"arm": 60 * time.Second}},
		{"pools are learned apart", manyBooted(20, func(i int, m *fleet.Machine) {
			if i%2 == 0 {
				m.Pool = "x64"
			}
		}), none},
		{"an adopted machine says nothing", manyBooted(20, func(i int, m *fleet.Machine) {
			if i == 0 {
				m.AdoptedAt = noon
			}
		}), none},
		{"one whose runner was not seen says nothing", manyBooted(20, func(i int, m *fleet.Machine) {
			if i == 0 {
				m.ReadyAt = time.Time{}
			}
		}), none},
		{"a job's start is a sign too", func() fleet.State {
			s := manyBooted(20, func(_ int, m *fleet.Machine) { m.ReadyAt = noon.Add(time.Hour) })
			for _, m := range s.Machines {
				s.Jobs = append(s.Jobs, fleet.Job{Runner: fleet.RunnerName("f", m.ID, 1), StartedAt: noon.Add(25 * time.Second)})
			}
			return s
		}(), map[string]time.Duration{"arm": 25 * time.Second}},
		{"the first sign counts", func() fleet.State {
			s := manyBooted(20, as)
			for _, m := range s.Machines {
				s.Jobs = append(s.Jobs, fleet.Job{Runner: fleet.RunnerName("f", m.ID, 1), StartedAt: noon.Add(time.Hour)})
			}
			return s
		}(), map[string]time.Duration{"arm": 40 * time.Second}},
		{"a machine's own word is exact", func() fleet.State {
			s := manyBooted(20, func(_ int, m *fleet.Machine) {
				m.MintedAt, m.ReadyAt = noon.Add(45*time.Second), noon.Add(50*time.Second)
			})
			for _, m := range s.Machines {
				s.Reports = append(s.Reports, fleet.Report{Machine: m.ID, Kind: fleet.ReportReady, At: noon.Add(17 * time.Second)})
			}
			return s
		}(), map[string]time.Duration{"arm": 17 * time.Second}},
		{"also of one that nobody needs", func() fleet.State {
			s := manyBooted(20, func(_ int, m *fleet.Machine) { m.MintedAt, m.ReadyAt = time.Time{}, time.Time{} })
			for _, m := range s.Machines {
				s.Reports = append(s.Reports, fleet.Report{Machine: m.ID, Kind: fleet.ReportReady, At: noon.Add(17 * time.Second)})
			}
			return s
		}(), map[string]time.Duration{"arm": 17 * time.Second}},
		{"but not by a clock that is behind", func() fleet.State {
			s := manyBooted(20, as)
			for _, m := range s.Machines {
				s.Reports = append(s.Reports, fleet.Report{Machine: m.ID, Kind: fleet.ReportReady, At: noon.Add(-time.Hour)})
			}
			return s
		}(), map[string]time.Duration{"arm": 40 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			state := tt.state
			for _, look := range []string{"the first look", "the next, with its marks"} {
				var got map[string]time.Duration
				got, state = learnt(state)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: estimates (-want +got):\n%s", look, diff)
				}
			}
			if _, marks := learnBoots(state, twoPools); len(marks) > 0 {
				t.Errorf("what is written already is written again: %v", marks)
			}
		})
	}
}

func TestWhatBootsTaughtOutlivesTheirMachinesAndWhoeverLooked(t *testing.T) {
	as := func(int, *fleet.Machine) {}
	var state fleet.State
	for i := range 4 { // each look sees five machines, and the last look's are gone
		some := manyBooted(20, as).Machines[5*i : 5*i+5]
		state.Machines = some
		_, state = learnt(state)
	}
	state.Machines = nil
	got, state := learnt(state)
	if diff := cmp.Diff(map[string]time.Duration{"arm": 40 * time.Second}, got); diff != "" {
		t.Errorf("estimates (-want +got):\n%s", diff)
	}
	if n := len(state.Marks[markBoots+"arm"]); n > 1000 {
		t.Errorf("the mark has %d bytes", n)
	}
	// Later signs of a machine that is known, or was dropped for newer ones, are no
	// other boots.
	state.Machines = manyBooted(25, as).Machines[20:]
	_, state = learnt(state)
	state.Machines = []fleet.Machine{booted(25, 3000), booted(1, 33)}
	if got, _ := learnt(state); got["arm"] != 45*time.Second {
		t.Errorf("estimates %v", got)
	}
	state.Marks[markBoots+"old"], state.Marks["looked"] = "i-1,1,1", "x"
	state.Machines = nil
	if _, state = learnt(state); state.Marks[markBoots+"old"] != "" || state.Marks["looked"] != "x" {
		t.Errorf("marks %v: that of a pool that left the file stays", state.Marks)
	}
}

func TestAMarkOfBootsIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var want []boot
		for i := range rapid.IntRange(0, 25).Draw(r, "boots") {
			want = append(want, boot{
				fleet.MachineID(fmt.Sprint("i-", i)), time.UnixMilli(rapid.Int64Range(0, 1<<41).Draw(r, "at")).UTC(),
				time.Duration(rapid.Int64Range(0, 1<<32).Draw(r, "took")) * time.Millisecond,
			})
		}
		if diff := cmp.Diff(want, bootsOf(bootsText(want)), cmp.AllowUnexported(boot{})); diff != "" {
			t.Fatalf("boots (-want +got):\n%s", diff)
		}
	})
	if got := bootsOf("i-1 i-2,1 i-3,x,1 i-4,1,x i-5,1,2,3 i-6,1000,2000"); len(got) != 1 || got[0].machine != "i-6" || got[0].took != 2*time.Second {
		t.Errorf("of what is no mark: %v", got)
	}
}
