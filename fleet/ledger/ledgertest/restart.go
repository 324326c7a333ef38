package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

// Restart holds that a store keeps all when its process ends. Each call of
// open opens one and the same ledger of fleet "f", as a new process would.
func Restart(t *testing.T, open Open) {
	now := func() time.Time { return Noon }
	s := open(t, now)
	record(t, s, event("a", job(1, fleet.Queued), 0), event("b", job(2, fleet.Queued), 0))
	change := fleet.Change{
		Reserve:  []fleet.Intent{{ID: "a", ReservedAt: Noon, Sweep: &fleet.Sweep{Templates: []string{"lt-1:1"}}}},
		Machines: []fleet.Machine{{ID: "i-1", LaunchedAt: Noon}}, Runners: []fleet.Runner{{Name: "n", ID: 3}},
		Setbacks: []fleet.Setback{{Key: fleet.BootKey("p", "t"), Strikes: 1}}, Marks: map[string]string{"m": "1"},
		Verdicts: []fleet.JobVerdict{{Job: fleet.JobKey{ID: 2, Attempt: 1}, Verdict: fleet.Verdict{Code: fleet.Paced}}},
	}
	if err := s.Commit(t.Context(), read(t, s).Number, change); err != nil {
		t.Fatal(err)
	}
	if err := s.Place(t.Context(), fleet.Order{ID: "o", Kind: fleet.Pause, At: Noon}); err != nil {
		t.Fatal(err)
	}
	before := read(t, s)
	s = open(t, now)
	if diff := cmp.Diff(before, read(t, s)); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
	if fresh := record(t, s, event("a", job(1, fleet.Queued), 0)); fresh[0] {
		t.Error("a delivery from before the restart counts again")
	}
}

// anyOrder holds that a job's events, in any order and repeated, end in the
// status that is furthest.
func anyOrder(t *testing.T, s Store) {
	id := 0
	rapid.Check(t, func(r *rapid.T) {
		id++
		life := rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 1, 4, rapid.ID).Draw(r, "life")
		again := rapid.SliceOfN(rapid.SampledFrom(life), 0, 4).Draw(r, "again")
		var last fleet.JobStatus
		for i, n := range rapid.Permutation(append(life, again...)).Draw(r, "order") {
			j := job(id, fleet.JobStatus(n))
			last = max(last, j.Status)
			delivery := fmt.Sprint(id, "-", n)
			if rapid.Bool().Draw(r, "redelivered as new") {
				delivery += fmt.Sprint("-", i)
			}
			if j.Status >= fleet.Running {
				j.Runner = fleet.RunnerName("f", "i-0a", 1)
			}
			if _, err := s.Record(t.Context(), event(delivery, j, time.Duration(i)*time.Second)); err != nil {
				r.Fatal(err)
			}
		}
		j, _, err := s.Explain(t.Context(), fleet.JobID(id))
		if err != nil || j.Status != last || j.Closed || (j.Runner != "") != (last >= fleet.Running) {
			r.Fatalf("%+v, want %s, error %v", j, last, err)
		}
	})
}

// repeatedVerdict holds that a verdict is told when it changes, not each time.
func repeatedVerdict(t *testing.T, s Store) {
	record(t, s, event("a", job(1, fleet.Queued), 0))
	for _, v := range []fleet.Verdict{{Code: fleet.Paced}, {Code: fleet.Paced}, {Code: fleet.Paced, Detail: "10 s"}, {Code: fleet.Paced}} {
		c := fleet.Change{Verdicts: []fleet.JobVerdict{{Job: fleet.JobKey{ID: 1, Attempt: 1}, Verdict: v}}}
		if err := s.Commit(t.Context(), read(t, s).Number, c); err != nil {
			t.Fatal(err)
		}
	}
	_, lines, err := s.Explain(t.Context(), 1)
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.Text)
	}
	if diff := cmp.Diff([]string{"recorded", "paced", "paced: 10 s", "paced"}, texts); err != nil || diff != "" {
		t.Errorf("story (-want +got):\n%s\nerror %v", diff, err)
	}
}
