package queue

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

// queued is an event in both its forms.
func queued() (fleet.Event, string) {
	return fleet.Event{
			ID: "72d3162e-cc78-11e3-81ab-4c9367dc0958", Kind: "workflow_job.queued", At: noon, Job: &fleet.Job{
				Key: fleet.JobKey{ID: 7, Attempt: 1}, Run: 5, OwnerID: 1342004, Repo: "acme/widgets", Name: "build", Workflow: "ci",
				Class:  fleet.Class{Scope: fleet.Scope{Installation: 1, Owner: "acme"}, Labels: fleet.NewLabels("self-hosted", "arm64")},
				Status: fleet.Queued, QueuedAt: noon.Add(-time.Second),
			},
		}, `{"v":1,"kind":"workflow_job.queued","id":"72d3162e-cc78-11e3-81ab-4c9367dc0958","at":"2026-11-25T12:00:00Z","job":` +
			`{"id":7,"attempt":1,"run":5,"installation":1,"owner":"acme","owner_id":1342004,"labels":["arm64","self-hosted"],` +
			`"repo":"acme/widgets","name":"build","workflow":"ci","status":"queued","queued_at":"2026-11-25T11:59:59Z"}}`
}

// The messages of protocol 1 stay readable, whatever the code becomes.
func TestTheWireFormOfEventsOfProtocolOne(t *testing.T) {
	event, wire := queued()
	got, err := EncodeEvent(event)
	if diff := cmp.Diff(wire, string(got)); err != nil || diff != "" {
		t.Errorf("encoded (error %v) (-want +got):\n%s", err, diff)
	}
	m, err := Decode([]byte(wire), "m", noon)
	if diff := cmp.Diff(&event, m.Event); err != nil || diff != "" {
		t.Errorf("decoded (error %v) (-want +got):\n%s", err, diff)
	}
	for kind, full := range map[string]bool{kindWake: false, kindFull: true} {
		wire := `{"v":1,"kind":"` + kind + `","at":"2026-11-25T12:00:00Z"}`
		if got := wakeBody(kind, noon); got != wire {
			t.Errorf("%s is sent as %s", kind, got)
		}
		m, err := Decode([]byte(wire), "m", noon)
		if want := (Wake{noon, full}); err != nil || m.Event != nil || m.Wake != want || DecodeWake([]byte(wire)) != want {
			t.Errorf("%s is %+v, error %v", wire, m, err)
		}
	}
}

func TestWhatIsTakenFromTheEventsQueue(t *testing.T) {
	_, wire := queued()
	for _, tt := range []struct {
		name, old, with string
		cause           Cause // empty: it is taken
	}{
		{"a field of a later version is ignored", `"run":5`, `"run":5,"weather":{"rain":true}`, ""},
		{"a kind of a later version comes through with its job", `workflow_job.queued`, `workflow_job.paused`, ""},
		{"a later protocol is left", `"v":1`, `"v":2`, UnknownVersion},
		{"none is too", `"v":1`, `"v":0`, UnknownVersion},
		{"a protocol in words", `"v":1`, `"v":"1"`, Malformed},
		{"a kind without a job", `"job":`, `"jobs":`, UnknownKind},
		{"a status of a later version", `"status":"queued"`, `"status":"hibernated"`, UnknownKind},
		{"a job without a number", `"id":7`, `"id":0`, Malformed},
		{"a job without an attempt", `"attempt":1`, `"attempt":0`, Malformed},
		{"a job of nobody", `"owner":"acme"`, `"owner":""`, Malformed},
		{"no time", `"at":"2026-11-25T12:00:00Z"`, `"at":"0001-01-01T00:00:00Z"`, Malformed},
		{"another type", `"attempt":1`, `"attempt":"1"`, Malformed},
		{"half a message", `}}`, ``, Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := strings.Replace(wire, tt.old, tt.with, 1)
			if body == wire {
				t.Fatal("the message was not changed")
			}
			m, err := Decode([]byte(body), "m", noon)
			why, _ := errors.AsType[*AsideError](err)
			if tt.cause == "" && (err != nil || m.Event == nil || m.Event.Job.Key.ID != 7) || tt.cause != "" && (why == nil || why.Cause != tt.cause) {
				t.Errorf("%+v, error %v", m, err)
			}
		})
	}
}

func TestEventBridgesMessagesAreTakenByTheSameDoor(t *testing.T) {
	for name, want := range map[string]string{"rebalance": "", "interruption": "", "statechange": "unknown kind"} {
		body, err := os.ReadFile(filepath.Join("../notices/testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Decode(body, "m-1", noon)
		if want == "" {
			if err != nil || m.Event == nil || m.Event.Notice == nil || m.Event.Kind != "spot."+name || m.Event.ID != "sqs-m-1" || !m.Event.At.Equal(noon) {
				t.Errorf("%s is %+v, error %v", name, m.Event, err)
			}
			continue
		}
		if why, ok := errors.AsType[*AsideError](err); !ok || string(why.Cause) != want {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestAnEventSurvivesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return rapid.StringMatching(`[ -~äß]{1,20}`).Draw(t, name) }
		when := func(name string) time.Time {
			return rapid.SampledFrom([]time.Time{{}, noon.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, name)))}).Draw(t, name)
		}
		want := fleet.Event{ID: text("guid"), Kind: "workflow_job." + text("action"), At: noon, Job: &fleet.Job{
			Key: fleet.JobKey{ID: fleet.JobID(rapid.Int64Min(1).Draw(t, "id")), Attempt: rapid.IntRange(1, 99).Draw(t, "attempt")},
			Run: fleet.RunID(rapid.Int64Min(0).Draw(t, "run")), OwnerID: rapid.Int64Min(0).Draw(t, "owner id"), Repo: text("repo"),
			Class: fleet.Class{
				Scope:  fleet.Scope{Installation: rapid.Int64Min(0).Draw(t, "installation"), Owner: text("owner"), Repo: text("scope")},
				Labels: fleet.NewLabels(strings.ReplaceAll(text("label"), ",", ""), "x"),
			},
			Public: rapid.Bool().Draw(t, "public"), Name: text("name"), Workflow: text("workflow"), Conclusion: text("conclusion"), Runner: text("runner"),
			Status: fleet.JobStatus(rapid.IntRange(0, 3).Draw(t, "status")), QueuedAt: when("queued"), StartedAt: when("started"), DoneAt: when("done"),
		}}
		wire, err := EncodeEvent(want)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Decode(wire, "m", noon)
		if diff := cmp.Diff(&want, m.Event); err != nil || diff != "" {
			t.Fatalf("error %v, (-want +got):\n%s", err, diff)
		}
	})
}

func TestOnlyJobsAreSentAsEvents(t *testing.T) {
	for _, e := range []fleet.Event{{Kind: "odd"}, {Kind: "spot", Notice: &fleet.Notice{Machine: "i-1"}}} {
		if wire, err := EncodeEvent(e); err == nil {
			t.Errorf("%+v is sent as %s", e, wire)
		}
	}
}

func FuzzDecode(f *testing.F) {
	_, wire := queued()
	f.Add([]byte(wire))
	f.Add([]byte(wakeBody(kindWake, noon)))
	f.Add([]byte(`{"version":"0","source":"aws.ec2","detail-type":"EC2 Instance Rebalance Recommendation","time":"2026-11-23T21:51:49Z","detail":{"instance-id":"i-0a1b2c3d4e5f60718"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data, "m", noon)
		if why, ok := errors.AsType[*AsideError](err); err != nil && (!ok || why.Cause == "" || len(why.Detail) > 200) {
			t.Errorf("error %v", err)
		}
		if e := m.Event; err == nil && e != nil && (e.Job == nil) == (e.Notice == nil) {
			t.Errorf("taken: %+v", e)
		}
		DecodeWake(data)
	})
}
