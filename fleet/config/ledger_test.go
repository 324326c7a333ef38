package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestALedgerIsAFileOrATable(t *testing.T) {
	const file = `fleet: acme
github: {app_id: 1, private_key: "env:KEY", webhook_secrets: ["env:SECRET"]}
aws: {region: us-east-1, subnets: [subnet-aaa], security_groups: [sg-aaa], instance_profile: p}
serve: {ledger: %q}
pools: [{name: a, labels: [a], arch: arm64, max: 1}]
`
	for _, tt := range []struct {
		name, place, table string
		wrong              bool
	}{
		{"a file here", "runfleet.db", "", false},
		{"a file elsewhere", "/var/lib/runfleet/a b.db", "", false},
		{"a file on a drive", `C:\runfleet.db`, "", false},
		{"a table", "dynamodb:runfleet-acme-manager-Ledger0123_a.b", "runfleet-acme-manager-Ledger0123_a.b", false},
		{"a file that only looks like one", "./dynamodb:acme", "", false},
		{"a table without a name", "dynamodb:", "", true},
		{"a name that is too short", "dynamodb:ab", "", true},
		{"a name that no table has", "dynamodb:a/b/c", "", true},
		{"an ARN", "dynamodb:arn:aws:dynamodb:us-east-1:123456789012:table/acme", "", true},
		{"a name that is too long", "dynamodb:" + strings.Repeat("a", 256), "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse("f", fmt.Appendf(nil, file, tt.place))
			if tt.wrong {
				if err == nil || !strings.Contains(err.Error(), "4:17: serve.ledger: must be a file, or dynamodb: and the name of a table") || CheckLedger(tt.place) == nil {
					t.Errorf("error %v, and %v where a flag names it", err, CheckLedger(tt.place))
				}
				return
			}
			if err != nil || CheckLedger(tt.place) != nil || f.Serve.Ledger != tt.place || f.Serve.Table() != tt.table {
				t.Errorf("%+v, error %v", f, err)
			}
			if tt.table != "" && InTable(tt.table) != tt.place {
				t.Errorf("table %s is at %s", tt.table, InTable(tt.table))
			}
		})
	}
}
