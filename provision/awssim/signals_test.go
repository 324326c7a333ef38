package awssim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMessagesHaveTheirDocumentedShape(t *testing.T) {
	var got []string
	r := open(t, func(c *Config) { c.OnMessage = func(m []byte) { got = append(got, string(m)) } })
	id := r.launched("intent-1", 1, true)[0]
	r.pass(time.Minute)
	r.Rebalance(id)
	r.Notice(id)
	r.pass(5 * time.Second)
	slices.Sort(got) // EventBridge keeps no order
	want := []string{
		`{"version":"0","id":"ID","detail-type":"EC2 Instance Rebalance Recommendation","source":"aws.ec2","account":"123456789012",` +
			`"time":"2026-01-05T08:01:00Z","region":"us-east-1","resources":["arn:aws:ec2:us-east-1:123456789012:instance/I"],"detail":{"instance-id":"I"}}`,
		`{"version":"0","id":"ID","detail-type":"EC2 Spot Instance Interruption Warning","source":"aws.ec2","account":"123456789012",` +
			`"time":"2026-01-05T08:01:00Z","region":"us-east-1","resources":["arn:aws:ec2:us-east-1a:instance/I"],"detail":{"instance-id":"I","instance-action":"terminate"}}`,
	}
	for n, m := range got {
		var parsed struct{ ID string }
		if err := json.Unmarshal([]byte(m), &parsed); err != nil || len(parsed.ID) != 36 {
			t.Errorf("id %q, error %v", parsed.ID, err)
		}
		got[n] = strings.NewReplacer(parsed.ID, "ID", id, "I").Replace(m)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestNoticesByBothWaysMayFail(t *testing.T) {
	for _, tt := range []struct {
		name               string
		faults             Faults
		metadata, messages int
	}{
		{"all is well", Faults{}, 2, 2},
		{"the messages are lost", Faults{MessageLost: 1}, 2, 0},
		{"the messages come twice", Faults{MessageTwice: 1}, 2, 4},
		{"the metadata shows nothing", Faults{NoticeLost: 1}, 0, 2},
		{"death without a word", Faults{NoticeLost: 1, MessageLost: 1}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			metadata, messages := 0, 0
			r := open(t, func(c *Config) {
				c.Faults = tt.faults
				c.OnRebalance = func(Instance) { metadata++ }
				c.OnNotice = func(Instance) { metadata++ }
				c.OnMessage = func([]byte) { messages++ }
			})
			id := r.launched("intent-1", 1, true)[0]
			r.launched("intent-2", 1, false)
			r.pass(time.Minute)
			r.drilled(drill("d", "ALL", "PT3M"))
			r.pass(10 * time.Minute)
			if metadata != tt.metadata || messages != tt.messages {
				t.Errorf("metadata showed %d, messages %d", metadata, messages)
			}
			if slices.Contains(r.Left("/").Instances, id) {
				t.Error("it is still there")
			}
		})
	}
}
