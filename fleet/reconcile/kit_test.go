package reconcile

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// The cast: two accounts that installed the App, a pool's labels and offers.
var (
	noon  = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	acme  = fleet.Scope{Installation: 7, Owner: "acme"}
	zeta  = fleet.Scope{Installation: 8, Owner: "zeta"}
	arm   = fleet.NewLabels("self-hosted", "linux", "arm64")
	spotA = fleet.Offer{Type: "c7g.large", Zone: "a", Market: fleet.Spot, Subnet: "s-a"}
	spotB = fleet.Offer{Type: "c7g.large", Zone: "b", Market: fleet.Spot, Subnet: "s-b"}
	odA   = fleet.Offer{Type: "c7g.large", Zone: "a", Market: fleet.OnDemand, Subnet: "s-a"}
)

var errOdd = errors.New("odd")

// rig is a Reconciler among ports that are values in memory, on a clock that
// stands until a test moves it. Its ledger is a real one.
type rig struct {
	*Reconciler
	t      *testing.T
	now    time.Time
	due    time.Time // of the next look
	store  *sqlite.Store
	hub    hub
	yard   yard
	shelf  shelf
	refuse map[string]error // of calls, by line or verb; nothing happens
	lose   map[string]error // likewise, but what was asked has happened

	mu    sync.Mutex // held by a port that is asked
	calls []string   // what was asked of the ports, a line each
}

// rigged makes a rig with one pool of prepared machines, on spot first.
func rigged(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, now: noon, refuse: map[string]error{}, lose: map[string]error{}}
	r.hub = hub{rig: r, jobs: map[fleet.JobID]fleet.Job{}}
	r.yard = yard{rig: r, brought: map[fleet.IntentID]fleet.Launched{}, recipes: []fleet.Recipe{
		{Pool: "arm", Template: "lt-1:1", Offers: []fleet.Offer{spotA, spotB, odA}},
	}}
	r.shelf = shelf{rig: r, configs: map[fleet.MachineID]time.Time{}}
	clock := func() time.Time { return r.now }
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: ":memory:", Fleet: "f", ID: "ledger", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	r.store = store
	pools := fleet.Fleet{Name: "f", Pools: []fleet.Pool{{Name: "arm", Labels: arm, Max: 100, Prepared: true}}}
	r.Reconciler = &Reconciler{
		Ledger: store, GitHub: &r.hub, Runs: &r.hub, Accounts: &r.hub, Cloud: &r.yard, Switch: &r.yard, Sweeper: &r.yard, Configs: &r.shelf, Plains: &r.shelf,
		Fleet: func() fleet.Fleet { return pools }, Now: clock, Log: slog.New(slog.DiscardHandler),
	}
	return r
}

// did notes a call and says how it is refused. A port holds the rig's lock.
func (r *rig) did(verb string, subject ...any) (refused, lost error) {
	line := strings.TrimSpace(verb + " " + fmt.Sprintln(subject...))
	r.calls = append(r.calls, line)
	of := func(m map[string]error) error {
		if err, ok := m[line]; ok {
			return err
		}
		return m[verb]
	}
	return of(r.refuse), of(r.lose)
}

// asked is the calls since the last time, without those that only read.
func (r *rig) asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	changes := slices.DeleteFunc(r.calls, func(line string) bool {
		verb, _, _ := strings.Cut(line, " ")
		return slices.Contains([]string{"runners", "job", "scope", "installations", "machines", "recipes", "stored", "leftovers"}, verb)
	})
	r.calls = nil
	return changes
}

// look is one Once, which must go well.
func (r *rig) look() time.Time {
	r.t.Helper()
	wake, err := r.Once(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return wake
}

// play looks whenever a look is due, for a while.
func (r *rig) play(span time.Duration) {
	r.t.Helper()
	for end, still := r.now.Add(span), 0; ; still++ {
		if r.due.After(end) {
			r.now = end
			return
		}
		if r.due.After(r.now) {
			r.now, still = r.due, 0
		}
		if still > 20 {
			r.t.Fatalf("looks without end at %s", r.now.Format(time.TimeOnly))
		}
		r.due = r.look()
	}
}

func (r *rig) state() fleet.State {
	r.t.Helper()
	s, err := r.Ledger.Read(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// has puts rows into the ledger as they are.
func (r *rig) has(c fleet.Change) {
	r.t.Helper()
	if err := r.Ledger.Settle(r.t.Context(), c); err != nil {
		r.t.Fatal(err)
	}
}

// snapshot is the ledger as it is, for acts that are tried one by one.
func (r *rig) snapshot() fleet.Snapshot {
	return fleet.Snapshot{At: r.now, Fleet: r.Fleet(), State: r.state()}
}

// queue records so many jobs of a scope, numbered on, and wakes the fleet.
// GitHub has them too.
func (r *rig) queue(n int, s fleet.Scope) {
	r.t.Helper()
	for range n {
		r.queueOf(0, s)
	}
}

// queueOf is queue for one job of an account's number.
func (r *rig) queueOf(owner int64, s fleet.Scope) {
	r.t.Helper()
	r.due = r.now
	id := fleet.JobID(len(r.hub.jobs) + 1)
	j := fleet.Job{
		Key: fleet.JobKey{ID: id, Attempt: 1}, Class: fleet.Class{Scope: s, Labels: arm},
		OwnerID: owner, Repo: s.Owner + "/w", Run: fleet.RunID(id), Status: fleet.Queued, QueuedAt: r.now,
	}
	r.hub.jobs[id] = j
	r.hears(fleet.Event{ID: fmt.Sprint("d", id), At: r.now, Job: &j})
}

// count is how often a port was asked for something so far.
func (r *rig) count(verb string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.calls {
		if first, _, _ := strings.Cut(line, " "); first == verb {
			n++
		}
	}
	return n
}

// hears records an event.
func (r *rig) hears(e fleet.Event) {
	r.t.Helper()
	if _, err := r.Ledger.Record(r.t.Context(), e); err != nil {
		r.t.Fatal(err)
	}
}

// told is what came of acts, a line each.
func told(o outcome) []string {
	var lines []string
	for _, id := range o.Settle {
		lines = append(lines, "settle "+string(id))
	}
	for _, m := range o.Machines {
		lines = append(lines, row(m))
	}
	for _, id := range o.Forget {
		lines = append(lines, "forget "+string(id))
	}
	for _, x := range o.Runners {
		if !x.TriedAt.IsZero() {
			lines = append(lines, "tried "+x.Name)
		}
	}
	for _, name := range o.Ended {
		lines = append(lines, "ended "+name)
	}
	for _, b := range o.Setbacks {
		lines = append(lines, fmt.Sprintf("strike %d %s %s", b.Strikes, b.Key.Kind, b.Key.Subject))
	}
	for _, k := range o.Cleared {
		lines = append(lines, fmt.Sprintf("clear %s %s", k.Kind, k.Subject))
	}
	return lines
}

// row is a machine's row in words.
func row(m fleet.Machine) string {
	words := []string{string(m.ID)}
	say := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(m.Try > 0, "try %d", m.Try)
	say(m.Minted(), "runner %d of %s", m.RunnerID, m.Scope)
	say(m.Taken, "taken")
	say(!m.ResentAt.IsZero(), "resent")
	say(!m.ReadyAt.IsZero(), "ready")
	say(!m.StartedAt.IsZero(), "started")
	say(!m.StoppedAt.IsZero(), "stopped")
	say(m.Unasked, "unasked")
	say(m.Missed > 0, "missed %d", m.Missed)
	say(!m.AdoptedAt.IsZero(), "adopted")
	say(!m.TriedAt.IsZero(), "tried")
	say(!m.EndedAt.IsZero(), "ended: %s", m.EndReason)
	return strings.Join(words, ", ")
}
