package reconcile

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// minting is an intent to register a machine.
func minting(id string, s fleet.Scope, try int) fleet.Intent {
	m := fleet.Mint{Machine: fleet.MachineID(id), Scope: s, Labels: arm, Try: try}
	return fleet.Intent{ID: fleet.IntentID("m-" + id), ReservedAt: noon, SentAt: noon, Tries: 1, Reason: "a job waits", Mint: &m}
}

// machines are generic ones that stand in the ledger, and EC2 shows them.
func (r *rig) machines(n int) {
	for i := range n {
		r.shows(fleet.Change{Machines: []fleet.Machine{{
			ID: fleet.MachineID(fmt.Sprint("i-", i+1)), Pool: "arm", Template: "lt-1:1", State: fleet.Up, LaunchedAt: noon, SeenAt: noon,
		}}})
	}
}

// acted is what comes of intents.
func (r *rig) acted(ins ...fleet.Intent) []string {
	return told(r.act(r.t.Context(), r.snapshot(), ins))
}

func limited(installation int64) error {
	return fmt.Errorf("mint: %w", &fleet.LimitedError{Installation: installation, For: time.Minute, Text: "slow down"})
}

func refusing(verb string, err error) func(*rig) { return func(r *rig) { r.refuse[verb] = err } }

func TestWhatComesOfAMint(t *testing.T) {
	const name = "rf-f-i-1-1"
	stray := func(busy bool) func(*rig) {
		return func(r *rig) {
			r.hub.runners = []fleet.Runner{{Name: "rf-f-i-1-11", ID: 4, Scope: acme}, {Name: name, ID: 5, Scope: acme, Busy: busy}}
			r.shelf.configs["i-1"] = noon
		}
	}
	refuse := refusing
	failed := []string{"settle m-i-1", "i-1, try 1, tried"}
	healed := []string{"mint " + name, "put i-1", "withdraw i-1", "remove 1"}
	for _, tt := range []struct {
		name  string
		with  func(*rig)
		asked []string
		want  []string
	}{
		{"its config waits for the machine", func(*rig) {}, []string{"mint " + name, "put i-1"},
			[]string{"settle m-i-1", "i-1, try 1, runner 1 of acme"}},
		{"without an answer the next try has another name", refuse("mint", fleet.ErrUnknownOutcome), []string{"mint " + name}, failed},
		{"with an error of no meaning too", refuse("mint", errOdd), []string{"mint " + name}, failed},
		{"refused for good, the pool's registrations in the scope are set back", refuse("mint", fleet.ErrConfig), []string{"mint " + name},
			[]string{"settle m-i-1", "strike 1 mint arm/acme"}},
		{"limited, it uses up no try", refuse("mint", limited(7)), []string{"mint " + name}, []string{"settle m-i-1"}},
		{"what an earlier, lost reply left under its name is cleared", stray(false), []string{"mint " + name, "withdraw i-1", "remove 5"}, failed},
		{"a name that is taken by what nobody can see is left behind", refuse("mint", fleet.ErrTaken), []string{"mint " + name, "withdraw i-1"}, failed},
		{"a name that is taken by a busy runner is the machine's", stray(true), []string{"mint " + name, "withdraw i-1", "remove 5"},
			[]string{"settle m-i-1", "i-1, try 1, runner 5 of acme, taken, ready, tried"}},
		{"so is one that is taken by an idle runner that is online", func(r *rig) {
			stray(false)(r)
			r.hub.runners[1].Online = true
		}, []string{"mint " + name}, []string{"settle m-i-1", "i-1, try 1, runner 5 of acme, taken, ready, tried"}},
		{"a stray registration that cannot be removed now is left for later", func(r *rig) {
			stray(false)(r)
			r.refuse["remove"] = fleet.ErrUnknownOutcome
		}, []string{"mint " + name, "withdraw i-1", "remove 5"}, failed},
		{"a stray config that cannot be withdrawn now too", func(r *rig) {
			stray(false)(r)
			r.refuse["withdraw"] = fleet.ErrThrottled
		}, []string{"mint " + name, "withdraw i-1", "remove 5"}, failed},
		{"a config that is not stored takes its registration with it", refuse("put", fleet.ErrThrottled), healed, failed},
		{"so does one that may be stored, and is", func(r *rig) { r.lose["put"] = fleet.ErrUnknownOutcome }, healed, failed},
		{"one that may be stored, and is not, may have been taken", refuse("put", fleet.ErrUnknownOutcome), []string{"mint " + name, "put i-1", "withdraw i-1"},
			[]string{"settle m-i-1", "i-1, try 1, runner 1 of acme, taken, resent, tried"}},
		{"so does one in whose place another waits", func(r *rig) { r.shelf.configs["i-1"] = noon }, healed, failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.machines(1)
			tt.with(r)
			if diff := cmp.Diff(tt.want, r.acted(minting("i-1", acme, 1))); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMintThatFailsStopsNoOther(t *testing.T) {
	for _, tt := range []struct {
		name, refuse string
		err          error
	}{
		{"when GitHub does not answer", "mint rf-f-i-2-1", fleet.ErrUnknownOutcome},
		{"when GitHub has the name", "mint rf-f-i-2-1", fleet.ErrTaken},
		{"when its config cannot be stored", "put i-2", fleet.ErrQuota},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.machines(3)
			r.refuse[tt.refuse] = tt.err
			r.queue(3, acme)
			r.play(time.Second)
			delete(r.refuse, tt.refuse)
			r.play(6 * time.Second)
			var got []string
			for _, m := range r.state().Machines {
				got = append(got, row(m))
			}
			want := []string{"i-1, try 1, runner 1 of acme", "i-2, try 2, runner 3 of acme, tried", "i-3, try 1, runner 2 of acme"}
			if tt.refuse == "put i-2" {
				want = []string{"i-1, try 1, runner 1 of acme", "i-2, try 2, runner 4 of acme, tried", "i-3, try 1, runner 3 of acme"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("machines (-want +got):\n%s", diff)
			}
			if len(r.shelf.configs) != 3 || len(r.hub.runners) != 3 {
				t.Errorf("configs %v, registrations %v", r.shelf.configs, r.hub.runners)
			}
		})
	}
}

func TestALimitStopsItsInstallationAndNoOther(t *testing.T) {
	r := rigged(t)
	r.machines(4)
	r.refuse["mint rf-f-i-1-1"] = limited(7)
	got := r.acted(minting("i-1", acme, 1), minting("i-2", acme, 1), minting("i-3", zeta, 1), minting("i-4", acme, 1))
	want := []string{"settle m-i-1", "settle m-i-2", "settle m-i-3", "settle m-i-4", "i-3, try 1, runner 1 of zeta"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"mint rf-f-i-1-1", "mint rf-f-i-3-1", "put i-3"}, r.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAfterALimitMintsGoOnByThemselves(t *testing.T) {
	r := rigged(t)
	r.machines(3)
	r.queue(2, acme)
	r.queue(1, zeta)
	r.refuse["mint rf-f-i-1-1"], r.refuse["mint rf-f-i-2-1"] = limited(7), limited(7)
	r.play(59 * time.Second)
	if n := len(r.hub.runners); n != 1 || r.hub.runners[0].Scope != zeta {
		t.Errorf("registered during the limit: %v", r.hub.runners)
	}
	clear(r.refuse)
	r.play(2 * time.Second)
	if n := len(r.hub.runners); n != 3 {
		t.Errorf("%d registered after the limit", n)
	}
}

func TestAConfigIsWithdrawn(t *testing.T) {
	keep := "i-1, try 1, runner 5 of acme, taken"
	back := []string{"settle w", "i-1, try 1"}
	for _, tt := range []struct {
		name   string
		with   func(*rig)
		stored bool // the config still waits
		tries  int
		asked  []string
		want   []string
	}{
		{"what still waits goes, and its registration", func(*rig) {}, true, 1, []string{"withdraw i-1", "remove 5"}, back},
		{"if nothing was there the agent has it", func(*rig) {}, false, 1, []string{"withdraw i-1"}, []string{"settle w", keep}},
		{"a registration that is gone already is no obstacle", func(r *rig) { r.hub.runners = nil }, true, 1, []string{"withdraw i-1", "remove 5"}, back},
		{"a runner that is busy keeps its machine", func(r *rig) { r.hub.runners[0].Busy = true }, true, 1, []string{"withdraw i-1", "remove 5"}, []string{"settle w", keep}},
		{"without an answer of GitHub's it stays open", func(r *rig) { r.refuse["remove"] = fleet.ErrUnknownOutcome }, true, 1, []string{"withdraw i-1", "remove 5"}, nil},
		{"without an answer of SSM's it stays open, and GitHub is not asked", func(r *rig) { r.refuse["withdraw"] = fleet.ErrUnknownOutcome }, true, 1, []string{"withdraw i-1"}, nil},
		{"sent again, nothing there proves nothing: GitHub decides", func(*rig) {}, false, 2, []string{"withdraw i-1", "remove 5"}, back},
		{"sent again, a busy runner keeps its machine", func(r *rig) { r.hub.runners[0].Busy = true }, false, 2, []string{"withdraw i-1", "remove 5"}, []string{"settle w", keep}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.shows(fleet.Change{
				Machines: []fleet.Machine{{ID: "i-1", Pool: "arm", LaunchedAt: noon, Scope: acme, Try: 1, RunnerID: 5, MintedAt: noon}},
				Runners:  []fleet.Runner{{Name: "rf-f-i-1-1", ID: 5, Scope: acme}},
			})
			if tt.stored {
				r.shelf.configs["i-1"] = noon
			}
			tt.with(r)
			in := fleet.Intent{ID: "w", Tries: tt.tries, Withdraw: &fleet.Withdraw{Machine: "i-1", Scope: acme, RunnerID: 5}}
			if diff := cmp.Diff(tt.want, r.acted(in)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAStrayRegistrationIsRemoved(t *testing.T) {
	const name = "rf-f-i-9-1"
	for _, tt := range []struct {
		name string
		err  error
		want []string
	}{
		{"GitHub agrees", nil, []string{"settle r", "ended " + name}},
		{"it is gone already", fleet.ErrAbsent, []string{"settle r", "ended " + name}},
		{"it is busy, and tried again later", fleet.ErrBusy, []string{"settle r", "tried " + name}},
		{"GitHub does not answer, and is asked again later", fleet.ErrUnknownOutcome, []string{"settle r", "tried " + name}},
		{"GitHub limits the installation", limited(7), []string{"settle r", "tried " + name}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.shows(fleet.Change{Runners: []fleet.Runner{{Name: name, ID: 5, Scope: acme}}})
			r.refuse["remove"] = tt.err
			in := fleet.Intent{ID: "r", Tries: 1, Remove: &fleet.Remove{Scope: acme, RunnerID: 5, Name: name}}
			if diff := cmp.Diff(tt.want, r.acted(in)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARegistrationThatNobodyAnsweredForIsFoundInAFleetAtRest(t *testing.T) {
	r := rigged(t)
	r.queue(1, acme)
	r.lose["mint"] = fleet.ErrUnknownOutcome
	r.play(2 * time.Second)
	j := r.hub.jobs[1]
	j.Status, j.Conclusion, j.DoneAt = fleet.Done, "cancelled", r.now
	r.hears(fleet.Event{ID: "cancelled", At: r.now, Job: &j})
	if len(r.hub.runners) == 0 {
		t.Fatal("no registration was made")
	}
	r.due = r.now
	r.play(30 * time.Minute)
	if len(r.hub.runners) > 0 || len(r.state().Runners) > 0 {
		t.Errorf("at GitHub: %+v, in the ledger: %+v", r.hub.runners, r.state().Runners)
	}
}
