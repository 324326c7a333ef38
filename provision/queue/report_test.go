package queue

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// The messages of protocol 1 stay readable, whatever the code becomes.
func TestTheWireFormOfProtocolOne(t *testing.T) {
	for _, tt := range []struct {
		name, wire string
		report     fleet.Report
	}{
		{"ready", `{"v":1,"kind":"ready","machine":"i-1","at":"2026-11-25T12:00:00Z"}`,
			fleet.Report{Machine: "i-1", At: noon, Kind: fleet.ReportReady}},
		{"a notice", `{"v":1,"kind":"notice","machine":"i-1","at":"2026-11-25T12:00:00Z","busy":true,"deadline":"2026-11-25T12:02:00Z"}`,
			fleet.Report{Machine: "i-1", At: noon, Kind: fleet.ReportNotice, Busy: true, Deadline: noon.Add(2 * time.Minute)}},
		{"the end", `{"v":1,"kind":"ended","machine":"i-1","at":"2026-11-25T12:00:00Z","outcome":"crashed","reason":"the runner ended with code 2","exit_code":2,"job_from":"2026-11-25T11:00:00Z","job_until":"2026-11-25T11:30:00Z","result":"Failed"}`,
			fleet.Report{
				Machine: "i-1", At: noon, Kind: fleet.ReportEnded, Outcome: fleet.OutcomeCrashed, Reason: "the runner ended with code 2", ExitCode: 2,
				JobFrom: noon.Add(-time.Hour), JobUntil: noon.Add(-30 * time.Minute), Result: "Failed",
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wire, err := EncodeReport(tt.report)
			if err != nil || string(wire) != tt.wire {
				t.Errorf("encoded (error %v) (-want +got):\n%s", err, cmp.Diff(tt.wire, string(wire)))
			}
			report, err := DecodeReport([]byte(tt.wire))
			if err != nil || report != tt.report {
				t.Errorf("decoded (error %v) (-want +got):\n%s", err, cmp.Diff(tt.report, report))
			}
		})
	}
}

func TestWhatAReaderTakesAndRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, wire string
		want       fleet.Report
		err        string
	}{
		{"a field of a later version is ignored", `{"v":1,"kind":"ready","machine":"i-1","at":"2026-11-25T12:00:00Z","weather":{"rain":true}}`,
			fleet.Report{Machine: "i-1", At: noon, Kind: fleet.ReportReady}, ""},
		{"a kind of a later version comes through", `{"v":1,"kind":"hibernated","machine":"i-1","at":"2026-11-25T12:00:00Z"}`,
			fleet.Report{Machine: "i-1", At: noon, Kind: "hibernated"}, ""},
		{"a later protocol is refused", `{"v":2,"kind":"ready","machine":"i-1"}`, fleet.Report{}, "protocol 2"},
		{"none at all too", `{"kind":"ready","machine":"i-1"}`, fleet.Report{}, "protocol 0"},
		{"a report about nothing", `{"v":1,"kind":"ready"}`, fleet.Report{}, "no machine"},
		{"of nothing", `{"v":1,"machine":"i-1"}`, fleet.Report{}, "no kind"},
		{"no JSON", `ready`, fleet.Report{}, "decode report"},
		{"another type", `{"v":"1"}`, fleet.Report{}, "decode report"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DecodeReport([]byte(tt.wire))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

func TestAReportSurvivesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return rapid.StringMatching(`[ -~]{1,20}`).Draw(t, name) }
		when := func(name string) time.Time {
			return noon.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, name)))
		}
		want := fleet.Report{
			Machine: fleet.MachineID(text("machine")), At: when("at"), Kind: fleet.ReportKind(text("kind")), Busy: rapid.Bool().Draw(t, "busy"),
			Deadline: when("deadline"), Outcome: fleet.Outcome(text("outcome")), Reason: text("reason"),
			ExitCode: rapid.IntRange(-1, 255).Draw(t, "code"), JobFrom: when("from"), JobUntil: when("until"), Result: text("result"),
		}
		wire, err := EncodeReport(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeReport(wire); err != nil || got != want {
			t.Fatalf("error %v, (-want +got):\n%s", err, cmp.Diff(want, got))
		}
	})
}

func FuzzDecodeReport(f *testing.F) {
	f.Add([]byte(`{"v":1,"kind":"ready","machine":"i-1","at":"2026-11-25T12:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeReport(data)
		if err == nil && (r.Machine == "" || r.Kind == "") {
			t.Errorf("taken: %+v", r)
		}
	})
}

// sends is a queue that keeps or refuses what it is sent.
type sends struct {
	got []*sqs.SendMessageInput
	err error
}

func (s *sends) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	s.got = append(s.got, in)
	return &sqs.SendMessageOutput{}, s.err
}

func TestAReportIsSentToItsQueue(t *testing.T) {
	s := &sends{}
	r := &Reports{SQS: s, URL: "https://sqs.example/1/reports"}
	if err := r.Send(t.Context(), fleet.Report{Machine: "i-1", At: noon, Kind: fleet.ReportReady}); err != nil {
		t.Fatal(err)
	}
	if len(s.got) != 1 || *s.got[0].QueueUrl != r.URL || *s.got[0].MessageBody != `{"v":1,"kind":"ready","machine":"i-1","at":"2026-11-25T12:00:00Z"}` {
		t.Errorf("sent %+v", s.got)
	}
	s.err = errors.New("no route")
	if err := r.Send(t.Context(), fleet.Report{Machine: "i-1", Kind: fleet.ReportReady}); !errors.Is(err, s.err) {
		t.Errorf("error %v", err)
	}
}
