package fleet_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestASightSaysThePhaseAndWhy(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot)
		want string
	}{
		{"a machine that EC2 terminated", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 600)
			m.State = fleet.Terminated
			put(s, m)
		}, "gone: EC2 shows it terminated"},
		{"one that is absent twice", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 600)
			m.Missed = 2
			put(s, m)
		}, "gone: two full looks did not show it"},
		{"one that is absent twice and too new to be missed", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 60)
			m.Missed = 2
			put(s, m)
		}, "ready: its image is prepared"},
		{"one that boots", func(s *fleet.Snapshot) { put(s, machine("i-1", "x64", 20)) }, "booting: its pool's boot estimate has not passed"},
		{"one whose agent asks for a config already", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "x64", 20))
			report(s, "i-1", fleet.ReportReady, "", 1)
		}, "ready: its agent asks for a config"},
		{"one that was ended", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 600)
			m.EndedAt = ago(5)
			put(s, m)
		}, "ending: EC2 was asked to end it"},
		{"one that shuts down", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 600)
			m.State = fleet.ShuttingDown
			put(s, m)
		}, "ending: EC2 ends it by itself"},
		{"one with a job", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 600), 500, 400)
			wait(s, on(queued(1, arms, 700), fleet.Running, "i-1", 300))
		}, "busy: a job runs on it"},
		{"one with a job that nobody announced", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 600), 500, 400)
			r.Busy = true
			put(s, m, r)
		}, "busy: GitHub says that its runner is busy"},
		{"one whose job is done", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 600), 500, 400)
			wait(s, on(queued(1, arms, 700), fleet.Done, "i-1", 30))
		}, "finished: its job is done"},
		{"one whose registration is absent twice", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 600), 500, 400)
			r.Missed = 2
			put(s, m, r)
		}, "lost: two full looks did not show its registration"},
		{"one whose runner went away", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 600), 500, 400)
			r.Online = false
			put(s, m, r)
		}, "lost: its runner was online and is not any more"},
		{"one that waits for a job", func(s *fleet.Snapshot) { putMinted(s, machine("i-1", "arm", 600), 500, 400) }, "idle: its runner listens for a job"},
		{"one whose runner was not seen", func(s *fleet.Snapshot) { putMinted(s, machine("i-1", "arm", 600), 500, 0) }, "registering: its runner was not seen online yet"},
		{"a new one of a stock image", func(s *fleet.Snapshot) { put(s, machine("i-1", "x64", 44)) }, "booting: its pool's boot estimate has not passed"},
		{"an older one of a stock image", func(s *fleet.Snapshot) { put(s, machine("i-1", "x64", 45)) }, "ready: its pool's boot estimate has passed"},
		{"one whose pool is known to boot slowly", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "x64", 60))
			s.Boots = map[string]time.Duration{"x64": 90 * time.Second}
		}, "booting: its pool's boot estimate has not passed"},
		{"one whose pool left the file", func(s *fleet.Snapshot) { put(s, machine("i-1", "old", 10)) }, "ready: its pool left the fleet file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			tt.with(&s)
			got, ok := fleet.SightOf(s, "i-1")
			if text := fmt.Sprintf("%s: %s", got.Phase, got.Why); !ok || text != tt.want {
				t.Errorf("%q, known %v, want %q", text, ok, tt.want)
			}
		})
	}
}

// crowded is a fleet in which i-1 is not alone, and not all is about it.
func crowded() fleet.Snapshot {
	s := base()
	m, r := minted(machine("i-1", "arm", 600), 500, 400)
	m.Intent = "launched-it"
	put(&s, m, r)
	other, r2 := minted(machine("i-2", "x64", 600), 500, 400)
	other.Offer = odA
	put(&s, other, r2)
	put(&s, machine("i-3", "arm", 600))
	wait(&s, on(queued(1, arms, 700), fleet.Running, "i-1", 300), on(queued(2, x64, 700), fleet.Running, "i-2", 300))
	for _, in := range []fleet.Intent{
		{ID: "launched-it", Launch: &fleet.Launch{Pool: "arm", Count: 1}}, {ID: "launches", Launch: &fleet.Launch{Pool: "arm", Count: 1}},
		{ID: "ends-it", End: &fleet.End{Machine: "i-1"}}, {ID: "ends", End: &fleet.End{Machine: "i-2"}},
		{ID: "mints-it", Mint: &fleet.Mint{Machine: "i-1", Scope: acme}}, {ID: "withdraws-it", Withdraw: &fleet.Withdraw{Machine: "i-1"}},
		{ID: "removes-its", Remove: &fleet.Remove{Name: "rf-f-i-1-1"}}, {ID: "removes", Remove: &fleet.Remove{Name: "rf-f-i-2-1"}},
		{ID: "sweeps-its", Sweep: &fleet.Sweep{Parameters: []fleet.MachineID{"i-9", "i-1"}}}, {ID: "sweeps", Sweep: &fleet.Sweep{EC2Fleets: []string{"i-1"}}},
	} {
		in.ReservedAt = ago(5)
		s.State.Intents = append(s.State.Intents, in)
	}
	for _, k := range []fleet.SetbackKey{
		fleet.OfferKey(spotA), fleet.OfferKey(odA), fleet.BootKey("arm", "lt-1:1"), fleet.BootKey("arm", "lt-0:1"), fleet.LaunchKey("arm", "lt-1:1"),
		fleet.StayKey("arm", "i-1"), fleet.StayKey("arm", "i-2"), fleet.LaunchKey("x64", "lt-1:1"), fleet.MintKey("arm", acme), fleet.MintKey("arm", fleet.Scope{Owner: "other"}), fleet.MintKey("x64", acme),
		fleet.ClassKey(fleet.Class{Scope: acme, Labels: arms}), fleet.ClassKey(fleet.Class{Scope: acme, Labels: x64}),
		fleet.ClassKey(fleet.Class{Scope: fleet.Scope{Owner: "other"}, Labels: arms}),
	} {
		holds(&s, k)
	}
	for _, o := range []struct {
		kind    fleet.OrderKind
		subject string
	}{
		{fleet.Hold, "i-1"}, {fleet.Drain, "i-2"}, {fleet.Pause, ""}, {fleet.Pause, "arm"}, {fleet.Pause, "x64"}, {fleet.Pause, "i-1"}, {fleet.KeepOpen, "arm"},
	} {
		order(&s, o.kind, o.subject)
	}
	over := fleet.Order{ID: "over", Kind: fleet.Drain, Subject: "i-1", Until: ago(1)}
	s.State.Orders = append(s.State.Orders, over)
	return s
}

// about is what a sight holds, by name.
func about(t *testing.T, id fleet.MachineID) (all []string) {
	t.Helper()
	got, ok := fleet.SightOf(crowded(), id)
	if !ok {
		t.Fatalf("%s is not known", id)
	}
	if got.Job != nil {
		all = append(all, fmt.Sprint("job ", got.Job.Key.ID))
	}
	if got.Runner != nil {
		all = append(all, "runner "+got.Runner.Name)
	}
	for _, in := range got.Intents {
		all = append(all, "intent "+string(in.ID))
	}
	for _, b := range got.Setbacks {
		all = append(all, fmt.Sprintf("%s %s", b.Key.Kind, b.Key.Subject))
	}
	for _, o := range got.Orders {
		all = append(all, fmt.Sprintf("order %s %s", o.Kind, o.Subject))
	}
	return all
}

func TestASightHoldsWhatTouchesTheMachineAndNothingElse(t *testing.T) {
	for id, want := range map[fleet.MachineID][]string{
		"i-1": {
			"job 1", "runner rf-f-i-1-1",
			"intent ends-it", "intent launched-it", "intent mints-it", "intent removes-its", "intent sweeps-its", "intent withdraws-it",
			"boot arm/lt-1:1", "class acme[arm64,self-hosted]", "launch arm/lt-1:1", "mint arm/acme", "offer c7g.large/a/spot", "stay arm/i-1",
			"order hold i-1", "order pause ", "order pause arm", "order keep-open arm",
		},
		"i-3": { // it is not registered: any scope may still be its own
			"boot arm/lt-1:1", "class acme[arm64,self-hosted]", "class other[arm64,self-hosted]", "launch arm/lt-1:1", "mint arm/acme", "mint arm/other",
			"offer c7g.large/a/spot", "order pause ", "order pause arm", "order keep-open arm",
		},
	} {
		if diff := cmp.Diff(want, about(t, id)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

func TestAMachineThatNobodyKnowsHasNoSight(t *testing.T) {
	if got, ok := fleet.SightOf(crowded(), "i-9"); ok {
		t.Errorf("it is %+v", got)
	}
}

func TestPhasesAreWordsInJSON(t *testing.T) {
	text, err := json.Marshal(struct{ Phase fleet.Phase }{fleet.Busy})
	if err != nil || string(text) != `{"Phase":"busy"}` {
		t.Errorf("%s, error %v", text, err)
	}
}

func TestThePhasesOfAllMachines(t *testing.T) {
	s := base()
	put(&s, machine("i-1", "x64", 5))
	putMinted(&s, machine("i-2", "arm", 900), 890, 880)
	wait(&s, on(queued(1, arm, 900), fleet.Running, "i-2", 800))
	want := map[fleet.MachineID]fleet.Phase{"i-1": fleet.Booting, "i-2": fleet.Busy}
	if diff := cmp.Diff(want, fleet.Phases(s)); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
}
