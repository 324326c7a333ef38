package reconcile

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// covered is the verdict of a job whose machine was launched.
const covered = "covered: a machine of pool arm is coming or idle"

// allowing has a rig's fleet serve some accounts, and GitHub know some
// installations.
func allowing(t *testing.T, accounts ...fleet.Account) *rig {
	t.Helper()
	r := rigged(t)
	f := r.Fleet()
	f.Accounts = accounts
	r.Fleet = func() fleet.Fleet { return f }
	r.Installations = &r.hub
	r.hub.installed = []fleet.Installation{{ID: 7, Account: "Acme", AccountID: 70}, {ID: 8, Account: "zeta", AccountID: 80}}
	return r
}

// verdicts are those of jobs that wait, by scope.
func (r *rig) verdicts() map[string]string {
	all := map[string]string{}
	for _, j := range r.state().Jobs {
		all[j.Class.Scope.String()] = j.Verdict.String()
	}
	return all
}

func TestALoginWithoutANumberIsPinnedOnce(t *testing.T) {
	const served = covered
	for _, tt := range []struct {
		name    string
		account fleet.Account
		with    func(*rig)
		want    string // verdict of a job of acme, whose owner is 70
		pin     string
	}{
		{"GitHub tells its number", fleet.Account{Login: "acme"}, func(*rig) {}, served, "70"},
		{"its number is in the file, and GitHub is not asked", fleet.Account{Login: "acme", ID: 70}, func(r *rig) { r.refuse["installations"] = errOdd }, served, ""},
		{"its number was pinned before, and GitHub is not asked", fleet.Account{Login: "acme"}, func(r *rig) {
			r.has(fleet.Change{Marks: map[string]string{"account-acme": "70"}})
			r.refuse["installations"] = errOdd
		}, served, "70"},
		{"another registered the login since", fleet.Account{Login: "acme"}, func(r *rig) {
			r.has(fleet.Change{Marks: map[string]string{"account-acme": "69"}})
		}, "refused: account acme is not the one that the fleet file means, whose number is 69", "69"},
		{"the file names the one after", fleet.Account{Login: "acme", ID: 70}, func(r *rig) {
			r.has(fleet.Change{Marks: map[string]string{"account-acme": "69"}})
		}, served, "69"},
		{"GitHub does not answer", fleet.Account{Login: "acme"}, func(r *rig) { r.refuse["installations"] = fleet.ErrUnknownOutcome },
			"refused: the number of account acme is not known yet", ""},
		{"the App is not installed there", fleet.Account{Login: "acme"}, func(r *rig) { r.hub.installed = r.hub.installed[1:] },
			"refused: the number of account acme is not known yet", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := allowing(t, tt.account)
			tt.with(r)
			r.queueOf(70, acme)
			r.play(2 * time.Second)
			if diff := cmp.Diff(map[string]string{"acme": tt.want}, r.verdicts()); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
			if got := r.state().Marks["account-acme"]; got != tt.pin {
				t.Errorf("pinned to %q, want %q", got, tt.pin)
			}
		})
	}
}

func TestWhatWasNotKnownIsAskedForAgainAMinuteLater(t *testing.T) {
	r := allowing(t, fleet.Account{Login: "acme"}, fleet.Account{Login: "zeta", ID: 80})
	r.refuse["installations"] = fleet.ErrUnknownOutcome
	r.queueOf(70, acme)
	r.queueOf(80, zeta)
	r.play(30 * time.Second)
	if n := r.count("installations"); n != 1 {
		t.Errorf("GitHub was asked %d times within half a minute", n)
	}
	if got := r.verdicts()["zeta"]; got != covered {
		t.Errorf("another account's job: %s", got)
	}
	clear(r.refuse)
	r.play(2 * time.Minute)
	if got := r.verdicts()["acme"]; got != covered {
		t.Errorf("after an answer: %s", got)
	}
}

func TestADryLookPinsNothing(t *testing.T) {
	r := allowing(t, fleet.Account{Login: "acme"})
	r.queueOf(70, acme)
	_, plan, err := r.Plan(t.Context())
	if err != nil || len(plan.Intents) != 1 {
		t.Errorf("%d intents, %v", len(plan.Intents), err)
	}
	if m := r.state().Marks["account-acme"]; m != "" {
		t.Errorf("pinned to %s", m)
	}
}
