package queue

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

var errBusy = errors.New("busy")

// book is a ledger that refuses events by their job's number, and knows by their
// IDs what it has.
type book struct {
	mu     sync.Mutex
	has    []string
	refuse fleet.JobID
}

func (b *book) Record(_ context.Context, events ...fleet.Event) (fresh []bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range events {
		if e.Job != nil && e.Job.Key.ID == b.refuse {
			return nil, errBusy
		}
		news := !slices.Contains(b.has, e.ID)
		if news {
			b.has = append(b.has, e.ID)
		}
		fresh = append(fresh, news)
	}
	return fresh, nil
}

// of is a message about a job.
func of(id string, job fleet.JobID) Received {
	e, _ := queued()
	e.ID, e.Job.Key.ID = "guid-"+id, job
	body, err := EncodeEvent(e)
	if err != nil {
		panic(err)
	}
	return Received{ID: id, Body: string(body), Times: 1}
}

func reported(t *testing.T, id, sender string, r fleet.Report) Received {
	t.Helper()
	r.At = noon
	body, err := EncodeReport(r)
	if err != nil {
		t.Fatal(err)
	}
	return Received{ID: id, Body: string(body), Sender: sender, Times: 1, Reports: true}
}

func intake(b *book) (*Intake, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return &Intake{Recorder: b, Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(log, nil))}, log
}

func TestWhatBecomesOfABatch(t *testing.T) {
	notice, err := os.ReadFile("../notices/testdata/interruption.json")
	if err != nil {
		t.Fatal(err)
	}
	report := fleet.Report{Machine: "i-1", Kind: fleet.ReportNotice, Deadline: noon.Add(2 * time.Minute)}
	ready := fleet.Report{Machine: "i-1", Kind: fleet.ReportReady}
	ended := fleet.Report{Machine: "i-2", Kind: fleet.ReportEnded, Outcome: fleet.OutcomeDone}
	byQueue := func(m Received) Received {
		m.Reports = true
		return m
	}
	for _, tt := range []struct {
		name  string
		batch []Received
		want  Taken
		has   []string
	}{
		{"nothing", nil, Taken{Counts: map[string]int{}}, nil},
		{"events are recorded", []Received{of("a", 1), of("b", 2)},
			Taken{Wake: true, Counts: map[string]int{"recorded": 2}}, []string{"guid-a", "guid-b"}},
		{"one that came twice is recorded once, and looked at all the same", []Received{of("a", 1), of("a", 1)},
			Taken{Wake: true, Counts: map[string]int{"recorded": 1, "known": 1}}, []string{"guid-a"}},
		{"a poison message keeps no other back", []Received{{ID: "x", Body: "poison"}, of("a", 1)},
			Taken{Failed: []string{"x"}, Wake: true, Counts: map[string]int{"recorded": 1, "malformed": 1}}, []string{"guid-a"}},
		{"an unknown version stays", []Received{{ID: "x", Body: `{"v":7,"kind":"wake"}`}},
			Taken{Failed: []string{"x"}, Counts: map[string]int{"unknown version": 1}}, nil},
		{"what the ledger refuses comes again, alone", []Received{of("a", 1), of("b", 9), of("c", 3)},
			Taken{Failed: []string{"b"}, Wake: true, Counts: map[string]int{"recorded": 1, "known": 1, "unrecorded": 1}}, []string{"guid-a", "guid-c"}},
		{"and if it refuses all, nothing is to be seen", []Received{of("b", 9)},
			Taken{Failed: []string{"b"}, Counts: map[string]int{"unrecorded": 1}}, nil},
		{"a wake that was kept back", []Received{{ID: "w", Body: wakeBody(kindWake, noon)}},
			Taken{Wake: true, Wakes: []string{"w"}, Counts: map[string]int{"wake": 1}}, nil},
		{"EventBridge's word of a machine", []Received{{ID: "n", Body: string(notice)}},
			Taken{Wake: true, Counts: map[string]int{"recorded": 1}}, []string{"sqs-n"}},
		{"a machine's own word of it", []Received{reported(t, "n", "AROA:i-1", report)},
			Taken{Wake: true, Counts: map[string]int{"recorded": 1}}, []string{"sqs-n"}},
		{"a machine's word of another", []Received{reported(t, "n", "AROA:i-2", report)},
			Taken{Failed: []string{"n"}, Counts: map[string]int{"forged": 1}}, nil},
		{"a report that no machine sent", []Received{reported(t, "n", "AIDA", report)},
			Taken{Failed: []string{"n"}, Counts: map[string]int{"forged": 1}}, nil},
		{"a machine that asks for its config, and one that powers off", []Received{reported(t, "n", "AROA:i-1", ready), reported(t, "o", "AROA:i-2", ended)},
			Taken{Wake: true, Counts: map[string]int{"recorded": 2}}, []string{"sqs-n", "sqs-o"}},
		{"a kind of report that is not known", []Received{reported(t, "n", "AROA:i-1", fleet.Report{Machine: "i-1", Kind: "hibernated"})},
			Taken{Failed: []string{"n"}, Counts: map[string]int{"unknown kind": 1}}, nil},
		{"an event where machines may send is none", []Received{byQueue(of("a", 1))},
			Taken{Failed: []string{"a"}, Counts: map[string]int{"malformed": 1}}, nil},
		{"nor is a notice of EventBridge's there", []Received{byQueue(Received{ID: "n", Body: string(notice)})},
			Taken{Failed: []string{"n"}, Counts: map[string]int{"unknown version": 1}}, nil},
		{"nor a wake", []Received{byQueue(Received{ID: "w", Body: wakeBody(kindWake, noon)})},
			Taken{Failed: []string{"w"}, Counts: map[string]int{"malformed": 1}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &book{refuse: 9}
			in, _ := intake(b)
			if diff := cmp.Diff(tt.want, in.Take(t.Context(), tt.batch)); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
			slices.Sort(b.has)
			if diff := cmp.Diff(tt.has, b.has); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsSetAsideIsToldWithItsCauseAndWithoutItsText(t *testing.T) {
	in, log := intake(&book{})
	taken := in.Take(t.Context(), []Received{{ID: "m-1", Body: `{"v":7,"password":"hush"}`, Times: 3}})
	for _, want := range []string{"message=m-1", "times=3", `error="unknown version: protocol 7`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %s: %s", want, log)
		}
	}
	if strings.Contains(log.String(), "hush") {
		t.Errorf("the log says too much: %s", log)
	}
	if got := taken.Log(); len(got) != 1 || got[0].String() != "unknown_version=1" {
		t.Errorf("counts: %v", got)
	}
}

func TestANoticeIsWhatTheReportSays(t *testing.T) {
	var got []fleet.Event
	in, _ := intake(nil)
	in.Recorder = recorder(func(events []fleet.Event) { got = append(got, events...) })
	deadline := noon.Add(2 * time.Minute)
	in.Take(t.Context(), []Received{
		reported(t, "n", "AROA:i-1", fleet.Report{Machine: "i-1", Kind: fleet.ReportNotice, Busy: true, Deadline: deadline}),
		reported(t, "o", "AROA:i-2", fleet.Report{Machine: "i-2", Kind: fleet.ReportRebalance}),
	})
	want := []fleet.Event{
		{ID: "sqs-n", Kind: "spot.interruption", At: noon, Notice: &fleet.Notice{Machine: "i-1", Kind: fleet.Interruption, At: noon, Deadline: deadline}},
		{ID: "sqs-o", Kind: "spot.rebalance", At: noon, Notice: &fleet.Notice{Machine: "i-2", Kind: fleet.Rebalance, At: noon}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestAReportIsKeptAsTheMachineTellsItWithinBounds(t *testing.T) {
	var got []fleet.Event
	in, _ := intake(nil)
	in.Recorder = recorder(func(events []fleet.Event) { got = append(got, events...) })
	long := strings.Repeat("ä", 400)
	told := fleet.Report{
		Machine: "i-1", Kind: fleet.ReportEnded, Outcome: fleet.OutcomeCrashed, Reason: long, ExitCode: 3,
		JobFrom: noon.Add(-time.Minute), JobUntil: noon.Add(-time.Second), Result: "Succeeded",
	}
	ahead := fleet.Report{Machine: "i-2", Kind: fleet.ReportReady, At: noon.Add(time.Hour)}
	body, err := EncodeReport(ahead)
	if err != nil {
		t.Fatal(err)
	}
	in.Take(t.Context(), []Received{
		reported(t, "n", "AROA:i-1", told), {ID: "o", Body: string(body), Sender: "AROA:i-2", Times: 1, Reports: true},
	})
	told.At, told.Reason, ahead.At = noon, strings.Repeat("ä", 100), noon // a clock that is ahead is not believed
	want := []fleet.Event{
		{ID: "sqs-n", Kind: "report.ended", At: noon, Report: &told},
		{ID: "sqs-o", Kind: "report.ready", At: noon, Report: &ahead},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

type recorder func([]fleet.Event)

func (r recorder) Record(_ context.Context, events ...fleet.Event) ([]bool, error) {
	r(events)
	return nil, nil
}
