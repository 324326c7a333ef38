package reconcile

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// ending is an intent to end the idle machine of a number.
func ending(n int, e fleet.End) fleet.Intent {
	e.Machine = fleet.MachineID(fmt.Sprint("i-", n))
	return fleet.Intent{ID: fleet.IntentID(fmt.Sprint("e", n)), Tries: 1, Reason: "idle", End: &e}
}

// idlers are so many machines whose runners wait, numbered alike.
func (r *rig) idlers(n int) {
	for i := range n {
		c := idle(fmt.Sprint("i-", i+1), 5*time.Minute)
		c.Machines[0].RunnerID, c.Runners[0].ID = int64(i+1), int64(i+1)
		r.shows(c)
	}
}

func TestWhatComesOfAnEnd(t *testing.T) {
	own := fleet.End{Scope: acme, RunnerID: 1}
	forced := fleet.End{Scope: acme, RunnerID: 1, Force: true}
	absent := fleet.End{Scope: acme, RunnerID: 1, Absent: true}
	ended := []string{"settle e1", "i-1, try 1, taken, ended: idle", "ended rf-f-i-1-1"}
	refused := []string{"settle e1", "i-1, try 1, runner 1 of acme, taken, ready, tried"}
	kept := []string{"settle e1", "i-1, try 1, taken, ended: idle", "tried rf-f-i-1-1"}
	refuse := func(verb string, err error) func(*rig) { return func(r *rig) { r.refuse[verb] = err } }
	unread := func(r *rig) {
		m := r.state().Machines[0]
		m.Taken, m.ReadyAt = false, time.Time{}
		r.has(fleet.Change{Machines: []fleet.Machine{m}})
		r.shelf.configs["i-1"] = noon
	}
	for _, tt := range []struct {
		name  string
		with  func(*rig)
		end   fleet.End
		asked []string
		want  []string
	}{
		{"GitHub agrees, then EC2 ends it", func(*rig) {}, own, []string{"remove 1", "end i-1"}, ended},
		{"a registration that is gone is as good", refuse("remove", fleet.ErrAbsent), own, []string{"remove 1", "end i-1"}, ended},
		{"a busy runner keeps its machine", func(r *rig) { r.hub.runners[0].Busy = true }, own, []string{"remove 1"}, refused},
		{"without an answer of GitHub's it is kept", refuse("remove", fleet.ErrUnknownOutcome), own, []string{"remove 1"}, refused},
		{"with an error of no meaning it is kept", refuse("remove", errOdd), own, []string{"remove 1"}, refused},
		{"while GitHub limits the installation it is kept", refuse("remove", limited(7)), own, []string{"remove 1"}, refused},
		{"one that must go goes although its runner is busy, whose row stays", func(r *rig) { r.hub.runners[0].Busy = true }, forced, []string{"remove 1", "end i-1"}, kept},
		{"one that must go goes without an answer", refuse("remove", fleet.ErrUnknownOutcome), forced, []string{"remove 1", "end i-1"}, kept},
		{"a busy runner that no full look showed gets a row then", func(r *rig) {
			r.hub.runners[0].Busy = true
			r.has(fleet.Change{Ended: []string{"rf-f-i-1-1"}})
		}, forced, []string{"remove 1", "end i-1"}, kept},
		{"one whose job is done is ended without asking GitHub", func(*rig) {}, fleet.End{Force: true}, []string{"end i-1"}, ended},
		{"one that EC2 does not end is tried again later", refuse("end", fleet.ErrThrottled), own, []string{"remove 1", "end i-1"}, refused},
		{"one that EC2 knows no more is ended", refuse("end", fleet.ErrAbsent), own, []string{"remove 1", "end i-1"}, ended},
		{"one that EC2 may not know yet is tried again later", func(r *rig) {
			m := r.state().Machines[0]
			m.LaunchedAt, m.SeenAt = noon.Add(time.Second-fleet.PendingFor), time.Time{}
			r.has(fleet.Change{Machines: []fleet.Machine{m}})
			r.refuse["end"] = fleet.ErrAbsent
		}, own, []string{"remove 1", "end i-1"}, refused},
		{"one that EC2 never showed, and should by now, is ended", func(r *rig) {
			m := r.state().Machines[0]
			m.LaunchedAt, m.SeenAt = noon.Add(-fleet.PendingFor), time.Time{}
			r.has(fleet.Change{Machines: []fleet.Machine{m}})
			r.refuse["end"] = fleet.ErrAbsent
		}, own, []string{"remove 1", "end i-1"}, ended},
		{"a config that nobody took goes last", unread, own, []string{"remove 1", "end i-1", "withdraw i-1"}, ended},
		{"a config that cannot be withdrawn now is remembered", func(r *rig) {
			unread(r)
			r.refuse["withdraw"] = fleet.ErrThrottled
		}, own, []string{"remove 1", "end i-1", "withdraw i-1"}, []string{"settle e1", "i-1, try 1, ended: idle", "ended rf-f-i-1-1"}},
		{"one that was registered twice may have left a second config", func(r *rig) {
			m := r.state().Machines[0]
			m.ResentAt = noon
			r.has(fleet.Change{Machines: []fleet.Machine{m}})
			r.shelf.configs["i-1"] = noon
		}, own, []string{"remove 1", "end i-1", "withdraw i-1"}, ended},
		{"of one that is gone the traces go, and its row", func(*rig) {}, absent, []string{"remove 1", "withdraw i-1"},
			[]string{"settle e1", "forget i-1", "ended rf-f-i-1-1"}},
		{"its row stays while a trace does", refuse("withdraw", fleet.ErrThrottled), absent, []string{"remove 1", "withdraw i-1"},
			[]string{"settle e1", "i-1, try 1, tried, ended: idle", "ended rf-f-i-1-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.idlers(1)
			tt.with(r)
			if diff := cmp.Diff(tt.want, r.acted(ending(1, tt.end))); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEndsTogether(t *testing.T) {
	own := func(n int) fleet.Intent { return ending(n, fleet.End{Scope: acme, RunnerID: int64(n)}) }
	gone := own(3)
	gone.End.Absent = true
	for _, tt := range []struct {
		name  string
		with  func(*rig)
		asked []string
		want  []string
	}{
		{"are one call to EC2, without what is gone", func(*rig) {},
			[]string{"remove 1", "remove 2", "remove 3", "end i-1 i-2", "withdraw i-3"},
			[]string{
				"settle e1", "settle e2", "settle e3", "i-1, try 1, taken, ended: idle", "i-2, try 1, taken, ended: idle", "forget i-3",
				"ended rf-f-i-1-1", "ended rf-f-i-2-1", "ended rf-f-i-3-1",
			}},
		{"do not wait for one that is busy", func(r *rig) { r.hub.runners[0].Busy = true },
			[]string{"remove 1", "remove 2", "remove 3", "end i-2", "withdraw i-3"},
			[]string{
				"settle e1", "settle e2", "settle e3", "i-1, try 1, runner 1 of acme, taken, ready, tried", "i-2, try 1, taken, ended: idle", "forget i-3",
				"ended rf-f-i-2-1", "ended rf-f-i-3-1",
			}},
		{"that EC2 refuses keep no traces of what is gone", func(r *rig) { r.refuse["end"] = fleet.ErrThrottled },
			[]string{"remove 1", "remove 2", "remove 3", "end i-1 i-2", "withdraw i-3"},
			[]string{
				"settle e1", "settle e2", "settle e3", "i-1, try 1, runner 1 of acme, taken, ready, tried", "i-2, try 1, runner 2 of acme, taken, ready, tried",
				"forget i-3", "ended rf-f-i-3-1",
			}},
		{"go on without one that EC2 refuses", func(r *rig) { r.refuse["end i-1"] = fleet.ErrState },
			[]string{"remove 1", "remove 2", "remove 3", "end i-1 i-2", "withdraw i-3"},
			[]string{
				"settle e1", "settle e2", "settle e3", "i-1, try 1, runner 1 of acme, taken, ready, tried", "i-2, try 1, taken, ended: idle", "forget i-3",
				"ended rf-f-i-2-1", "ended rf-f-i-3-1",
			}},
		{"ask a limited installation once", func(r *rig) { r.refuse["remove"] = limited(7) },
			[]string{"remove 1"},
			[]string{
				"settle e1", "settle e2", "settle e3", "i-1, try 1, runner 1 of acme, taken, ready, tried",
				"i-2, try 1, runner 2 of acme, taken, ready, tried", "i-3, try 1, runner 3 of acme, taken, ready, tried",
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.idlers(3)
			tt.with(r)
			if diff := cmp.Diff(tt.want, r.acted(own(1), own(2), gone)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEndThatIsRefusedIsTriedOnceAMinute(t *testing.T) {
	for _, verb := range []string{"remove", "end"} {
		t.Run(verb, func(t *testing.T) {
			r := rigged(t)
			r.idlers(1)
			r.refuse[verb] = fleet.ErrUnknownOutcome
			r.play(3*time.Minute - time.Second)
			n := 0
			for _, line := range r.asked() {
				if line == "remove 1" {
					n++
				}
			}
			if n != 3 {
				t.Errorf("GitHub was asked %d times in three minutes", n)
			}
			if verb == "remove" && r.yard.shown[0].State != fleet.Up {
				t.Error("ended without GitHub's agreement")
			}
		})
	}
}

func TestASweepGoesOnWhenAPartOfItFails(t *testing.T) {
	sweep := &fleet.Sweep{Parameters: []fleet.MachineID{"i-8", "i-9"}, EC2Fleets: []string{"fleet-1"}, Templates: []string{"lt-1"}}
	for _, tt := range []struct {
		name, refuse string
		sweep        *fleet.Sweep
		want         []string
	}{
		{"everything goes", "", sweep, []string{"withdraw i-8", "withdraw i-9", "sweep fleet-1 lt-1"}},
		{"a config that stays keeps nothing else", "withdraw i-8", sweep, []string{"withdraw i-8", "withdraw i-9", "sweep fleet-1 lt-1"}},
		{"an EC2 that refuses is for the next sweep", "sweep", sweep, []string{"withdraw i-8", "withdraw i-9", "sweep fleet-1 lt-1"}},
		{"EC2 is not asked about nothing", "", &fleet.Sweep{Parameters: []fleet.MachineID{"i-8"}}, []string{"withdraw i-8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.refuse[tt.refuse] = errOdd
			if diff := cmp.Diff([]string{"settle s"}, r.acted(fleet.Intent{ID: "s", Tries: 1, Sweep: tt.sweep})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
