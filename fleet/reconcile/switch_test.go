package reconcile

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// standing turns the rig's pool into a standing one of three machines for
// acme, and puts them there: each is registered and online, and EC2 shows it.
func standing(t *testing.T) *rig {
	t.Helper()
	r := rigged(t)
	pools := fleet.Fleet{Name: "f", Pools: []fleet.Pool{{
		Name: "arm", Labels: arm, Max: 3, Lifetime: fleet.Standing, Account: "acme", Prepared: true,
	}}}
	r.Fleet = func() fleet.Fleet { return pools }
	var c fleet.Change
	for i, id := range []fleet.MachineID{"i-1", "i-2", "i-3"} {
		m := fleet.Machine{
			ID: id, Pool: "arm", Template: "lt-1:1", Standing: true, Offer: odA, LaunchedAt: noon.Add(-time.Hour), State: fleet.Up, SeenAt: noon,
			Scope: acme, Try: 1, RunnerID: int64(i + 1), MintedAt: noon.Add(-time.Hour), ReadyAt: noon.Add(-time.Hour), Taken: true,
		}
		x := fleet.Runner{
			Name: fleet.RunnerName("f", id, 1), ID: int64(i + 1), Scope: acme, Online: true, FirstAt: m.MintedAt, SeenAt: noon, OnlineAt: noon,
		}
		c.Machines, c.Runners = append(c.Machines, m), append(c.Runners, x)
		r.yard.shown, r.hub.runners = append(r.yard.shown, m), append(r.hub.runners, x)
	}
	r.hub.next = 3
	r.has(c)
	return r
}

// down has the machines stopped since half an hour.
func (r *rig) down() {
	rows := r.state().Machines
	for i := range rows {
		rows[i].State, rows[i].StoppedAt = fleet.Stopped, r.now.Add(-30*time.Minute)
		r.yard.shown[i].State, r.hub.runners[i].Online = fleet.Stopped, false
	}
	r.has(fleet.Change{Machines: rows})
}

func stops(ids ...fleet.MachineID) (ins []fleet.Intent) {
	for _, id := range ids {
		ins = append(ins, fleet.Intent{ID: fleet.IntentID("s" + id), Tries: 1, Stop: &fleet.Stop{Machine: id, Scope: acme, Name: fleet.RunnerName("f", id, 1)}})
	}
	return ins
}

func starts(ids ...fleet.MachineID) (ins []fleet.Intent) {
	for _, id := range ids {
		ins = append(ins, fleet.Intent{ID: fleet.IntentID("s" + id), Tries: 1, Start: &fleet.Start{Machine: id, Offer: odA}})
	}
	return ins
}

func TestAStopLeavesMachinesThatGitHubShowsBusy(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*rig)
		did  []string
		told []string
	}{
		{"all are free, and stopped in one call", func(*rig) {}, []string{"stop i-1 i-2"}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, stopped", "i-2, try 1, runner 2 of acme, taken, ready, stopped",
		}},
		{"that one was not up yet is no fault of its", func(r *rig) {
			rows := r.state().Machines[:1]
			rows[0].ReadyAt = time.Time{}
			r.has(fleet.Change{Machines: rows})
		}, []string{"stop i-1 i-2"}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, stopped", "i-2, try 1, runner 2 of acme, taken, ready, stopped",
		}},
		{"one is busy", func(r *rig) { r.hub.runners[0].Busy = true }, []string{"stop i-2"}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, tried", "i-2, try 1, runner 2 of acme, taken, ready, stopped",
		}},
		{"an offline one is free", func(r *rig) { r.hub.runners[0].Online = false }, []string{"stop i-1 i-2"}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, stopped", "i-2, try 1, runner 2 of acme, taken, ready, stopped",
		}},
		{"of one that GitHub does not list nobody knows", func(r *rig) { r.hub.runners = r.hub.runners[1:] }, []string{"stop i-2"}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, tried", "i-2, try 1, runner 2 of acme, taken, ready, stopped",
		}},
		{"GitHub does not answer", func(r *rig) { r.refuse["runners"] = errOdd }, []string{}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, tried", "i-2, try 1, runner 2 of acme, taken, ready, tried",
		}},
		{"EC2 does something else with one", func(r *rig) { r.refuse["stop i-1"] = fleet.ErrState }, []string{"stop i-1 i-2"}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, tried", "i-2, try 1, runner 2 of acme, taken, ready, stopped",
		}},
		{"EC2 does not answer, and it is sent again", func(r *rig) { r.lose["stop"] = fleet.ErrUnknownOutcome }, []string{"stop i-1 i-2"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := standing(t)
			tt.with(r)
			o := r.act(t.Context(), r.snapshot(), stops("i-1", "i-2"))
			got := told(o)
			if diff := cmp.Diff(tt.did, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.told, got, sortedLines); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

var sortedLines = cmp.Transformer("sorted", func(lines []string) []string { return slices.Sorted(slices.Values(lines)) })

func TestAStartIsASetbackOfItsOfferWhereThereIsNoRoom(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*rig)
		told []string
	}{
		{"both start, and one that had stopped itself is one that did not", func(r *rig) {
			rows := r.state().Machines[:1]
			rows[0].Unasked = true
			r.has(fleet.Change{Machines: rows})
		}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, started", "i-2, try 1, runner 2 of acme, taken, started",
		}},
		{"there is room for one", func(r *rig) { r.refuse["start i-2"] = fleet.ErrNoCapacity }, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, started", "i-2, try 1, runner 2 of acme, taken, ready, stopped, tried",
			"strike 1 offer c7g.large/a/on-demand",
		}},
		{"the account may have no more", func(r *rig) { r.refuse["start"] = fleet.ErrQuota }, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, stopped, tried",
			"i-2, try 1, runner 2 of acme, taken, ready, stopped, tried", "strike 1 offer c7g.large/a/on-demand",
		}},
		{"throttled starts wait with the launches", func(r *rig) { r.refuse["start"] = fleet.ErrThrottled }, []string{"settle si-1", "settle si-2"}},
		{"one is still being stopped", func(r *rig) { r.refuse["start i-1"] = fleet.ErrState }, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, ready, stopped, tried", "i-2, try 1, runner 2 of acme, taken, started",
		}},
		{"EC2 does not answer, and it is sent again", func(r *rig) { r.lose["start"] = fleet.ErrUnknownOutcome }, nil},
		{"a success clears the offer", func(r *rig) {
			r.has(fleet.Change{Setbacks: []fleet.Setback{{Key: fleet.OfferKey(odA), Strikes: 1, At: noon.Add(-time.Hour), Until: noon.Add(-time.Minute)}}})
		}, []string{
			"settle si-1", "settle si-2", "i-1, try 1, runner 1 of acme, taken, started", "i-2, try 1, runner 2 of acme, taken, started",
			"clear offer c7g.large/a/on-demand", "clear offer c7g.large/a/on-demand",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := standing(t)
			r.down()
			tt.with(r)
			o := r.act(t.Context(), r.snapshot(), starts("i-1", "i-2"))
			if diff := cmp.Diff(tt.told, told(o), sortedLines); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"start i-1 i-2"}, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if err := r.record(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStartsOfOneOfferAreOneCall(t *testing.T) {
	r := standing(t)
	r.down()
	ins := starts("i-1", "i-2", "i-3")
	ins[1].Start.Offer = spotB
	r.act(t.Context(), r.snapshot(), ins)
	if diff := cmp.Diff([]string{"start i-1 i-3", "start i-2"}, r.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAFleetThatIsStoppedIsLookedAtSeldom(t *testing.T) {
	r := standing(t)
	s := r.snapshot()
	r.memory.swept = r.now
	if got := r.pause(s); got != fullEvery {
		t.Errorf("while machines run: %s", got)
	}
	r.down()
	for i := range r.hub.runners {
		x := r.state().Runners[i]
		x.Online = false
		r.has(fleet.Change{Runners: []fleet.Runner{x}})
	}
	if got := r.pause(r.snapshot()); got != restEvery {
		t.Errorf("while all are stopped: %s", got)
	}
	r.queue(1, acme)
	if got := r.pause(r.snapshot()); got != fullEvery {
		t.Errorf("while a job waits: %s", got)
	}
}

func TestAStandingMachineIsLaunchedAndEnrolledOnceForItsAccount(t *testing.T) {
	r := rigged(t)
	f := fleet.Fleet{Name: "f", Pools: []fleet.Pool{{
		Name: "arm", Labels: arm, Max: 1, Lifetime: fleet.Standing, Account: "acme", Prepared: true,
	}}}
	r.Fleet = func() fleet.Fleet { return f }
	r.due = r.now
	r.play(20 * time.Minute)
	want := []string{"launch 1 on-demand", "mint rf-f-i-1-1", "put i-1"}
	if got := r.asked(); !slices.Equal(got[:min(3, len(got))], want) {
		t.Errorf("calls %q", got)
	}
	m := r.yard.sent[0].Launch
	if !m.Standing {
		t.Errorf("launch %+v", m)
	}
}

func TestTheBootOfAStartedMachineTeachesNothing(t *testing.T) {
	r := standing(t)
	s := r.state()
	for i := range s.Machines {
		s.Machines[i].StartedAt, s.Machines[i].ReadyAt = noon.Add(-20*time.Second), noon
	}
	if _, marks := learnBoots(s, r.Fleet()); len(marks) > 0 {
		t.Errorf("learnt %v", marks)
	}
}

func TestWhatAnotherProcessReservedIsDoneOnce(t *testing.T) {
	r := standing(t)
	r.down()
	r.lose["start"] = errors.Join(fleet.ErrUnknownOutcome)
	r.due = r.now
	r.play(10 * time.Second)
	first := r.asked()
	delete(r.lose, "start")
	r.play(2 * time.Minute)
	again := r.asked()
	if diff := cmp.Diff([][]string{{"start i-1 i-2 i-3"}, {"start i-1 i-2 i-3"}}, [][]string{first, again}); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if open := r.state().Intents; len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
}
