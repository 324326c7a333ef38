package dynamodb

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// acts is one of each call that changes the ledger, on a table where the order
// "o" and the queued job 1 are, and the number is 1.
var acts = []struct {
	name string
	act  func(context.Context, *Store) error
}{
	{"commit", func(ctx context.Context, s *Store) error {
		return s.Commit(ctx, 1, fleet.Change{Reserve: []fleet.Intent{{ID: "a", Remove: &fleet.Remove{Name: "n"}}}})
	}},
	{"settle", func(ctx context.Context, s *Store) error {
		return s.Settle(ctx, fleet.Change{Machines: []fleet.Machine{{ID: "i-1", Pool: "p"}}})
	}},
	{"record a new job", func(ctx context.Context, s *Store) error { return news(s.Record(ctx, waiting(2))) }},
	{"record a job that is done", func(ctx context.Context, s *Store) error {
		done := waiting(1)
		done.ID, done.Job.Status = "done", fleet.Done
		return news(s.Record(ctx, done))
	}},
	{"record a notice", func(ctx context.Context, s *Store) error {
		return news(s.Record(ctx, fleet.Event{ID: "n", Kind: "spot", Notice: &fleet.Notice{Machine: "i-1", Kind: fleet.Rebalance}}))
	}},
	{"place an order", func(ctx context.Context, s *Store) error {
		return s.Place(ctx, fleet.Order{ID: "p", Kind: fleet.Pause})
	}},
	{"lift an order", func(ctx context.Context, s *Store) error { return s.Lift(ctx, "o") }},
}

var errStale = errors.New("it is no news")

func news(fresh []bool, err error) error {
	if err == nil && !fresh[0] {
		return errStale
	}
	return err
}

// begun is a ledger as acts want it, and its wire.
func begun(t *testing.T) (*wire, *Store) {
	t.Helper()
	w, api, name := table(t)
	s := open(t, api, name)
	_, err := s.Record(t.Context(), waiting(1))
	if err := errors.Join(err, s.Place(t.Context(), fleet.Order{ID: "o", Kind: fleet.Pause})); err != nil {
		t.Fatal(err)
	}
	w.reset(nil)
	return w, s
}

func state(t *testing.T, s *Store) fleet.State {
	t.Helper()
	state, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// first plays a fault for the first requests of an operation.
func first(op string, n int, what outcome) fault {
	return func(is string, _ int) outcome {
		if is == op && n > 0 {
			n--
			return what
		}
		return fine
	}
}

func TestALostAnswerIsNoConflict(t *testing.T) {
	for _, tt := range acts {
		t.Run(tt.name, func(t *testing.T) {
			_, s := begun(t)
			if err := tt.act(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			want := state(t, s)

			w, s := begun(t)
			w.reset(first("TransactWriteItems", 1, lost))
			if err := tt.act(t.Context(), s); err != nil {
				t.Error(err)
			}
			if w.requests["TransactWriteItems"] != 2 || w.repeated != 1 {
				t.Errorf("%d transactions sent, %d known by their token", w.requests["TransactWriteItems"], w.repeated)
			}
			got := state(t, s)
			got.Ledger = want.Ledger
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("state (-without loss +with):\n%s", diff)
			}
		})
	}
}

// TestTheTokenIsWhatHeals shows that the test above bites: a table that forgets
// tokens, as moto does, takes the repeat for another's.
func TestTheTokenIsWhatHeals(t *testing.T) {
	want := map[string]error{
		"commit": ledger.ErrConflict, "record a new job": errStale, "record a job that is done": errStale, "record a notice": errStale, "lift an order": ledger.ErrUnknown,
	}
	for _, tt := range acts {
		t.Run(tt.name, func(t *testing.T) {
			w, s := begun(t)
			w.reset(first("TransactWriteItems", 1, lost))
			w.forgetful = true
			if err := tt.act(t.Context(), s); !errors.Is(err, want[tt.name]) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestALostAnswerOfTheFoundingIsHealed(t *testing.T) {
	w, api, name := table(t)
	w.reset(first("TransactWriteItems", 1, lost))
	if s := open(t, api, name); s.ID() == "" || w.repeated != 1 {
		t.Errorf("ledger %q, %d repeats", s.ID(), w.repeated)
	}
}

// calls is one of each call, and the operation that it begins with.
func calls() []struct {
	name, op string
	act      func(context.Context, *Store) error
} {
	type call = struct {
		name, op string
		act      func(context.Context, *Store) error
	}
	all := []call{
		{"read", "Query", func(ctx context.Context, s *Store) error { _, err := s.Read(ctx); return err }},
		{"jobs", "Query", func(ctx context.Context, s *Store) error { _, err := s.Jobs(ctx, ledger.Query{}); return err }},
		{"explain", "Query", func(ctx context.Context, s *Store) error { _, _, err := s.Explain(ctx, 1); return err }},
		{"settle much", "BatchWriteItem", func(ctx context.Context, s *Store) error { return s.Settle(ctx, largeSettle()) }},
		{"settle what no look showed", "BatchGetItem", func(ctx context.Context, s *Store) error {
			return s.Settle(ctx, fleet.Change{Jobs: []fleet.Job{*waiting(1).Job}})
		}},
	}
	for _, a := range acts {
		op := "TransactWriteItems"
		if a.name == "record a job that is done" {
			op = "BatchGetItem"
		}
		all = append(all, call{a.name, op, a.act})
	}
	return all
}

func faultsOf(op string) map[string]outcome {
	all := map[string]outcome{"throttled": throttled, "failing": failing, "no answer": dead}
	switch op {
	case "TransactWriteItems":
		all["conflicting"] = conflicting
	case "BatchWriteItem", "BatchGetItem":
		all["partly done"] = partial
	}
	return all
}

func TestWhatPassesIsTriedAgain(t *testing.T) {
	for _, tt := range calls() {
		_, s := begun(t)
		if err := tt.act(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		want := state(t, s)
		for name, what := range faultsOf(tt.op) {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				w, s := begun(t)
				w.reset(first(tt.op, 3, what))
				if err := tt.act(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				if w.requests[tt.op] < 4 {
					t.Errorf("%d requests: the fault was not met", w.requests[tt.op])
				}
				got := state(t, s)
				got.Ledger = want.Ledger
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("state (-without faults +with):\n%s", diff)
				}
			})
		}
	}
}

func TestWhatDoesNotPassIsBusy(t *testing.T) {
	for _, tt := range calls() {
		for name, what := range faultsOf(tt.op) {
			if what == partial {
				continue // half of what is left passes each time
			}
			t.Run(tt.name+", "+name, func(t *testing.T) {
				w, s := begun(t)
				w.reset(first(tt.op, 1_000_000, what))
				if err := tt.act(t.Context(), s); !errors.Is(err, ledger.ErrBusy) {
					t.Errorf("error %v", err)
				}
				if w.requests[tt.op] != tries {
					t.Errorf("%d requests", w.requests[tt.op])
				}
			})
		}
	}
}

func TestNothingIsTriedAgainWhenTheCallerHasGone(t *testing.T) {
	for _, tt := range calls() {
		t.Run(tt.name, func(t *testing.T) {
			w, s := begun(t)
			ctx, cancel := context.WithCancel(t.Context())
			w.reset(func(string, int) outcome { cancel(); return throttled })
			if err := tt.act(ctx, s); !errors.Is(err, ledger.ErrBusy) || !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			if n := w.total(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}
