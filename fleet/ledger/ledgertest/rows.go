package ledgertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

func rows(t *testing.T, s Store) {
	offer := fleet.Offer{Type: "c7g.large", Zone: "a", Market: fleet.Spot}
	all := fleet.Change{
		Reserve:  []fleet.Intent{{ID: "i1", ReservedAt: Noon, Reason: "why", Launch: &fleet.Launch{Pool: "p", Count: 2, Offers: []fleet.Offer{offer}}}},
		Machines: []fleet.Machine{{ID: "i-2", Pool: "p", LaunchedAt: Noon}, {ID: "i-1", Pool: "p", Offer: offer, LaunchedAt: Noon}},
		Runners:  []fleet.Runner{{Name: "rf-f-i-1-1", ID: 3, FirstAt: Noon, SeenAt: Noon}},
		Setbacks: []fleet.Setback{{Key: fleet.OfferKey(offer), Strikes: 1, At: Noon, Until: Noon.Add(time.Minute)}},
		Marks:    map[string]string{"m": "1"},
		Drills:   []fleet.DrillRun{{Drill: fleet.Drill{ID: "d1", Pool: "p", Count: 1}, By: "ann", At: Noon}},
		Interrupted: []fleet.Interrupted{
			{Job: fleet.JobKey{ID: 4, Attempt: 1}, Run: 9, Name: "build", Machine: "i-1", At: Noon},
		},
	}
	if err := s.Commit(t.Context(), read(t, s).Number, all); err != nil {
		t.Fatal(err)
	}
	got := read(t, s)
	all.Machines[0], all.Machines[1] = all.Machines[1], all.Machines[0] // canonical order
	want := fleet.State{
		Ledger: got.Ledger, Number: got.Number, Intents: all.Reserve, Machines: all.Machines, Runners: all.Runners,
		Setbacks: all.Setbacks, Marks: all.Marks, Interrupted: all.Interrupted, Drills: all.Drills,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	gone := fleet.Change{
		Settle: []fleet.IntentID{"i1"}, Forget: []fleet.MachineID{"i-1", "i-2"}, Ended: []string{"rf-f-i-1-1"},
		Cleared: []fleet.SetbackKey{fleet.OfferKey(offer)}, Marks: map[string]string{"m": ""},
		Resumed: []fleet.JobKey{{ID: 4, Attempt: 1}}, Drilled: []string{"d1"},
	}
	if err := s.Settle(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	empty := fleet.State{Ledger: got.Ledger, Number: got.Number, Marks: map[string]string{}}
	if diff := cmp.Diff(empty, read(t, s), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("state after deletion (-want +got):\n%s", diff)
	}
}

func owners(t *testing.T, s Store) {
	record(t, s, event("a", job(1, fleet.Queued), 0))
	stale := read(t, s).Jobs[0]
	running := job(1, fleet.Running)
	running.Runner, running.StartedAt = "rf-f-i-1-1", Noon
	record(t, s, event("b", running, time.Second))
	stale.Launches, stale.LaunchedAt = 2, Noon
	verdict := fleet.JobVerdict{Job: stale.Key, Verdict: fleet.Verdict{Code: fleet.Covered}}
	if err := s.Settle(t.Context(), fleet.Change{Jobs: []fleet.Job{stale}, Verdicts: []fleet.JobVerdict{verdict}}); err != nil {
		t.Fatal(err)
	}
	got := read(t, s).Jobs[0]
	if got.Status != fleet.Running || got.Runner != running.Runner || got.Launches != 2 || !got.LaunchedAt.Equal(Noon) {
		t.Errorf("row: %+v", got)
	}
	if got.Verdict.Code != "" {
		t.Errorf("a running job has the verdict %s", got.Verdict)
	}
}

func orders(t *testing.T, s Store) {
	for _, o := range []fleet.Order{
		{ID: "a", Kind: fleet.Pause, By: "op", At: Noon},
		{ID: "b", Kind: fleet.Hold, Subject: "i-1", At: Noon, Until: Noon.Add(-time.Second)},
	} {
		if err := s.Place(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, s).Orders; len(got) != 1 || got[0].ID != "a" {
		t.Errorf("orders: %+v", got)
	}
	if err := s.Lift(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	ended := fleet.Order{ID: "c", Kind: fleet.Halt, Subject: "i-1", At: Noon}
	if err := s.Place(t.Context(), ended); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), read(t, s).Number, fleet.Change{Lifted: []string{"c"}}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s).Orders; len(got) != 0 {
		t.Errorf("a plan lifted the last one, and there is %+v", got)
	}
	if err := s.Lift(t.Context(), "a"); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("lifted twice: %v", err)
	}
}

func story(t *testing.T, s Store) {
	record(t, s, event("a", job(1, fleet.Queued), 0))
	v := fleet.Verdict{Code: fleet.NoCapacity, Detail: "EC2 has none"}
	if err := s.Commit(t.Context(), read(t, s).Number, fleet.Change{Verdicts: []fleet.JobVerdict{{Job: fleet.JobKey{ID: 1, Attempt: 1}, Verdict: v}}}); err != nil {
		t.Fatal(err)
	}
	running, done := job(1, fleet.Running), job(1, fleet.Done)
	running.Runner, done.Conclusion = "rf-f-i-1-1", "success"
	record(t, s, event("b", running, time.Second), event("c", done, time.Minute))
	j, lines, err := s.Explain(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.Text)
	}
	want := []string{"recorded", "no-capacity: EC2 has none", "running on rf-f-i-1-1", "done: success"}
	if diff := cmp.Diff(want, texts); diff != "" || j.Conclusion != "success" {
		t.Errorf("story of %+v (-want +got):\n%s", j, diff)
	}
}

func unknown(t *testing.T, s Store) {
	if _, _, err := s.Explain(t.Context(), 99); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("error %v", err)
	}
}

// taken reserves intents on a ledger's number, as sent at an instant.
func taken(t *testing.T, s Store, sent time.Time, ids ...fleet.IntentID) {
	t.Helper()
	var c fleet.Change
	for _, id := range ids {
		c.Reserve = append(c.Reserve, fleet.Intent{ID: id, ReservedAt: Noon, SentAt: sent, Mint: &fleet.Mint{Machine: "i-1"}})
	}
	if err := s.Commit(t.Context(), read(t, s).Number, c); err != nil {
		t.Fatal(err)
	}
}

// came is the outcome of intents as sent at an instant, with some machines.
func came(sent time.Time, machines int, ids ...fleet.IntentID) fleet.Change {
	c := fleet.Change{Settle: ids, SentAt: sent}
	for i := range machines {
		c.Machines = append(c.Machines, fleet.Machine{ID: fleet.MachineID(fmt.Sprintf("i-%04d", i)), LaunchedAt: sent.UTC()})
	}
	return c
}

func tooLate(t *testing.T, s Store)         { lateOutcome(t, s, 1) }
func tooLateAndLarge(t *testing.T, s Store) { lateOutcome(t, s, 150) }

// lateOutcome is two processes that take the same intents up, of which the first
// does not come to its end before the second begins.
func lateOutcome(t *testing.T, s Store, machines int) {
	first, second := Noon, Noon.Add(31*time.Second+7)
	taken(t, s, first, "a", "b")
	taken(t, s, second, "b")
	before := read(t, s)
	if err := s.Settle(t.Context(), came(first, machines, "a", "b")); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("what another has sent again: error %v", err)
	}
	if diff := cmp.Diff(before, read(t, s)); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
	if err := s.Settle(t.Context(), came(first, machines, "a")); err != nil {
		t.Errorf("what nobody has sent again: %v", err)
	}
	if err := s.Settle(t.Context(), came(second, machines, "b")); err != nil {
		t.Errorf("the second's own: %v", err)
	}
	before = read(t, s)
	if len(before.Intents) != 0 || len(before.Machines) != machines || !before.Machines[0].LaunchedAt.Equal(second) {
		t.Errorf("state %+v", before)
	}
	if err := s.Settle(t.Context(), came(first, machines, "b")); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("what another has settled: error %v", err)
	}
	if diff := cmp.Diff(before, read(t, s)); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
}
