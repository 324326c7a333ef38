package reconcile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// full is one full look, and the rows that the ledger has after it.
func (r *rig) full() []string {
	r.t.Helper()
	s := r.snapshot()
	if err := r.fullLook(r.t.Context(), &s, true); err != nil {
		r.t.Fatal(err)
	}
	return r.rows()
}

// rows are the ledger's machines and registrations in words.
func (r *rig) rows() (rows []string) {
	s := r.state()
	for _, m := range s.Machines {
		rows = append(rows, row(m))
	}
	for _, x := range s.Runners {
		line := x.Name
		if x.FirstAt.Equal(r.now) {
			line += ", new"
		}
		if x.SeenAt.Equal(r.now) {
			line += ", seen"
		}
		if x.Missed > 0 {
			line += fmt.Sprint(", missed ", x.Missed)
		}
		rows = append(rows, line)
	}
	return rows
}

func TestAFullLookWritesWhatItSaw(t *testing.T) {
	old := fleet.Machine{ID: "i-1", Pool: "arm", LaunchedAt: noon.Add(-time.Hour), State: fleet.Up}
	again, young, gone, strange := old, old, old, old
	again.Missed = 1
	young.LaunchedAt = noon.Add(time.Second - fleet.PendingFor)
	gone.State = fleet.Terminated
	strange.AdoptedAt = noon.Add(-time.Minute)
	minted := old
	minted.Scope, minted.Try, minted.RunnerID, minted.MintedAt = acme, 2, 5, noon.Add(-time.Minute)
	known := fleet.Runner{Name: "rf-f-i-1-2", ID: 5, Scope: acme, FirstAt: noon.Add(-time.Minute), SeenAt: noon.Add(-time.Minute)}
	missed, online, busy, stray := known, known, known, known
	missed.Missed = 1
	online.Online = true
	busy.Busy = true
	stray.Name, stray.ID, stray.Online = "rf-f-i-1-1", 4, true

	row := func(m fleet.Machine, xs ...fleet.Runner) fleet.Change {
		return fleet.Change{Machines: []fleet.Machine{m}, Runners: xs}
	}
	for _, tt := range []struct {
		name   string
		ledger fleet.Change
		shown  []fleet.Machine
		listed []fleet.Runner
		want   []string
	}{
		{"a machine that EC2 shows is missed no more", row(again), []fleet.Machine{old}, nil, []string{"i-1"}},
		{"one that it does not show is missed", row(old), nil, nil, []string{"i-1, missed 1"}},
		{"and missed again", row(again), nil, nil, []string{"i-1, missed 2"}},
		{"one so young that EC2 may lag is not", row(young), nil, nil, []string{"i-1"}},
		{"one that this ledger did not launch is adopted", fleet.Change{}, []fleet.Machine{old}, nil, []string{"i-1, adopted"}},
		{"one that ended is not", fleet.Change{}, []fleet.Machine{gone}, nil, nil},
		{"an online runner makes its machine ready", row(minted, known), []fleet.Machine{minted}, []fleet.Runner{online},
			[]string{"i-1, try 2, runner 5 of acme, taken, ready", "rf-f-i-1-2, seen"}},
		{"so does a busy one", row(minted, known), []fleet.Machine{minted}, []fleet.Runner{busy},
			[]string{"i-1, try 2, runner 5 of acme, taken, ready", "rf-f-i-1-2, seen"}},
		{"an offline one does not", row(minted), []fleet.Machine{minted}, []fleet.Runner{known},
			[]string{"i-1, try 2, runner 5 of acme", "rf-f-i-1-2, new, seen"}},
		{"nor does one of an earlier try", row(minted), []fleet.Machine{minted}, []fleet.Runner{stray},
			[]string{"i-1, try 2, runner 5 of acme", "rf-f-i-1-1, new, seen"}},
		{"a registration that GitHub does not list is missed", row(minted, known), []fleet.Machine{minted}, nil,
			[]string{"i-1, try 2, runner 5 of acme", "rf-f-i-1-2, missed 1"}},
		{"and missed again", row(minted, missed), []fleet.Machine{minted}, nil,
			[]string{"i-1, try 2, runner 5 of acme", "rf-f-i-1-2, missed 2"}},
		{"one that it lists again is missed no more", row(minted, missed), []fleet.Machine{minted}, []fleet.Runner{known},
			[]string{"i-1, try 2, runner 5 of acme", "rf-f-i-1-2, seen"}},
		{"an adopted machine takes over the registration that GitHub shows", row(strange, missed), []fleet.Machine{old}, []fleet.Runner{online},
			[]string{"i-1, try 2, runner 5 of acme, taken, ready, adopted", "rf-f-i-1-2, seen"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.has(tt.ledger)
			r.yard.shown, r.hub.runners = tt.shown, tt.listed
			if diff := cmp.Diff(tt.want, r.full()); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if at := instant(r.state().Marks[markLooked]); !at.Equal(noon) {
				t.Errorf("looked at %s", at)
			}
		})
	}
}

func TestASourceThatFailsLeavesItsTruthAlone(t *testing.T) {
	const old1, old2 = "i-1, try 1, runner 1 of acme, taken, ready", "i-2, try 1, runner 2 of zeta, taken, ready"
	for _, tt := range []struct {
		name   string
		with   func(*rig)
		want   []string
		looked bool
	}{
		{"all are absent when all answer", func(*rig) {},
			[]string{old1 + ", missed 1", old2 + ", missed 1", "rf-f-i-1-1, missed 1", "rf-f-i-2-1, missed 1"}, true},
		{"EC2 does not answer", func(r *rig) { r.refuse["machines"] = fleet.ErrUnknownOutcome },
			[]string{old1, old2, "rf-f-i-1-1, missed 1", "rf-f-i-2-1, missed 1"}, false},
		{"GitHub does not answer for one scope", func(r *rig) { r.refuse["runners acme"] = fleet.ErrUnknownOutcome },
			[]string{old1 + ", missed 1", old2 + ", missed 1", "rf-f-i-1-1", "rf-f-i-2-1, missed 1"}, true},
		{"GitHub limits one installation", func(r *rig) { r.refuse["runners zeta"] = limited(8) },
			[]string{old1 + ", missed 1", old2 + ", missed 1", "rf-f-i-1-1, missed 1", "rf-f-i-2-1"}, true},
		{"GitHub has limited one before", func(r *rig) { r.limit(limited(8)) },
			[]string{old1 + ", missed 1", old2 + ", missed 1", "rf-f-i-1-1, missed 1", "rf-f-i-2-1"}, true},
		{"nobody answers", func(r *rig) { r.refuse["machines"], r.refuse["runners"] = errOdd, errOdd },
			[]string{old1, old2, "rf-f-i-1-1", "rf-f-i-2-1"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.idlers(1)
			c := idle("i-2", 5*time.Minute)
			c.Machines[0].Scope, c.Runners[0].Scope = zeta, zeta
			c.Machines[0].RunnerID, c.Runners[0].ID = 2, 2
			r.has(c)
			r.yard.shown, r.hub.runners = nil, nil
			r.now = noon.Add(time.Minute)
			tt.with(r)
			if diff := cmp.Diff(tt.want, r.full()); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if looked := r.state().Marks[markLooked] != ""; looked != tt.looked {
				t.Errorf("it counts as a look: %v", looked)
			}
		})
	}
}

func TestARunnerThatComesUpIsSeenWithoutEC2(t *testing.T) {
	r := rigged(t)
	r.machines(1)
	m := r.state().Machines[0]
	m.Scope, m.Try, m.RunnerID, m.MintedAt = acme, 1, 1, noon
	r.has(fleet.Change{Machines: []fleet.Machine{m}})
	r.hub.runners = []fleet.Runner{{Name: "rf-f-i-1-1", ID: 1, Scope: acme, Online: true}}
	r.refuse["machines"] = errOdd
	if diff := cmp.Diff([]string{"i-1, try 1, runner 1 of acme, taken, ready", "rf-f-i-1-1, new, seen"}, r.full()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestWhatIsAbsentTwiceIsGone(t *testing.T) {
	for _, tt := range []struct {
		name string
		lose func(*rig)
	}{
		{"a machine", func(r *rig) { r.yard.shown = nil }},
		{"a registration, and its machine with it", func(r *rig) { r.hub.runners = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.shows(idle("i-1", time.Minute))
			r.queue(1, acme) // which the machine is kept for
			r.look()
			tt.lose(r)
			r.now = noon.Add(fullEvery)
			r.look()
			if m := r.state().Machines[0]; m.Gone() {
				t.Errorf("after one look: %s", row(m))
			}
			r.now = noon.Add(2 * fullEvery)
			r.look() // GitHub is asked whether it had the job
			r.look()
			for _, m := range r.state().Machines {
				if m.ID == "i-1" && !m.Gone() {
					t.Errorf("after two looks: %s", row(m))
				}
			}
		})
	}
}

func TestLongListsAreTakenWhole(t *testing.T) {
	r := rigged(t)
	r.idlers(250)
	r.now = noon.Add(time.Minute)
	rows := r.full()
	if len(rows) != 500 {
		t.Errorf("%d rows", len(rows))
	}
	for _, line := range rows {
		if strings.Contains(line, "missed") || !strings.Contains(line, "ready") && !strings.Contains(line, "seen") {
			t.Errorf("row %s", line)
		}
	}
}
