package ledgertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

func list(t *testing.T, s Store, q ledger.Query) []string {
	t.Helper()
	jobs, err := s.Jobs(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, j := range jobs {
		names = append(names, fmt.Sprintf("%d/%d %s", j.Key.ID, j.Key.Attempt, j.Status))
	}
	return names
}

func newest(t *testing.T, s Store) {
	for i, status := range []fleet.JobStatus{fleet.Queued, fleet.Done, fleet.Queued, fleet.Waiting} {
		j := job(i+1, status)
		j.QueuedAt, j.Run = Noon.Add(time.Duration(i)*time.Minute), fleet.RunID(7+i/2)
		record(t, s, event("", j, time.Hour))
	}
	for _, tt := range []struct {
		name  string
		query ledger.Query
		want  []string
	}{
		{"all", ledger.Query{}, []string{"4/1 waiting", "3/1 queued", "2/1 done", "1/1 queued"}},
		{"limit", ledger.Query{Limit: 2}, []string{"4/1 waiting", "3/1 queued"}},
		{"one status", ledger.Query{Status: []fleet.JobStatus{fleet.Queued}}, []string{"3/1 queued", "1/1 queued"}},
		{"two and a limit", ledger.Query{Status: []fleet.JobStatus{fleet.Queued, fleet.Done}, Limit: 2}, []string{"3/1 queued", "2/1 done"}},
		{"those of a run, done and not", ledger.Query{Runs: []fleet.RunID{7}}, []string{"2/1 done", "1/1 queued"}},
		{"of runs and a status", ledger.Query{Runs: []fleet.RunID{9, 8, 7}, Status: []fleet.JobStatus{fleet.Queued, fleet.Done}}, []string{"3/1 queued", "2/1 done", "1/1 queued"}},
		{"the newest of a run", ledger.Query{Runs: []fleet.RunID{7}, Limit: 1}, []string{"2/1 done"}},
		{"of a run that has none", ledger.Query{Runs: []fleet.RunID{5}}, nil},
		{"none", ledger.Query{Status: []fleet.JobStatus{fleet.Running}}, nil},
	} {
		if diff := cmp.Diff(tt.want, list(t, s, tt.query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// runs holds that a run's jobs are found below newer ones that are closed.
func runs(t *testing.T, s Store) {
	for i := range 5 {
		j := job(i+1, fleet.Done)
		j.Run = fleet.RunID(7 + i/2)
		record(t, s, event("", j, time.Minute))
	}
	state := read(t, s)
	for i := range state.Jobs {
		state.Jobs[i].Closed = true
	}
	if err := s.Commit(t.Context(), state.Number, fleet.Change{Jobs: state.Jobs}); err != nil {
		t.Fatal(err)
	}
	want := []string{"2/1 done", "1/1 done"}
	if diff := cmp.Diff(want, list(t, s, ledger.Query{Runs: []fleet.RunID{7}, Limit: 2})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func hundred(t *testing.T, s Store) {
	var events []fleet.Event
	for i := range 101 {
		events = append(events, event("", job(i+1, fleet.Queued), 0))
	}
	record(t, s, events...)
	if n := len(list(t, s, ledger.Query{})); n != 100 {
		t.Errorf("%d jobs without a limit", n)
	}
}

// attemptStory holds that a later attempt's line stands behind the older ones.
func attemptStory(t *testing.T, s Store) {
	done, again := job(1, fleet.Done), job(1, fleet.Queued)
	done.Conclusion, again.Key.Attempt = "failure", 2
	record(t, s, event("a", job(1, fleet.Queued), 0), event("b", done, time.Minute), event("c", again, time.Hour))
	j, lines, err := s.Explain(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for i, l := range lines {
		texts = append(texts, l.Text)
		if i > 0 && l.At.Before(lines[i-1].At) {
			t.Errorf("%q at %s stands behind %s", l.Text, l.At, lines[i-1].At)
		}
	}
	if diff := cmp.Diff([]string{"recorded", "done: failure", "recorded"}, texts); diff != "" || j.Key.Attempt != 2 {
		t.Errorf("story of %+v (-want +got):\n%s", j.Key, diff)
	}
}

// late holds that a verdict on a view that an event overtook is not told.
func late(t *testing.T, s Store) {
	record(t, s, event("a", job(1, fleet.Queued), 0), event("b", job(1, fleet.Running), time.Second))
	v := fleet.JobVerdict{Job: fleet.JobKey{ID: 1, Attempt: 1}, Verdict: fleet.Verdict{Code: fleet.NoCapacity}}
	gated := job(2, fleet.Waiting)
	record(t, s, event("c", gated, 0))
	w := fleet.JobVerdict{Job: gated.Key, Verdict: fleet.Verdict{Code: fleet.Gated}}
	number := read(t, s).Number
	if err := s.Commit(t.Context(), number, fleet.Change{Verdicts: []fleet.JobVerdict{v, w}}); err != nil {
		t.Fatal(err)
	}
	_, lines, err := s.Explain(t.Context(), 1)
	if err != nil || lines[len(lines)-1].Text != "running" {
		t.Errorf("a running job's story %+v, error %v", lines, err)
	}
	_, lines, err = s.Explain(t.Context(), 2)
	want := ledger.Decision{At: Noon, Plan: number, Text: "gated", Status: fleet.Waiting}
	if diff := cmp.Diff(want, lines[len(lines)-1]); err != nil || diff != "" {
		t.Errorf("a gated job's last line (-want +got):\n%s\nerror %v", diff, err)
	}
}

func replaced(t *testing.T, s Store) {
	o := fleet.Order{ID: "a", Kind: fleet.Hold, Subject: "i-1", By: "op", Reason: "look", At: Noon, Until: Noon.Add(time.Hour)}
	for _, until := range []time.Time{Noon.Add(time.Hour), Noon} {
		o.Until = until
		if err := s.Place(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		var want []fleet.Order
		if o.Holds(Noon) {
			want = []fleet.Order{o}
		}
		if diff := cmp.Diff(want, read(t, s).Orders); diff != "" {
			t.Errorf("orders until %s (-want +got):\n%s", until, diff)
		}
	}
	if err := s.Lift(t.Context(), "b"); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("an order that never was: %v", err)
	}
}
