package policies

import (
	"encoding/json"
	"strings"
	"testing"
)

var acme = Names{Partition: "aws-cn", Region: "cn-north-1", Account: "111122223333", Fleet: "acme", EventsQueue: "events", ReportsQueue: "reports", MachineRole: "machine", DrillRole: "drill"}

func TestTheDocumentsAreFilled(t *testing.T) {
	for _, tt := range []struct {
		name string
		of   func(Names) (map[string]any, error)
		want []string // some of what stands in it then
	}{
		{"machine", Machine, []string{
			`"arn:aws-cn:ssm:cn-north-1:111122223333:parameter/runfleet/acme/machines/*"`, `"${ec2:SourceInstanceARN}"`,
			`"arn:aws-cn:sqs:cn-north-1:111122223333:reports"`,
		}},
		{"manager", Manager, []string{`"arn:aws-cn:iam::111122223333:role/machine"`, `"arn:aws-cn:iam::111122223333:role/drill"`, `"aws:ResourceTag/runfleet:fleet":"acme"`}},
		{"serve", Serve, []string{`"arn:aws-cn:sqs:cn-north-1:111122223333:events"`, `"arn:aws-cn:sqs:cn-north-1:111122223333:reports"`}},
		{"drill", Drill, []string{`"arn:aws-cn:ec2:cn-north-1:111122223333:instance/*"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := tt.of(acme)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(text), want) {
					t.Errorf("%s is not in %s", want, text)
				}
			}
			if left := placeholder.FindString(string(text)); left != "" || strings.Contains(string(text), "arn:aws:") {
				t.Errorf("%q is left in %s", left, text)
			}
		})
	}
}

func TestAPlaceholderThatNobodyFilledIsAnError(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		empty      func(*Names)
	}{
		{"no account", "ACCOUNT", func(n *Names) { n.Account = "" }},
		{"no role of machines", "MACHINE_ROLE", func(n *Names) { n.MachineRole = "" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := acme
			tt.empty(&n)
			if _, err := Manager(n); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s in it", err, tt.want)
			}
		})
	}
}
