package reconcile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

func TestAnAccountIsAskedForOnceAnHourAndAgainAfterAFailure(t *testing.T) {
	for _, tt := range []struct {
		name    string
		refuse  error
		after   []time.Duration // looks, from noon on
		asked   int
		problem string
	}{
		{"it is known for an hour", nil, []time.Duration{0, time.Minute, 59 * time.Minute, time.Hour}, 2, ""},
		{"GitHub did not answer", fleet.ErrUnknownOutcome, []time.Duration{0, 30 * time.Second, time.Minute, 90 * time.Second, 2 * time.Minute}, 3, "outcome unknown"},
		{"it is a person's", fmt.Errorf("find: %w", fleet.ErrAbsent), []time.Duration{0, time.Minute, 9 * time.Minute, 10 * time.Minute}, 2, "find: not there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := standing(t)
			if tt.refuse != nil {
				r.refuse["scope"] = tt.refuse
			}
			for _, after := range tt.after {
				s := r.snapshot()
				s.At = noon.Add(after)
				problems := r.settleScopes(t.Context(), &s)
				if got := problems["arm"]; got != tt.problem {
					t.Errorf("after %s: problem %q", after, got)
				}
				if known := s.Scopes["arm"] == acme; known != (tt.problem == "") {
					t.Errorf("after %s: scopes %v", after, s.Scopes)
				}
			}
			asked := 0
			for _, call := range r.calls {
				if strings.HasPrefix(call, "scope acme") {
					asked++
				}
			}
			if asked != tt.asked {
				t.Errorf("asked %d times, want %d", asked, tt.asked)
			}
		})
	}
}

func TestAScopeThatWasKnownOutlivesAnOutage(t *testing.T) {
	r := standing(t)
	s := r.snapshot()
	r.settleScopes(t.Context(), &s)
	for i, err := range []error{fleet.ErrUnknownOutcome, fleet.ErrConfig, fleet.ErrConfig} { // such as a 403
		r.refuse["scope"] = err
		s = r.snapshot()
		s.At = noon.Add(time.Duration(2+i) * time.Hour)
		if problems := r.settleScopes(t.Context(), &s); len(problems) != 0 || s.Scopes["arm"] != acme {
			t.Errorf("after %v: problems %v, scopes %v", err, problems, s.Scopes)
		}
	}
}

func TestAScopeThatWasKnownIsForgottenWhenGitHubTwiceSaysSo(t *testing.T) {
	r := standing(t)
	at := func(after time.Duration) map[string]fleet.Scope {
		s := r.snapshot()
		s.At = noon.Add(after)
		r.settleScopes(t.Context(), &s)
		return s.Scopes
	}
	at(0)
	r.refuse["scope"] = fmt.Errorf("find: %w", fleet.ErrAbsent)
	if got := at(time.Hour); got["arm"] != acme {
		t.Errorf("after it said so once: %v", got)
	}
	if got := at(time.Hour + time.Minute); len(got) != 0 {
		t.Errorf("after it said so twice: %v", got)
	}
}

func TestAPoolWithoutAPlaceLaunchesNothingAndSaysWhy(t *testing.T) {
	r := standing(t)
	r.refuse["scope"] = fmt.Errorf("find the installation on acme: %w", fleet.ErrAbsent)
	s, plan, err := r.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Recipes[0].Problem; got != "find the installation on acme: not there" {
		t.Errorf("problem %q", got)
	}
	if r.yard.recipes[0].Problem != "" {
		t.Error("the cloud's own recipe was changed")
	}
	if len(plan.Intents) != 0 {
		t.Errorf("plan %+v", plan.Intents)
	}
}

func TestAMachineFollowsItsAccountToANewInstallation(t *testing.T) {
	r := standing(t)
	rows := r.state().Machines
	for i := range rows {
		rows[i].Scope.Installation = 6
	}
	r.has(fleet.Change{Machines: rows})
	r.due = r.now
	r.play(10 * time.Second)
	for _, m := range r.state().Machines {
		if diff := cmp.Diff(acme, m.Scope); diff != "" {
			t.Errorf("%s (-want +got):\n%s", m.ID, diff)
		}
	}
}

func TestAStoppedMachineOfALostLedgerIsAdoptedAsItStands(t *testing.T) {
	r := standing(t)
	for _, id := range []fleet.MachineID{"i-1", "i-2", "i-3"} {
		r.has(fleet.Change{Forget: []fleet.MachineID{id}, Ended: []string{fleet.RunnerName("f", id, 1)}})
	}
	for i := range r.yard.shown {
		r.yard.shown[i] = fleet.Machine{
			ID: r.yard.shown[i].ID, Pool: "arm", Ledger: "another", Template: "lt-1:1", Standing: true, Offer: odA,
			LaunchedAt: noon.Add(-time.Hour), State: fleet.Stopped,
		}
		r.hub.runners[i].Online = false
	}
	r.Hours = func() map[string]schedule.Windows { return map[string]schedule.Windows{"arm": {}} }
	shut := fleet.Order{ID: "o", Kind: fleet.KeepClosed, By: "ann", At: noon.Add(-time.Hour)}
	if err := r.store.Place(t.Context(), shut); err != nil {
		t.Fatal(err)
	}
	r.due = r.now
	r.play(30 * time.Minute)
	if got := r.asked(); len(got) != 0 {
		t.Errorf("calls while it is closed: %q", got)
	}
	if err := r.store.Lift(t.Context(), "o"); err != nil {
		t.Fatal(err)
	}
	r.due = r.now
	r.play(10 * time.Second)
	if diff := cmp.Diff([]string{"start i-1 i-2 i-3"}, r.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestALimitHoldsForStandingMachinesThoughNoJobWaits(t *testing.T) {
	r := standing(t)
	r.refuse["mint"] = &fleet.LimitedError{Installation: 7, For: time.Minute, Text: "slow down"}
	rows := r.state().Machines[:1]
	rows[0] = fleet.Machine{ID: "i-1", Pool: "arm", Template: "lt-1:1", Standing: true, Offer: odA, LaunchedAt: noon, State: fleet.Up}
	r.has(fleet.Change{Machines: rows, Ended: []string{fleet.RunnerName("f", "i-1", 1)}})
	r.due = r.now
	r.play(50 * time.Second)
	if diff := cmp.Diff([]string{"mint rf-f-i-1-1"}, r.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAStandingPoolKnowsItsAccountByItsNumber(t *testing.T) {
	for _, tt := range []struct {
		name     string
		accounts []fleet.Account
		marks    map[string]string
		numbers  []int64 // asked for, at noon and an hour later
		pin      string
	}{
		{"that the file has", []fleet.Account{{Login: "Acme", ID: 70}}, nil, []int64{70, 70}, ""},
		{"that GitHub tells of a login in the file", []fleet.Account{{Login: "acme"}}, nil, []int64{70, 70}, "70"},
		{"that GitHub tells though the file lists no account", nil, nil, []int64{70, 70}, "70"},
		{"that the ledger has, whoever has the login by now", nil, map[string]string{"account-acme": "69"}, []int64{69, 69}, "69"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := standing(t)
			f := r.Fleet()
			f.Accounts = tt.accounts
			r.Fleet = func() fleet.Fleet { return f }
			r.Installations = &r.hub
			r.hub.installed = []fleet.Installation{{ID: 7, Account: "Acme", AccountID: 70}}
			if tt.marks != nil {
				r.has(fleet.Change{Marks: tt.marks})
			}
			r.due = r.now
			r.play(time.Hour)
			if diff := cmp.Diff(tt.numbers, r.hub.numbers); diff != "" {
				t.Errorf("numbers (-want +got):\n%s", diff)
			}
			if got := r.state().Marks["account-acme"]; got != tt.pin {
				t.Errorf("pinned to %q, want %q", got, tt.pin)
			}
		})
	}
}

func TestAStandingPoolServesItsAccountUnderTheNewName(t *testing.T) {
	r := standing(t)
	names := map[int64]string{}
	r.Homes, r.hub.renamed = &lodge{home: map[int64]int64{70: 7}, of: map[int64]int64{7: 70}, name: names}, names
	f := r.Fleet()
	f.Accounts = []fleet.Account{{Login: "acme", ID: 70}}
	r.Fleet = func() fleet.Fleet { return f }
	r.due = r.now
	r.play(time.Minute)
	names[70] = "acme-two"
	r.queueOf(70, acme) // told before its new name was known
	r.queueOf(70, fleet.Scope{Installation: 7, Owner: "acme-two"})
	for i := range r.hub.runners {
		r.hub.runners[i].Scope.Owner = "acme-two"
	}
	r.due = r.now
	r.play(time.Minute)
	for _, j := range r.state().Jobs {
		if got := j.Verdict.String(); got != covered {
			t.Errorf("job %d: %s", j.Key.ID, got)
		}
	}
	if got := r.asked(); len(got) != 0 {
		t.Errorf("calls %q", got)
	}
	for _, m := range r.state().Machines {
		if m.Scope.Owner != "acme-two" {
			t.Errorf("machine %s is registered in %s", m.ID, m.Scope)
		}
	}
}
