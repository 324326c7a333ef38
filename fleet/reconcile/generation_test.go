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
		{"the first of all", "s3/g1", has("s3/g1"), "", "", 0, true, nil, "s3/g1"},
		{"the same as the last plan's, and the source is not asked", "s3/g1", has("s3/g7"), "s3/g1", "", 0, true, nil, "s3/g1"},
		{"another that the source has now is newer", "s3/g2", has("s3/g2"), "s3/g1", "", 0, true, nil, "s3/g2"},
		{"so is one that came back", "s3/g1", has("s3/g1"), "s3/g2", "s3/g1", time.Second, true, nil, "s3/g1"},
		{"one that the source has no more is old", "s3/g1", has("s3/g2"), "s3/g2", "s3/g1", time.Second, false, ErrStale, "s3/g2"},
		{"old it stays, however long ago", "s3/g1", has("s3/g2"), "s3/g2", "", time.Hour, false, ErrStale, "s3/g2"},
		{"a source that does not answer decides nothing", "s3/g2", func(context.Context) (string, error) { return "", errOdd }, "s3/g1", "", 0, false, errOdd, "s3/g1"},
		{"one that is kept apart, and that nobody has seen, is newer", "s4/g2", has("s4/g2"), "s3/g1", "", 0, true, nil, "s4/g2"},
		{"one that was followed lately by one that is kept apart is old, whatever its source says", "s3/g1", has("s3/g1"), "s4/g2", "s3/g1", time.Second, false, ErrStale, "s4/g2"},
		{"one that came with the program, and that nobody has seen, is newer", "file/b2", nil, "file/b1", "", 0, true, nil, "file/b2"},
		{"one that was followed lately is old", "file/b1", nil, "file/b2", "file/b1", oldFor - time.Second, false, ErrStale, "file/b2"},
		{"one that was followed long ago came back", "file/b1", nil, "file/b2", "file/b1", oldFor, true, nil, "file/b1"},
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
		name         string
		older, newer string
		source       func(context.Context) (string, error) // of the older
	}{
		{"a source that has the newer one", "s3/g1", "s3/g2", has("s3/g2")},
		{"sources of their own", "s3/g1", "s4/g2", has("s3/g1")},
		{"none", "file/g1", "file/g2", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEachLedger(t, func(t *testing.T, r *rig, newer *Reconciler) {
				r.Generation, r.Current = tt.older, has(tt.older)
				r.queue(1, acme)
				if _, err := r.Once(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.Current = tt.source
				newer.Generation = tt.newer
				if tt.source != nil {
					newer.Current = has(tt.newer)
				}
				var got []bool
				for range 3 {
					_, theirs := newer.Once(t.Context())
					_, ours := r.Once(t.Context())
					if theirs != nil {
						t.Error(theirs)
					}
					got = append(got, errors.Is(ours, ErrStale))
					r.now = r.now.Add(30 * time.Second)
				}
				if diff := cmp.Diff([]bool{true, true, true}, got); diff != "" {
					t.Errorf("the older one is stale (-want +got):\n%s", diff)
				}
				if seen := r.state().Marks[markFile]; seen != tt.newer {
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
	r.Generation, r.Current = "s3/g1", has("s3/g2")
	r.queue(1, acme)
	r.has(fleet.Change{Marks: map[string]string{markFile: "s3/g1"}})
	r.look() // the full look is over, the machine launched
	r.queue(1, acme)
	store := r.Ledger
	r.Ledger = &contested{store, 0, func(commit int) {
		if commit == 1 {
			if err := store.Commit(t.Context(), r.state().Number, fleet.Change{Marks: map[string]string{markFile: "s3/g2"}}); err != nil {
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
	text := written(map[string]time.Time{"s3/g1": noon.Add(-time.Minute), "s3/g0": noon.Add(-time.Hour)})
	if diff := cmp.Diff(map[string]time.Time{"s3/g1": noon.Add(-time.Minute)}, followed(text+" nonsense g@soon", noon)); diff != "" {
		t.Errorf("followed (-want +got):\n%s", diff)
	}
}
