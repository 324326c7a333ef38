//go:build !lambda

package wire

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// homes knows the first App's installations by login.
type homes map[string]int64

func (h homes) Home(_ context.Context, login string, _ int64) (int64, error) {
	id, ok := h[login]
	if !ok {
		return 0, fleet.ErrUnknownOutcome
	}
	return id, nil
}

func TestAJobThatTwoAppsTellOfIsOneJobOfOneClass(t *testing.T) {
	told := func(guid string, installation int64) fleet.Event {
		return fleet.Event{ID: guid, Kind: "workflow_job.queued", At: time.Now(), Job: &fleet.Job{
			Key: fleet.JobKey{ID: 5, Attempt: 1}, Run: 9, Repo: "acme/w", Status: fleet.Queued, QueuedAt: time.Now(),
			Class: fleet.Class{Scope: fleet.Scope{Installation: installation, Owner: "acme"}, Labels: "linux"},
		}}
	}
	for _, first := range []string{"the first App's comes first", "the other App's comes first"} {
		t.Run(first, func(t *testing.T) {
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: sqlite.Memory, Fleet: "f", ID: "l"})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			other := homed{s, homes{"acme": 7}}
			tell := []func() ([]bool, error){
				func() ([]bool, error) { return s.Record(t.Context(), told("one", 7)) },
				func() ([]bool, error) { return other.Record(t.Context(), told("two", 17)) },
			}
			if first != "the first App's comes first" {
				tell[0], tell[1] = tell[1], tell[0]
			}
			for i, f := range tell {
				if fresh, err := f(); err != nil || fresh[0] != (i == 0) {
					t.Errorf("delivery %d: fresh %v, %v", i+1, fresh, err)
				}
			}
			state, err := s.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []fleet.Class
			for _, j := range state.Jobs {
				got = append(got, j.Class)
			}
			want := []fleet.Class{{Scope: fleet.Scope{Installation: 7, Owner: "acme"}, Labels: "linux"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("classes of jobs (-want +got):\n%s", diff)
			}
		})
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: sqlite.Memory, Fleet: "f", ID: "l"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := (homed{s, homes{}}).Record(t.Context(), told("three", 17)); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("where the home is not known: %v", err)
	}
}
