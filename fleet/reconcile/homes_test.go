package reconcile

import (
	"cmp"
	"context"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// lodge knows the homes of accounts, and of which account an installation is.
type lodge struct {
	home map[int64]int64 // by account
	of   map[int64]int64 // account by installation
	name map[int64]string
	err  error
}

func (l *lodge) Home(_ context.Context, account, told int64) (fleet.Scope, error) {
	if id := l.of[told]; id != 0 {
		account = id
	}
	if l.err != nil {
		return fleet.Scope{}, l.err
	}
	return fleet.Scope{Installation: cmp.Or(l.home[account], told), Owner: l.name[account]}, nil
}

// told is acme as another App has it.
var told17 = fleet.Scope{Installation: 17, Owner: "acme"}

func TestAJobThatTwoAppsTellOfIsOneJobOfOneClass(t *testing.T) {
	for name, first := range map[string]fleet.Scope{"the first App is heard first": acme, "the other App is heard first": told17} {
		t.Run(name, func(t *testing.T) {
			r := allowing(t)
			r.Homes = &lodge{home: map[int64]int64{70: 7}, of: map[int64]int64{7: 70, 17: 70}}
			r.queueOf(70, first)
			again := r.state().Jobs[0]
			for i, at := range []fleet.Scope{acme, told17} {
				j := again
				j.Class.Scope = at
				r.hears(fleet.Event{ID: string(rune('a' + i)), At: r.now, Job: &j})
			}
			r.queueOf(70, told17)
			r.play(3 * time.Minute)
			if got := strings.Join(r.launches(), ", "); got != "launch 2 spot" {
				t.Errorf("launches %q, want one of two machines", got)
			}
			for _, m := range r.state().Machines {
				if m.Scope != acme {
					t.Errorf("machine %s is registered in %+v", m.ID, m.Scope)
				}
			}
		})
	}
}

func TestWhatIsKnownByAnAppThatLeftServesWhatComesByAnother(t *testing.T) {
	r := allowing(t)
	r.shows(idle("i-1", 30*time.Second)) // known by acme's first installation
	r.Homes = &lodge{home: map[int64]int64{70: 17}, of: map[int64]int64{17: 70}}
	pinned := fleet.Change{Marks: map[string]string{pinOf("acme"): "70"}}
	f := r.Fleet()
	f.Accounts = []fleet.Account{{Login: "acme"}}
	r.Fleet = func() fleet.Fleet { return f }
	r.has(pinned)
	r.queueOf(70, told17)
	r.play(5 * time.Second)
	if n := len(r.launches()); n != 0 {
		t.Errorf("%d launches beside an idle machine", n)
	}
}

func TestTheLoginAloneMakesNoHome(t *testing.T) {
	state := fleet.State{
		Jobs:     []fleet.Job{{OwnerID: 70, Class: fleet.Class{Scope: acme}}},
		Machines: []fleet.Machine{{Scope: zeta}},
		Intents:  []fleet.Intent{{Mint: &fleet.Mint{Scope: acme}}, {Sweep: &fleet.Sweep{}}},
	}
	before := *state.Intents[0].Mint
	shared := state.Intents[0].Mint
	r := rigged(t)
	// Another account has zeta's login by now, and an installation of its own.
	r.Homes = &lodge{home: map[int64]int64{70: 17, 81: 88}, of: map[int64]int64{88: 81}}
	r.home(t.Context(), &state)
	got := []int64{state.Jobs[0].Class.Scope.Installation, state.Machines[0].Scope.Installation, state.Intents[0].Mint.Scope.Installation}
	if diff := gocmp.Diff([]int64{17, 8, 17}, got); diff != "" {
		t.Errorf("homes (-want +got):\n%s", diff)
	}
	if *shared != before {
		t.Errorf("the ledger's own intent was changed: %+v", *shared)
	}
}

func TestARowWhoseHomeIsNotKnownStaysAsItIs(t *testing.T) {
	r := allowing(t)
	r.Homes = &lodge{home: map[int64]int64{70: 7}, err: fleet.ErrUnknownOutcome}
	r.queueOf(70, told17)
	r.play(5 * time.Second)
	if diff := gocmp.Diff(map[string]string{"acme": covered}, r.verdicts()); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestAnAccountThatAnotherAppIsOnIsNotShut(t *testing.T) {
	other := fleet.Installation{ID: 17, Account: "Acme", AccountID: 70}
	for name, tt := range map[string]struct {
		gone bool
		with []fleet.Installation // beside the first App's
		want string
	}{
		"suspended, and another App is there":          {false, []fleet.Installation{other}, covered},
		"deleted, and another App is there":            {true, []fleet.Installation{other}, covered},
		"suspended, and so is the other":               {false, []fleet.Installation{{ID: 17, Account: "Acme", AccountID: 70, Suspended: true}}, "refused: the App is suspended on Acme"},
		"deleted, and another's account has its login": {true, []fleet.Installation{{ID: 17, Account: "acme", AccountID: 71}}, "refused: the App is not installed on acme any more"},
	} {
		t.Run(name, func(t *testing.T) {
			r := allowing(t)
			r.shutAs(7, tt.gone)
			clear(r.refuse) // another App does what is asked
			r.hub.installed = append(r.hub.installed, tt.with...)
			r.Doubt(7)
			r.queueOf(70, acme)
			r.play(10 * time.Second)
			if got := r.verdicts()["acme"]; got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAnAccountThatWasShutIsServedOnceAnotherAppIsThere(t *testing.T) {
	r := allowing(t)
	r.shutAs(7, false)
	r.Doubt(7)
	r.queueOf(70, acme)
	r.play(30 * time.Second)
	clear(r.refuse)
	r.hub.installed = append(r.hub.installed, fleet.Installation{ID: 17, Account: "Acme", AccountID: 70})
	r.play(5 * time.Minute)
	if got := r.verdicts()["acme"]; got != covered || len(r.state().Setbacks) != 0 {
		t.Errorf("verdict %q, setbacks %+v", got, r.state().Setbacks)
	}
}
