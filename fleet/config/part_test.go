package config

import (
	"strings"
	"testing"
)

func TestAShareIsAPartOfAWhole(t *testing.T) {
	const file = "fleet: a\ngithub: {app_id: 1, private_key: 'env:K', webhook_secrets: ['env:S']}\n" +
		"aws: {region: us-east-1, subnets: [subnet-a], security_groups: [sg-a], instance_profile: p, share: SHARE}\n" +
		"pools: [{name: a, labels: [self-hosted], arch: arm64, max: 1}]\n"
	for _, tt := range []struct {
		name, text string
		want       float64 // 0: it is refused
	}{
		{"a half", "0.5", 0.5},
		{"all", "1", 1},
		{"all, as a decimal", "1.0", 1},
		{"very little", "0.001", 0.001},
		{"without a zero before the point", ".25", 0.25},
		{"nothing", "0", 0},
		{"nothing, as a decimal", "0.0", 0},
		{"less than nothing", "-0.5", 0},
		{"more than there is", "1.01", 0},
		{"percent", "50%", 0},
		{"no number", ".nan", 0},
		{"without end", ".inf", 0},
		{"with an exponent", "5e-1", 0},
		{"in hexadecimal", "0x1", 0},
		{"text", "half", 0},
		{"a list", "[0.5]", 0},
		{"nothing said", "~", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse("f", []byte(strings.Replace(file, "SHARE", tt.text, 1)))
			switch {
			case tt.want == 0 && (err == nil || !strings.Contains(err.Error(), "aws.share: ")):
				t.Errorf("error %v", err)
			case tt.want != 0 && (err != nil || f.AWS.Share != tt.want):
				t.Errorf("error %v", err)
			}
		})
	}
}
