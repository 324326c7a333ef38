package reconcile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// contested is a ledger where somebody else may commit before each commit.
type contested struct {
	ledger.Ledger
	commits int
	before  func(commit int)
}

func (c *contested) Commit(ctx context.Context, number int64, change fleet.Change) error {
	c.commits++
	c.before(c.commits)
	return c.Ledger.Commit(ctx, number, change)
}

func TestAConflictIsLookedAtAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lost  int // commits that come too late
		asked []string
		wake  time.Duration
		err   error
	}{
		{"without one the first plan counts", 0, []string{"launch 1 spot"}, 0, nil},
		{"after one the second does, and nothing was done before", 1, []string{"launch 1 spot"}, 0, nil},
		{"after two the third does", 2, []string{"launch 1 spot"}, 0, nil},
		{"after three somebody else is at work, and it waits a second", 3, []string{}, time.Second, ledger.ErrConflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.queue(1, acme)
			store := r.Ledger
			r.Ledger = &contested{store, 0, func(commit int) {
				if commit > tt.lost {
					return
				}
				if err := store.Commit(t.Context(), r.state().Number, fleet.Change{Marks: map[string]string{"rival": fmt.Sprint(commit)}}); err != nil {
					t.Error(err)
				}
			}}
			wake, err := r.Once(t.Context())
			if !errors.Is(err, tt.err) || wake.Sub(noon) != tt.wake {
				t.Errorf("wake in %s, error %v", wake.Sub(noon), err)
			}
			if diff := cmp.Diff(tt.asked, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTwoManagersKeepOneCap(t *testing.T) {
	r := rigged(t)
	pools := r.Fleet()
	pools.Pools[0].Max = 3
	r.Fleet = func() fleet.Fleet { return pools }
	r.queue(5, acme)
	rival := &Reconciler{
		Ledger: r.Ledger, GitHub: r.GitHub, Runs: r.Runs, Cloud: r.Cloud, Switch: r.Switch, Sweeper: r.Sweeper, Configs: r.Configs, Fleet: r.Fleet, Now: r.Now, Log: r.Log,
	}
	r.Ledger = &contested{r.Ledger, 0, func(int) {
		if _, err := rival.Once(t.Context()); err != nil {
			t.Error(err)
		}
	}}
	if _, err := r.Once(t.Context()); err != nil && !errors.Is(err, ledger.ErrConflict) {
		t.Fatal(err)
	}
	r.play(time.Second)
	if diff := cmp.Diff([]string{"launch 3 spot"}, r.launches()); diff != "" {
		t.Errorf("launches (-want +got):\n%s", diff)
	}
}

func TestAPlanReservesEightyAndTheNextLookTheRest(t *testing.T) {
	r := rigged(t)
	r.machines(100)
	r.now = noon.Add(time.Hour) // none of them is needed any more
	r.look()
	first := 0
	for _, m := range r.state().Machines {
		if m.Gone() {
			first++
		}
	}
	if first != 80 {
		t.Errorf("%d ended by the first plan", first)
	}
	r.due = r.now
	r.play(0)
	for _, m := range r.state().Machines {
		if !m.Gone() {
			t.Errorf("%s was not ended", m.ID)
		}
	}
}

func TestAnIntentIsNamedByItsLedgerAndPlan(t *testing.T) {
	long := "0123456789abcdef0123456789abcdef"
	for _, tt := range []struct {
		name   string
		ledger string
		number int64
		in     fleet.Intent
		want   fleet.Intent
	}{
		{"a new one gets a name and is sent for the first time", "ledger", 7, fleet.Intent{},
			fleet.Intent{ID: "ledger-7-0", ReservedAt: noon, SentAt: noon, Tries: 1}},
		{"a long ledger's id is cut: EC2 takes 64 characters", long, 1 << 62, fleet.Intent{},
			fleet.Intent{ID: "0123456789ab-4611686018427387904-0", ReservedAt: noon, SentAt: noon, Tries: 1}},
		{"an old one keeps its name and its time", "ledger", 7, fleet.Intent{ID: "ledger-3-1", ReservedAt: noon.Add(-time.Minute), SentAt: noon.Add(-time.Minute), Tries: 1},
			fleet.Intent{ID: "ledger-3-1", ReservedAt: noon.Add(-time.Minute), SentAt: noon, Tries: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.Ledger = &taking{Ledger: r.Ledger}
			s := fleet.Snapshot{At: noon, State: fleet.State{Ledger: tt.ledger, Number: tt.number}}
			mine, err := r.reserve(t.Context(), s, fleet.Plan{Intents: []fleet.Intent{tt.in}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]fleet.Intent{tt.want}, mine); diff != "" {
				t.Errorf("intents (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(mine, r.Ledger.(*taking).reserved); diff != "" {
				t.Errorf("executed and reserved (-executed +reserved):\n%s", diff)
			}
		})
	}
}

// taking is a ledger that takes any plan.
type taking struct {
	ledger.Ledger
	reserved []fleet.Intent
}

func (k *taking) Commit(_ context.Context, _ int64, c fleet.Change) error {
	k.reserved = c.Reserve
	return nil
}

func TestAPlanThatSaysNothingNewIsNotCommitted(t *testing.T) {
	r := rigged(t)
	r.shows(idle("i-1", time.Minute))
	r.look() // a full one: it takes a number
	before := r.state().Number
	r.look()
	if after := r.state().Number; after != before {
		t.Errorf("plan number went from %d to %d", before, after)
	}
}

func TestAPersonIsToldOncePerHour(t *testing.T) {
	r := rigged(t)
	var log bytes.Buffer
	r.Log = slog.New(slog.NewTextHandler(&log, nil))
	for range 130 { // a minute each
		r.note(t.Context(), fleet.Snapshot{At: r.now}, fleet.Plan{Alerts: []string{"job 1 waits"}})
		r.now = r.now.Add(time.Minute)
	}
	if n := strings.Count(log.String(), `text="job 1 waits"`); n != 3 {
		t.Errorf("told %d times in 130 minutes", n)
	}
}
