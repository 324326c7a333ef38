package reconcile

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// has is a source of the fleet file that has a generation now.
func has(generation string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return generation, nil }
}

func TestWhichFleetFileCounts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		file    string                                // that this manager reads
		source  func(context.Context) (string, error) // nil: it came with the program
		seen    string                                // by the ledger
		before  string                                // followed by that
		ago     time.Duration                         // since then
		acts    bool
		err     error
		seenNow string
	}{
		{"without a generation none is kept", "", nil, "", "", 0, true, nil, ""},
		{"the first of all", "g1", has("g1"), "", "", 0, true, nil, "g1"},
		{"the same as the last plan's, and the source is not asked", "g1", has("g7"), "g1", "", 0, true, nil, "g1"},
		{"another that the source has now is newer", "g2", has("g2"), "g1", "", 0, true, nil, "g2"},
		{"so is one that came back", "g1", has("g1"), "g2", "g1", time.Second, true, nil, "g1"},
		{"one that the source has no more is old", "g1", has("g2"), "g2", "g1", time.Second, false, ErrStale, "g2"},
		{"old it stays, however long ago", "g1", has("g2"), "g2", "", time.Hour, false, ErrStale, "g2"},
		{"a source that does not answer decides nothing", "g2", func(context.Context) (string, error) { return "", errOdd }, "g1", "", 0, false, errOdd, "g1"},
		{"one that came with the program, and that nobody has seen, is newer", "b2", nil, "b1", "", 0, true, nil, "b2"},
		{"one that was followed lately is old", "b1", nil, "b2", "b1", oldFor - time.Second, false, ErrStale, "b2"},
		{"one that was followed long ago came back", "b1", nil, "b2", "b1", oldFor, true, nil, "b1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.queue(1, acme)
			r.Generation, r.Current = tt.file, tt.source
			marks := map[string]string{markFile: tt.seen}
			if tt.before != "" {
				marks[markFileBefore] = written(map[string]time.Time{tt.before: noon.Add(-tt.ago)})
			}
			r.has(fleet.Change{Marks: marks})
			if _, err := r.Once(t.Context()); !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if acts := len(r.launches()) == 1; acts != tt.acts {
				t.Errorf("it acts: %t", acts)
			}
			s := r.state()
			if s.Marks[markFile] != tt.seenNow {
				t.Errorf("the ledger has seen %q, want %q", s.Marks[markFile], tt.seenNow)
			}
			if reserved := len(s.Machines)+len(s.Intents) > 0; reserved != tt.acts {
				t.Errorf("it commits: %t", reserved)
			}
		})
	}
}

// TestTwoManagersWithTwoFilesDoNotTakeTurns has both look by turns: with a source,
// and with files that came with the programs.
func TestTwoManagersWithTwoFilesDoNotTakeTurns(t *testing.T) {
	for _, tt := range []struct {
		name   string
		source func(context.Context) (string, error)
	}{
		{"a source that has the newer one", has("g2")},
		{"none", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEachLedger(t, func(t *testing.T, r *rig, newer *Reconciler) {
				r.Generation, r.Current = "g1", has("g1")
				r.queue(1, acme)
				if _, err := r.Once(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.Current = tt.source
				newer.Generation, newer.Current = "g2", tt.source
				var got []bool
				for range 3 {
					_, theirs := newer.Once(t.Context())
					_, ours := r.Once(t.Context())
					if theirs != nil {
						t.Error(theirs)
					}
					got = append(got, errors.Is(ours, ErrStale))
					r.now = r.now.Add(time.Minute)
				}
				if diff := cmp.Diff([]bool{true, true, true}, got); diff != "" {
					t.Errorf("the older one is stale (-want +got):\n%s", diff)
				}
				if seen := r.state().Marks[markFile]; seen != "g2" {
					t.Errorf("the ledger has seen %s", seen)
				}
			})
		})
	}
}

// TestAFileThatIsFollowedInTheMiddleOfALook is the race: another manager commits
// by a newer file between a look's reading and its plan.
func TestAFileThatIsFollowedInTheMiddleOfALook(t *testing.T) {
	r := rigged(t)
	r.Generation, r.Current = "g1", has("g2")
	r.queue(1, acme)
	r.has(fleet.Change{Marks: map[string]string{markFile: "g1"}})
	r.look() // the full look is over, the machine launched
	r.queue(1, acme)
	store := r.Ledger
	r.Ledger = &contested{store, 0, func(commit int) {
		if commit == 1 {
			if err := store.Commit(t.Context(), r.state().Number, fleet.Change{Marks: map[string]string{markFile: "g2"}}); err != nil {
				t.Error(err)
			}
		}
	}}
	r.asked()
	if _, err := r.Once(t.Context()); !errors.Is(err, ErrStale) || errors.Is(err, ledger.ErrConflict) {
		t.Errorf("error %v", err)
	}
	if calls := r.asked(); len(calls) > 0 {
		t.Errorf("it acts: %v", calls)
	}
}

func TestTheListOfFollowedFilesForgets(t *testing.T) {
	text := written(map[string]time.Time{"g1": noon.Add(-time.Minute), "g0": noon.Add(-time.Hour)})
	if diff := cmp.Diff(map[string]time.Time{"g1": noon.Add(-time.Minute)}, followed(text+" nonsense g@soon", noon)); diff != "" {
		t.Errorf("followed (-want +got):\n%s", diff)
	}
}
