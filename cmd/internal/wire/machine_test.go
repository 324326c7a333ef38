package wire

import (
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fleet/config"
)

// machines is a fleet file with a stock pool and a prepared one, 200 machines
// at most.
const machines = `fleet: acme
github: {app_id: 1, private_key: "env:KEY", webhook_secrets: ["env:SECRET"]}
aws: {region: us-east-1, subnets: [subnet-aaa], security_groups: [sg-aaa], instance_profile: runfleet-machine}
machine:
  agent: {url: "https://e.example/agent-{arch}", sha256: {arm64: ` + sumA + `, x86_64: ` + sumB + `}}
  runner: {version: 2.337.0, sha256: {arm64: ` + sumB + `, x86_64: ` + sumA + `}}
  reports: https://sqs.us-east-1.amazonaws.com/123456789012/reports
pools:
  - {name: stock, labels: [self-hosted, a], arch: arm64, max: 150, job_limit: 2h}
  - {name: baked, labels: [self-hosted, b], arch: x86_64, max: 50, prepared: true}
`

const (
	sumA = "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
	sumB = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
)

func TestAMachineIsToldWhatItsImageLacks(t *testing.T) {
	f, err := config.Parse("f", []byte(machines))
	if err != nil {
		t.Fatal(err)
	}
	pools, err := specs(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		{"agent_url='https://e.example/agent-arm64'", "agent_sha256='" + sumA, "actions-runner-linux-arm64-2.337.0.tar.gz'", "runner_sha256='" + sumB,
			`"job":"2h0m0s"`, `"poll":"10s"`, `"reports":"https://sqs.`},
		{"agent_url=''", "runner_url=''", "runner='/opt/runfleet/runner-2.337.0'", `"poll":"10s"`},
	} {
		for _, part := range want {
			if !strings.Contains(string(pools[i].UserData), part) {
				t.Errorf("pool %s: no %s in\n%.900s", pools[i].Name, part, pools[i].UserData)
			}
		}
	}
}

func TestMachinesPollAsSeldomAsTheShareWants(t *testing.T) {
	for share, want := range map[string]string{"1": "10s", "0.5": "20s", "0.3": "33.333s", "0.01": "16m40s"} {
		f, err := config.Parse("f", []byte(strings.Replace(machines, "aws: {", "aws: {share: "+share+", ", 1)))
		if err != nil {
			t.Fatal(err)
		}
		pools, err := specs(f)
		if err != nil {
			t.Fatal(err)
		}
		if data := string(pools[0].UserData); !strings.Contains(data, `"poll":"`+want+`"`) {
			t.Errorf("share %s: no poll of %s", share, want)
		}
	}
}

func TestWithoutAWordOfMachinesAPreparedImageIsLeftAlone(t *testing.T) {
	text := machines[:strings.Index(machines, "machine:")] + machines[strings.Index(machines, "pools:"):]
	f, err := config.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	pools, err := specs(f)
	if err != nil || len(pools[0].UserData)+len(pools[1].UserData) > 0 || pools[0].Prepared || !pools[1].Prepared {
		t.Errorf("pools %+v, error %v", pools, err)
	}
}
