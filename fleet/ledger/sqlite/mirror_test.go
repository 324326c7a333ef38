package sqlite

import (
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"github.com/runfleet/runfleet/fleet"
)

// 25,000 jobs with texts of their own would hold megabytes more.
func TestOpenJobsShareTheirTexts(t *testing.T) {
	s := open(t, Config{Path: ":memory:", Fleet: "f"})
	if _, err := s.Record(t.Context(), queued(1), queued(2)); err != nil {
		t.Fatal(err)
	}
	for _, why := range []string{"patched", "read whole"} {
		c := fleet.Change{}
		for id := range 2 {
			c.Verdicts = append(c.Verdicts, fleet.JobVerdict{
				Job: fleet.JobKey{ID: fleet.JobID(id + 1), Attempt: 1}, Verdict: fleet.Verdict{Code: fleet.PoolFull, Detail: why},
			})
		}
		if err := s.Settle(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if why == "read whole" {
			s.mirror.version = 0
		}
		state, err := s.Read(t.Context())
		if err != nil || len(state.Jobs) != 2 {
			t.Fatalf("%d jobs, error %v", len(state.Jobs), err)
		}
		a, b := state.Jobs[0], state.Jobs[1]
		for name, texts := range map[string][2]string{
			"repository": {a.Repo, b.Repo}, "labels": {string(a.Class.Labels), string(b.Class.Labels)}, "detail": {a.Verdict.Detail, b.Verdict.Detail},
		} {
			if texts[0] == "" || unsafe.StringData(texts[0]) != unsafe.StringData(texts[1]) {
				t.Errorf("%s: each job has its own %s", why, name)
			}
		}
	}
}

func TestAProbeCopiesNothing(t *testing.T) {
	s := open(t, Config{Path: ":memory:", Fleet: "f"})
	cost := func() float64 {
		return testing.AllocsPerRun(10, func() {
			if err := s.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	empty := cost()
	for n := range 1000 {
		if _, err := s.Record(t.Context(), queued(n+1)); err != nil {
			t.Fatal(err)
		}
	}
	if full := cost(); full > empty+10 {
		t.Errorf("%.0f allocations with 1,000 jobs, %.0f without", full, empty)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Ping(t.Context()) == nil {
		t.Error("a closed ledger answers")
	}
}

func TestForeignChangesWithTheWritesOfOthersOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	var stores [2]*Store
	for i := range stores {
		s, err := Open(t.Context(), Config{Path: path, Fleet: "f"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores[i] = s
	}
	number := func() int64 {
		n, err := stores[0].Foreign(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := number()
	for i, s := range stores {
		if err := s.Place(t.Context(), fleet.Order{ID: "pause", Kind: fleet.Pause, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if changed := number() != before; changed != (i == 1) {
			t.Errorf("store %d wrote: changed %t", i, changed)
		}
	}
	if _, err := stores[1].Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	before = number()
	if number() != before {
		t.Error("changed by a read")
	}
}
