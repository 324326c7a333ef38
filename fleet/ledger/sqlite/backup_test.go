package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

func TestABackupIsWholeAndOverwritesNothing(t *testing.T) {
	s := open(t, Config{Path: ":memory:", Fleet: "f"})
	if _, err := s.Record(t.Context(), queued(1)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); err == nil {
		t.Error("the copy was written over")
	}
	state, err := open(t, Config{Path: path, Fleet: "f"}).Read(t.Context())
	if err != nil || len(state.Jobs) != 1 {
		t.Errorf("%d jobs in the copy, error %v", len(state.Jobs), err)
	}
}

// Intents are named by the plan number, and EC2 answers a name that it knows
// with the machines of then: a copy must not use one again.
func TestACopyThatIsTakenUpUsesNoPlanNumberTwice(t *testing.T) {
	now := ledgertest.Noon
	config := func(path string, hold bool) Config {
		return Config{Path: path, Fleet: "f", Hold: hold, Now: func() time.Time { return now }}
	}
	// used opens a ledger, commits so many plans, and returns the numbers
	// before and after.
	used := func(path string, hold bool, plans int) (from, to int64) {
		s := open(t, config(path, hold))
		defer s.Close()
		for n := 0; ; n++ {
			state, err := s.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				from = state.Number
			}
			if n == plans {
				return from, state.Number
			}
			if err := s.Commit(t.Context(), state.Number, fleet.Change{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := t.TempDir()
	path, first := filepath.Join(dir, "f.db"), filepath.Join(dir, "copy.db")
	used(path, true, 3)
	if err := open(t, config(path, false)).Backup(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	second := filepath.Join(dir, "again.db")
	if err := os.WriteFile(second, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if from, _ := used(first, false, 0); from != 4 {
		t.Errorf("looked at, the copy has plan number %d", from)
	}
	_, original := used(path, true, 50)
	now = now.Add(time.Second)
	from, to := used(first, true, 50)
	if from <= original {
		t.Errorf("the copy begins at %d, the original came to %d", from, original)
	}
	if from, _ := used(first, true, 0); from != to {
		t.Errorf("opened again, it has %d, not %d", from, to)
	}
	now = now.Add(time.Second)
	if from, _ := used(second, true, 0); from <= to {
		t.Errorf("used a second time the copy begins at %d, the first use came to %d", from, to)
	}
}
