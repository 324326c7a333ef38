package notices

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// said is when EC2 sent the warnings of testdata.
var said = time.Date(2026, 11, 23, 21, 53, 49, 0, time.UTC)

// sample is a message of testdata, which has the shapes of AWS's documentation.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestDocumentedMessages(t *testing.T) {
	for _, tt := range []struct {
		name string
		want fleet.Notice
		err  *AsideError
	}{
		{"rebalance", fleet.Notice{Machine: "i-0a1b2c3d4e5f60718", Kind: fleet.Rebalance, At: said.Add(-2 * time.Minute)}, nil},
		{"interruption", fleet.Notice{Machine: "i-0a1b2c3d4e5f60718", Kind: fleet.Interruption, At: said, Deadline: said.Add(2 * time.Minute)}, nil},
		{"hibernation", fleet.Notice{Machine: "i-1234abcd", Kind: fleet.Interruption, At: said, Deadline: said}, nil},
		{"statechange", fleet.Notice{}, &AsideError{UnknownKind, "aws.ec2 EC2 Instance State-change Notification"}},
		{"experiment", fleet.Notice{}, &AsideError{UnknownKind, "aws.fis FIS Experiment State Change"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(sample(t, tt.name))
			why, _ := errors.AsType[*AsideError](err)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("notice (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.err, why); diff != "" {
				t.Errorf("set aside (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsSetAsideAndWhy(t *testing.T) {
	for _, tt := range []struct {
		name, old, with string
		want            string // of the error; empty: it is a notice
	}{
		{"a field that is new", `"account"`, `"weather": {"rain": true}, "account"`, ""},
		{"an action that is new", `"terminate"`, `"teleport"`, ""},
		{"no version", `"version": "0",`, ``, ""},
		{"a later version", `"version": "0"`, `"version": "1"`, `unknown version: "1"`},
		{"a kind that is new", `Interruption Warning`, `Interruption Omen`, `unknown kind: "aws.ec2 EC2 Spot Instance Interruption Omen"`},
		{"a new kind with other types", `Interruption Warning`, `Interruption Omen", "detail": 7, "x": "`, `unknown kind: "EC2 Spot Instance Interruption Omen"`},
		{"a known kind with other types", `"instance-action"`, `"instance-id": 7, "x"`, `malformed`},
		{"somebody else's message", `aws.ec2`, `acme.test`, `unknown kind: "acme.test EC2 Spot Instance Interruption Warning"`},
		{"no instance", `"instance-id": "i-0a1b2c3d4e5f60718",`, ``, `no instance`},
		{"an instance in capitals", `"instance-id": "i-0a1`, `"instance-id": "i-0A1`, `no instance: "i-0A1b2c3d4e5f60718"`},
		{"an instance that is too short", `"instance-id": "i-0a1`, `"instance-id": "i-`, `no instance`},
		{"a volume", `"instance-id": "i-`, `"instance-id": "vol-`, `no instance`},
		{"no time", `"time": "2026-11-23T21:53:49Z",`, ``, `no time`},
		{"a time in words", `2026-11-23T21:53:49Z`, `soon`, `malformed`},
		{"half a message", "}\n}\n", "}", `malformed`},
		{"two messages", "}\n}\n", "}}{}", `malformed`},
		{"too long for a queue", `"terminate"`, `"terminate", "x": "` + strings.Repeat("x", sizeLimit) + `"`, `malformed: "20`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := bytes.Replace(sample(t, "interruption"), []byte(tt.old), []byte(tt.with), 1)
			if bytes.Equal(body, sample(t, "interruption")) {
				t.Fatal("the message was not changed")
			}
			got, err := Decode(body)
			if tt.want == "" {
				if err != nil || got.Machine != "i-0a1b2c3d4e5f60718" {
					t.Errorf("%+v, error %v", got, err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%+v, error %v", got, err)
			}
		})
	}
	for _, body := range []string{"", "null", "[]", "7", `"text"`, "{", "\x00"} {
		if got, err := Decode([]byte(body)); err == nil {
			t.Errorf("%q is %+v", body, got)
		}
	}
}

func TestABatchLosesNothing(t *testing.T) {
	messages := [][]byte{
		sample(t, "rebalance"), []byte("what?"), sample(t, "interruption"), sample(t, "statechange"), sample(t, "interruption"),
	}
	got := Read(messages)
	at := said.Add(-2 * time.Minute)
	warned := fleet.Notice{Machine: "i-0a1b2c3d4e5f60718", Kind: fleet.Interruption, At: said, Deadline: said.Add(2 * time.Minute)}
	want := Batch{
		Notices: []fleet.Notice{{Machine: "i-0a1b2c3d4e5f60718", Kind: fleet.Rebalance, At: at}, warned, warned},
		Aside: []Aside{
			{AsideError{Malformed, "invalid character 'w' looking for beginning of value"}, messages[1]},
			{AsideError{UnknownKind, "aws.ec2 EC2 Instance State-change Notification"}, messages[3]},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"rebalance": 1, "interruption": 2, "malformed": 1, "unknown kind": 1}, got.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"rebalance", "interruption", "hibernation", "statechange", "experiment"} {
		f.Add(sample(f, name))
	}
	causes := map[Cause]bool{Malformed: true, UnknownVersion: true, UnknownKind: true, NoInstance: true, NoTime: true}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := Decode(body)
		if b := Read([][]byte{body}); len(b.Notices)+len(b.Aside) != 1 {
			t.Errorf("one message is %+v", b)
		}
		if err != nil {
			why, ok := errors.AsType[*AsideError](err)
			if !ok || !causes[why.Cause] || len(why.Detail) > 100 || n != (fleet.Notice{}) {
				t.Errorf("%+v, error %v", n, err)
			}
			return
		}
		if !isInstance(string(n.Machine)) || n.At.IsZero() || n.At.Location() != time.UTC {
			t.Errorf("notice %+v", n)
		}
		switch n.Kind {
		case fleet.Rebalance:
			if !n.Deadline.IsZero() {
				t.Errorf("a recommendation has a deadline: %+v", n)
			}
		case fleet.Interruption:
			if wait := n.Deadline.Sub(n.At); wait != 0 && wait != fleet.NoticeTime {
				t.Errorf("the machine goes after %s", wait)
			}
		default:
			t.Errorf("notice of kind %q", n.Kind)
		}
	})
}
