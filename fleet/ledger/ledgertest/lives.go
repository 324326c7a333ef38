package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func notices(t *testing.T, s Store) {
	tell := func(id string, kind fleet.NoticeKind, after time.Duration) fleet.Event {
		n := fleet.Notice{Machine: "i-1", Kind: kind, At: Noon.Add(after), Deadline: Noon.Add(after + 2*time.Minute)}
		return fleet.Event{ID: id, Kind: "spot", At: n.At, Notice: &n}
	}
	first := tell("b", fleet.Interruption, time.Second)
	got := record(t, s, tell("a", fleet.Rebalance, 0), first, first, tell("c", fleet.Interruption, time.Minute))
	if diff := cmp.Diff([]bool{true, true, false, false}, got); diff != "" {
		t.Errorf("fresh (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]fleet.Notice{*first.Notice}, read(t, s).Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if err := s.Settle(t.Context(), fleet.Change{Machines: []fleet.Machine{{ID: "i-1"}}}); err != nil {
		t.Fatal(err)
	}
	if n := len(read(t, s).Notices); n != 1 {
		t.Errorf("%d notices after the machine was written", n)
	}
	if err := s.Settle(t.Context(), fleet.Change{Forget: []fleet.MachineID{"i-1"}}); err != nil {
		t.Fatal(err)
	}
	if n := len(read(t, s).Notices); n != 0 {
		t.Errorf("%d notices of a machine that is forgotten", n)
	}
}

func reports(t *testing.T, s Store) {
	tell := func(id string, r fleet.Report, after time.Duration) fleet.Event {
		r.Machine, r.At = "i-1", Noon.Add(after)
		return fleet.Event{ID: id, Kind: "report", At: r.At, Report: &r}
	}
	ready, ended := fleet.Report{Kind: fleet.ReportReady}, fleet.Report{
		Kind: fleet.ReportEnded, Busy: true, Outcome: fleet.OutcomeCrashed, Reason: "the runner ended with code 3", ExitCode: 3,
		JobFrom: Noon, JobUntil: Noon.Add(time.Second), Result: "Succeeded",
	}
	last := tell("c", ended, 2*time.Second)
	got := record(t, s, tell("a", ready, 0), tell("b", ready, time.Second), last, last, tell("d", ready, time.Second))
	if diff := cmp.Diff([]bool{true, true, true, false, false}, got); diff != "" {
		t.Errorf("fresh (-want +got):\n%s", diff)
	}
	other := tell("e", ready, 0)
	other.Report.Machine = "i-0"
	record(t, s, other)
	if diff := cmp.Diff([]fleet.Report{*other.Report, *last.Report}, read(t, s).Reports); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	if err := s.Settle(t.Context(), fleet.Change{Forget: []fleet.MachineID{"i-1"}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]fleet.Report{*other.Report}, read(t, s).Reports); diff != "" {
		t.Errorf("reports of machines that are not forgotten (-want +got):\n%s", diff)
	}
}

// whole is a job with every field that an event shows.
func whole() fleet.Job {
	j := job(1, fleet.Queued)
	j.Run, j.OwnerID, j.Public, j.Name, j.Workflow = 11, 12, true, "build", "ci"
	j.Class.Scope.Repo = "w"
	j.Origin, j.Found = fleet.Fork, true
	return j
}

func kept(t *testing.T, s Store) {
	e := event("a", whole(), time.Second)
	record(t, s, e)
	want := whole()
	want.RecordedAt, want.ChangedAt = e.At, e.At
	if diff := cmp.Diff([]fleet.Job{want}, read(t, s).Jobs); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

// learned is a job of which GitHub tells later where its code comes from.
func learned(t *testing.T, s Store) {
	record(t, s, event("a", job(1, fleet.Queued), 0))
	asked := job(1, fleet.Queued)
	asked.Origin, asked.Found = fleet.Own, true
	e := event("", asked, time.Second)
	e.Read = true
	record(t, s, e)
	want := job(1, fleet.Queued)
	want.Origin, want.RecordedAt, want.ChangedAt, want.AskedAt = fleet.Own, Noon, Noon, e.At
	if diff := cmp.Diff([]fleet.Job{want}, read(t, s).Jobs); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

func repeated(t *testing.T, s Store) {
	done := job(1, fleet.Done)
	done.Conclusion, done.Runner = "success", fleet.RunnerName("f", "i-0a", 1)
	first := record(t, s, event("a", job(1, fleet.Queued), 0), event("b", done, time.Second))
	before := read(t, s)
	again := record(t, s, event("c", done, time.Minute), event("d", done, time.Hour))
	if diff := cmp.Diff([]bool{true, true, false, false}, append(first, again...)); diff != "" {
		t.Errorf("fresh (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, read(t, s)); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
}

func attempts(t *testing.T, s Store) {
	first, second := job(1, fleet.Running), job(1, fleet.Queued)
	first.Runner, second.Key.Attempt = fleet.RunnerName("f", "i-0a", 1), 2
	record(t, s, event("b", second, time.Minute), event("a", first, 0))
	var got []fleet.JobKey
	for _, j := range read(t, s).Jobs {
		got = append(got, j.Key)
	}
	if diff := cmp.Diff([]fleet.JobKey{{ID: 1, Attempt: 1}, {ID: 1, Attempt: 2}}, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if j, _, err := s.Explain(t.Context(), 1); err != nil || j.Key.Attempt != 2 {
		t.Errorf("explained %+v, error %v", j.Key, err)
	}
}

// foreign holds whose runners leave something of ours behind.
func foreign(t *testing.T, s Store) {
	for i, tt := range []struct {
		runner string
		alive  bool
	}{
		{"", false}, {"GitHub Actions 7", false}, {"rf-g-i-0a-1", false}, {"rf-f-i-0a", false}, {"rf-f-i-0a-0", false},
		{"rf-f-i-0a-1", true},
	} {
		done := job(i+1, fleet.Done)
		done.Runner = tt.runner
		record(t, s, event("", job(i+1, fleet.Queued), 0), event("", done, time.Second))
		if _, alive := statuses(read(t, s))[done.Key.ID]; alive != tt.alive {
			t.Errorf("done on %q: alive is %t", tt.runner, alive)
		}
		back := event("", job(i+1, fleet.Queued), time.Hour)
		back.Read = true
		record(t, s, back)
		if got := statuses(read(t, s))[done.Key.ID]; got != "queued" {
			t.Errorf("done on %q and queued again: %q", tt.runner, got)
		}
	}
}

// overtaken holds that a plan on a stale look neither closes a job that GitHub
// queued again nor opens one that is over.
func overtaken(t *testing.T, s Store) {
	done, foreign := job(1, fleet.Done), job(2, fleet.Done)
	done.Runner = fleet.RunnerName("f", "i-0a", 1)
	record(t, s, event("a", done, 0), event("b", job(2, fleet.Queued), 0))
	stale := read(t, s).Jobs
	back := event("", job(1, fleet.Queued), time.Minute)
	back.Read = true
	record(t, s, back, event("c", foreign, time.Minute))
	stale[0].Closed, stale[1].Launches = true, 1
	if err := s.Commit(t.Context(), read(t, s).Number, fleet.Change{Jobs: stale}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[fleet.JobID]string{1: "queued"}, statuses(read(t, s))); diff != "" {
		t.Errorf("alive (-want +got):\n%s", diff)
	}
}

// asked holds that AskedAt is the events' field: a plan with a stale row, and
// an older answer, leave it as it was.
func asked(t *testing.T, s Store) {
	record(t, s, event("a", job(1, fleet.Queued), 0))
	stale := read(t, s).Jobs[0]
	answer := event("", job(1, fleet.Queued), time.Minute)
	answer.Read = true
	older := answer
	older.At = Noon.Add(time.Second)
	if diff := cmp.Diff([]bool{true, false}, record(t, s, answer, older)); diff != "" {
		t.Errorf("fresh (-want +got):\n%s", diff)
	}
	stale.Launches, stale.Status, stale.Name = 1, fleet.Done, "forged"
	if err := s.Commit(t.Context(), read(t, s).Number, fleet.Change{Jobs: []fleet.Job{stale}}); err != nil {
		t.Fatal(err)
	}
	want := job(1, fleet.Queued)
	want.RecordedAt, want.ChangedAt, want.AskedAt, want.Launches = Noon, Noon, answer.At, 1
	if diff := cmp.Diff([]fleet.Job{want}, read(t, s).Jobs); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

// moved holds that an event clears the verdict and leaves the launches.
func moved(t *testing.T, s Store) {
	record(t, s, event("a", job(1, fleet.Queued), 0))
	j := read(t, s).Jobs[0]
	j.Launches, j.LaunchedAt = 3, Noon
	v := fleet.JobVerdict{Job: j.Key, Verdict: fleet.Verdict{Code: fleet.Launching, Detail: "p"}}
	if err := s.Settle(t.Context(), fleet.Change{Jobs: []fleet.Job{j}, Verdicts: []fleet.JobVerdict{v}}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s).Jobs[0].Verdict; got != v.Verdict {
		t.Errorf("verdict %s", got)
	}
	record(t, s, event("b", job(1, fleet.Running), time.Second))
	got := read(t, s).Jobs[0]
	if got.Launches != 3 || !got.LaunchedAt.Equal(Noon) || got.Verdict != (fleet.Verdict{}) {
		t.Errorf("row: %+v", got)
	}
}

func upserts(t *testing.T, s Store) {
	c := fleet.Change{
		Reserve:  []fleet.Intent{{ID: "i1", Reason: "one", Remove: &fleet.Remove{Name: "n"}}},
		Machines: []fleet.Machine{{ID: "i-1", Try: 1}}, Runners: []fleet.Runner{{Name: "n", ID: 1}},
		Setbacks: []fleet.Setback{{Key: fleet.BootKey("p", "t"), Strikes: 1}}, Marks: map[string]string{"m": "1"},
	}
	d := fleet.Change{
		Reserve:  []fleet.Intent{{ID: "i1", Reason: "two", Tries: 1, SentAt: Noon, Remove: &fleet.Remove{Name: "n"}}},
		Machines: []fleet.Machine{{ID: "i-1", Try: 2, SeenAt: Noon}}, Runners: []fleet.Runner{{Name: "n", ID: 2, Online: true}},
		Setbacks: []fleet.Setback{{Key: fleet.BootKey("p", "t"), Strikes: 3, Until: Noon}}, Marks: map[string]string{"m": "2"},
	}
	for _, x := range []fleet.Change{c, d} {
		if err := s.Settle(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		got := read(t, s)
		want := fleet.State{
			Ledger: got.Ledger, Number: got.Number, Intents: x.Reserve, Machines: x.Machines, Runners: x.Runners,
			Setbacks: x.Setbacks, Marks: x.Marks,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
	}
}
