package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// catalog knows two types of each architecture.
var catalog = Checks{
	TypeArch: func(name string) (fleet.Arch, bool) {
		arch, ok := map[string]fleet.Arch{
			"m6g.large": fleet.ARM64, "t4g.small": fleet.ARM64, "m6i.large": fleet.X86, "t3.small": fleet.X86,
		}[name]
		return arch, ok
	},
	Suggest: func(name string) string {
		if name == "m6g.lage" {
			return "m6g.large"
		}
		return ""
	},
	Serves: func(_ fleet.Arch, s Shape) int {
		if s.Memory.Min > 16 {
			return 0
		}
		return 2
	},
}

// head is a fleet file up to its pools.
func TestAnAppIsNamedOnce(t *testing.T) {
	text := strings.Replace(string(Sample), "  # apps:", "  apps: [{app_id: 12345, private_key: env:B}, {app_id: 6, private_key: env:C}, {app_id: 6, private_key: env:D}]", 1)
	_, err := Parse("f", []byte(text))
	for _, want := range []string{"github.apps[0].app_id: same as github.app_id", "github.apps[2]: same as github.apps[1]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
}

func head(t *testing.T) string {
	t.Helper()
	text, _, ok := strings.Cut(string(good(t)["minimal.good.yaml"]), "pools:")
	if !ok {
		t.Fatal("no pools")
	}
	return strings.Replace(text, "webhook_secrets", "allow: [{login: acme, id: 1}]\n  webhook_secrets", 1) + "pools:\n"
}

func TestRulesThatOnlyACatalogShows(t *testing.T) {
	for _, tt := range []struct{ name, pool, want string }{
		{"types of the pool's architecture are fine", "arch: arm64, types: [m6g.large]", ""},
		{"a type of the other architecture is a problem", "arch: arm64, types: [m6g.large, m6i.large]",
			"f:13:78: pools[0].types[1]: is x86_64, but the pool is arm64"},
		{"a misspelt type is a problem with a remedy", "arch: arm64, types: [m6g.lage]",
			"f:13:67: pools[0].types[0]: unknown instance type; did you mean m6g.large?"},
		{"an unknown type may have no remedy", "arch: arm64, types: [z9.large]",
			"f:13:67: pools[0].types[0]: unknown instance type"},
		{"a shape that no type has is a problem", "arch: arm64, shape: {vcpu: 4, memory_gib: 64}",
			"f:13:59: pools[0].shape: no arm64 type has this shape; widen memory_gib or name types"},
		{"problems of Parse are told as well", "arch: arm, types: [z9.large]",
			"f:13:52: pools[0].arch: must be arm64 or x86_64; did you mean arm64?\n" +
				"f:13:65: pools[0].types[0]: unknown instance type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := Parse("f", []byte(head(t)+"  - {name: a, labels: [self-hosted], max: 1, "+tt.pool+"}\n"))
			got := ""
			if err := f.Validate(catalog); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutACatalogItsRulesAreLeftOut(t *testing.T) {
	f := parse(t, "f", []byte(head(t)+"  - {name: a, labels: [self-hosted], max: 1, arch: arm64, types: [z9.large]}\n"))
	if err := f.Validate(Checks{}); err != nil {
		t.Error(err)
	}
}

// stocked says where the programs of machines are.
const stocked = "machine: {agent: {url: \"https://e.example/a-{arch}\", sha256: {arm64: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, x86_64: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}, " +
	"runner: {version: 2.337.0, sha256: {arm64: fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210, x86_64: fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210}}}\n"

func TestWhatAStockImageLacksMustBeFound(t *testing.T) {
	const pool = "  - {name: a, labels: [self-hosted], arch: arm64, max: 1}\n"
	for _, tt := range []struct{ name, machine, want string }{
		{"all is there", stocked, ""},
		{"a runner of GitHub's, of which only the sum is said", strings.Replace(stocked, "version: 2.337.0", "version: 2.338.0", 1), ""},
		{"no agent for the architecture", "machine: {agent: {url: https://e.example/a, sha256: {x86_64: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}, runner: {version: 2.337.0, sha256: {arm64: fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210}}}\n",
			"f:13:5: pools[0].prepared: the image holds no agent, and machine.agent has none for arm64; name its url and sha256 there"},
		{"no sum of the runner", "machine: {agent: {url: https://e.example/a, sha256: {arm64: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}, runner: {version: 2.337.0}}\n",
			"f:13:5: pools[0].prepared: the image holds no runner, and machine.runner has none for arm64; name its sha256 there"},
		{"an address that is not secure", strings.Replace(stocked, "https://e", "http://e", 1),
			"f:14:24: machine.agent.url: must be an https URL of plain characters"},
		{"an address with a quote", strings.Replace(stocked, "/a-{arch}", "/a'b", 1),
			"f:14:24: machine.agent.url: must be an https URL of plain characters"},
		{"a sum that is none", strings.Replace(stocked, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "abc", 1), "f:14:70: machine.agent.sha256.arm64: must be a SHA-256 in 64 small hexadecimal digits"},
		{"a version that is none", strings.Replace(stocked, "2.337.0", "latest", 1), "f:14:230: machine.runner.version: must be a version such as 2.337.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("f", []byte(head(t)+pool+tt.machine))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMachineFetchesItsOwnArchitecture(t *testing.T) {
	m := parse(t, "f", []byte(head(t)+"  - {name: a, labels: [self-hosted], arch: arm64, max: 1}\n"+stocked)).Machine
	for arch, want := range map[fleet.Arch][2]string{
		fleet.ARM64: {"https://e.example/a-arm64", "https://github.com/actions/runner/releases/download/v2.337.0/actions-runner-linux-arm64-2.337.0.tar.gz"},
		fleet.X86:   {"https://e.example/a-x86_64", "https://github.com/actions/runner/releases/download/v2.337.0/actions-runner-linux-x64-2.337.0.tar.gz"},
	} {
		agent, _ := m.AgentFor(arch)
		runner, _ := m.RunnerFor(arch)
		if got := [2]string{agent, runner}; got != want {
			t.Errorf("%s: %q", arch, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"one architecture raises none",
			"  - {name: a, labels: [self-hosted], arch: arm64, max: 1}\n", ""},
		{"a job that asks only for self-hosted may get either architecture",
			"  - {name: a, labels: [self-hosted, a], arch: arm64, max: 1}\n" +
				"  - {name: b, labels: [self-hosted, b], arch: x86_64, max: 1}\n",
			"f:14:15: pools[1].labels: with pools[0] (line 13), a job that asks only for self-hosted may get " +
				"either architecture; name the architecture in runs-on"},
		{"an exact pool takes no such job",
			"  - {name: a, labels: [self-hosted, a], exact: true, arch: arm64, max: 1}\n" +
				"  - {name: b, labels: [self-hosted, b], arch: x86_64, max: 1}\n", ""},
		{"a pool without self-hosted", "  - {name: a, labels: [linux], arch: arm64, max: 1}\n",
			"f:13:15: pools[0].labels: without self-hosted, jobs that ask for it pass this pool by"},
		{"a label of the other architecture", "  - {name: a, labels: [self-hosted, x64], arch: arm64, max: 1}\n",
			"f:13:15: pools[0].labels: the label x64 stands on a pool of arm64"},
		{"a burstable type", "  - {name: a, labels: [self-hosted], arch: arm64, max: 1, types: [m6g.large, t4g.small]}\n",
			"f:13:78: pools[0].types[1]: burstable: long jobs run out of CPU credits"},
		{"a pool on spot only", "  - {name: a, labels: [self-hosted], arch: arm64, max: 1, market: spot}\n",
			"f:13:67: pools[0].market: jobs wait while spot has no capacity; spot-first falls back to on-demand"},
		{"an image of the other architecture", "  - {name: a, labels: [self-hosted], arch: arm64, max: 1, image: ssm:/al2023-x86_64}\n",
			"f:13:66: pools[0].image: looks like another architecture than arm64"},
		{"a cron line that names days in two ways",
			"  - {name: a, labels: [self-hosted], arch: arm64, max: 1, hours: {open: \"0 8 1-7 * 1\", close: \"0 20 * * *\", zone: UTC}}\n",
			"f:13:73: pools[0].hours.open: of a day of the month and a day of the week, either one is enough"},
		{"a zone that is only an offset",
			"  - {name: a, labels: [self-hosted], arch: arm64, max: 1, hours: {open: \"0 8 * * 1\", close: \"0 20 * * *\", zone: EST}}\n",
			"f:13:113: pools[0].hours.zone: has no daylight-saving time; name a place, such as America/New_York"},
		{"an idle limit of machines that stay",
			"  - {name: a, labels: [self-hosted], arch: arm64, max: 1, lifetime: standing, idle_limit: 5m}\n",
			"f:13:91: pools[0].idle_limit: standing machines stay however long they are idle; their hours say when they stop"},
		{"a pool larger than the fleet",
			"  - {name: a, labels: [self-hosted], arch: arm64, max: 9}\nlimits: {machines: 8}\n",
			"f:13:56: pools[0].max: more than limits.machines (8) allows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Problems(parse(t, "f", []byte(head(t)+tt.text+stocked)).Warnings()).Error()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServingEveryAccountIsAWarning(t *testing.T) {
	got := Problems(parse(t, "f", good(t)["minimal.good.yaml"]).Warnings()).Error()
	want := "f:2:1: github: without allow, every account that installed the App is served; name the accounts under allow\n" +
		"f:12:5: pools[0]: its image is not prepared and the file has no machine: its machines power off at once; " +
		"say under machine where agent and runner are"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHugeFilesAreRefusedSoon(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a byte too many", strings.Repeat("#", MaxSize+1), "f: larger than 1 MiB"},
		{"a map of many keys", strings.Repeat("a: b\n", MaxSize/5), "f: too many keys and values"},
		{"brackets all the way", strings.Repeat("[", MaxSize), "f: too many keys and values"},
		{"dashes all the way", strings.Repeat("- ", 20_000), "f:1:13: nested too deep"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			_, err := Parse("f", []byte(tt.text))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestTooManyProblemsAreCounted(t *testing.T) {
	_, err := Parse("f", []byte("fleet: acme\n"+strings.Repeat("fleet: acme\n", 200)))
	problems := err.(Problems)
	last := problems[len(problems)-1].Text
	if len(problems) != maxProblems+1 || !strings.HasSuffix(last, "more problems are not shown") {
		t.Errorf("%d problems, the last is %q", len(problems), last)
	}
}

func TestTheNearestWordIsSuggested(t *testing.T) {
	words := []string{"boot_limit", "idle_limit", "labels", "max"}
	for word, want := range map[string]string{
		"boot-limit": "boot_limit", "Labels": "labels", "lables": "labels", "mx": "max", "zzz": "", "": "",
		strings.Repeat("a", 1000): "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestWhatOthersFindHasItsPlace(t *testing.T) {
	text := "fleet: f\ngithub:\n  app_id: 1\n  private_key: env:KEY\n  webhook_secrets: [env:SECRET]\n" +
		"aws:\n  region: us-east-1\n  subnets:\n    - subnet-a\n    - subnet-b\n  security_groups: [sg-a]\n  instance_profile: p\n" +
		"pools:\n  - {name: a, labels: [a], arch: arm64, max: 1}\n  - {name: b, labels: [b], arch: arm64, image: ami-1, max: 1}\n"
	f, err := Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got := f.Placed([]fleet.Problem{
		{Pool: "b", Key: "image", Text: "gone"}, {Pool: "a", Key: "image", Text: "gone", Remedy: "name one"},
		{Key: "aws.subnets[1]", Text: "gone"}, {Key: "github.allow", Text: "nobody"}, {Key: "github.private_key[0]", Text: "odd"}, {Pool: "left", Key: "image", Text: "gone"},
	}).Error()
	want := "f.yaml:1:1: image: gone\n" +
		"f.yaml:2:1: github.allow: nobody\n" +
		"f.yaml:4:16: github.private_key[0]: odd\n" +
		"f.yaml:10:7: aws.subnets[1]: gone\n" +
		"f.yaml:14:5: pools[0].image: gone; name one\n" +
		"f.yaml:15:48: pools[1].image: gone"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
