package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

var values = cmpopts.IgnoreUnexported(File{})

// good reads every good file, the sample included.
func good(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.good.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	out := map[string][]byte{"sample.good.yaml": Sample}
	for _, f := range files {
		if out[filepath.Base(f)], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func parse(t *testing.T, name string, data []byte) *File {
	t.Helper()
	f, err := Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDefaultsAreFilledIn(t *testing.T) {
	got := parse(t, "minimal.good.yaml", good(t)["minimal.good.yaml"])
	want := &File{
		Name: "acme",
		GitHub: GitHub{
			App:    App{AppID: 12345, PrivateKeys: []Secret{"file:/etc/runfleet/key.pem"}, WebhookSecrets: []Secret{"env:WEBHOOK_SECRET"}},
			APIURL: DefaultAPIURL,
		},
		AWS: AWS{
			Region: "us-east-1", Subnets: []string{"subnet-aaa"}, SecurityGroups: []string{"sg-aaa"},
			InstanceProfile: "runfleet-machine", Share: 1,
		},
		Serve: Serve{Listen: ":8080", Ledger: "runfleet.db"},
		Pools: []Pool{{
			Pool: fleet.Pool{
				Name: "arm64", Labels: "arm64,linux,self-hosted", Arch: fleet.ARM64, Max: 1,
			}.WithDefaults(),
			Shape: Shape{VCPU: 4, Memory: Range{Min: 8}}, Image: DefaultImageARM64, DiskGiB: 40,
		}},
	}
	if diff := cmp.Diff(want, got, values); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

func TestEveryKeyReachesItsField(t *testing.T) {
	f := parse(t, "every.good.yaml", good(t)["every.good.yaml"])
	want := fleet.Fleet{
		Name: "every-key-2",
		Accounts: []fleet.Account{
			{ID: 1, Login: "acme"}, {ID: 2, Login: "a-person", Public: []string{"site", "docs.example"}},
		},
		Forks:  fleet.Forks{Rule: fleet.PoolForks, Pool: "a"},
		Runner: "2.337.0",
		Limits: fleet.Limits{Machines: 10, LaunchesPerMinute: 5, FoundPerMinute: 7},
		Pools: []fleet.Pool{
			{
				Name: "a", Labels: fleet.NewLabels("self-hosted", "22.04", "with space"), Group: "Builders",
				Exact: true, Priority: -1, NoOverflow: true, Arch: fleet.ARM64, Lifetime: fleet.Ephemeral, Market: fleet.OnDemand,
				Max: 4, Prepared: true, Registration: fleet.Token, BootLimit: 5*time.Minute + 30*time.Second, IdleLimit: 90 * time.Second,
				JobLimit: 90 * time.Minute, AlertAfter: time.Hour,
			},
			fleet.Pool{Name: "b", Labels: "self-hosted", Arch: fleet.X86, Market: fleet.Spot, Max: 20}.WithDefaults(),
			fleet.Pool{
				Name: "c", Labels: "c,self-hosted", Arch: fleet.ARM64, Lifetime: fleet.Standing, Account: "acme",
				Plain:  fleet.Plain{URL: "gh-url", Token: "/ci/gh-token"},
				Market: fleet.OnDemand, Registration: fleet.Token, Max: 2,
			}.WithDefaults(),
		},
	}
	if diff := cmp.Diff(want, f.Fleet()); diff != "" {
		t.Errorf("fleet (-want +got):\n%s", diff)
	}
	aws := AWS{
		Region: "us-gov-west-1", Subnets: []string{"subnet-0a1b2c"}, SecurityGroups: []string{"sg-0a1b2c", "sg-1"},
		InstanceProfile: "runfleet@machines", PublicIP: true,
		KMSKey:    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		DrillRole: "arn:aws-us-gov:iam::111122223333:role/fis/drills",
		Queues: Queues{
			Events:  "https://sqs.us-gov-west-1.amazonaws.com/111122223333/events",
			Reports: "http://127.0.0.1:5000/111122223333/reports",
		},
		Share: 0.25,
		Tags:  map[string]string{"team": "build & test", "cost:center": "0042", "empty": "", "7": "true"},
	}
	if diff := cmp.Diff(aws, f.AWS); diff != "" {
		t.Errorf("aws (-want +got):\n%s", diff)
	}
	if got := f.Pools[0].Shape.Memory; got != (Range{16, 16}) {
		t.Errorf("one number is the range %v, want 16..16", got)
	}
}

func TestHoursBecomeWindows(t *testing.T) {
	f := parse(t, "every.good.yaml", good(t)["every.good.yaml"])
	want := schedule.Rule{Open: "30 22 * * mon-fri", Close: "0 6 * * 2-6", Zone: "Europe/Berlin", Closed: fleet.ClosedRefuse}
	if diff := cmp.Diff(want, f.Pools[0].Hours); diff != "" {
		t.Errorf("hours (-want +got):\n%s", diff)
	}
	if got := f.Pools[1].Hours.Closed; got != fleet.ClosedCold {
		t.Errorf("what is not said is %q, want cold", got)
	}
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var got []string
	for _, name := range []string{"a", "b"} {
		got = append(got, f.Windows()[name].At(at, 0).String())
	}
	if diff := cmp.Diff([]string{"closed until Wed 22:30 Europe/Berlin", "open until Wed 20:00 UTC"}, got); diff != "" {
		t.Errorf("where they stand (-want +got):\n%s", diff)
	}
	if all := parse(t, "minimal.good.yaml", good(t)["minimal.good.yaml"]).Windows(); len(all) != 0 {
		t.Errorf("a file without hours has windows %v", all)
	}
}

func TestTheEffectiveFileReadsAsTheSameFile(t *testing.T) {
	for name, data := range good(t) {
		roundTrip(t, parse(t, name, data))
	}
}

func TestAwkwardTextSurvivesPrinting(t *testing.T) {
	want := parse(t, "minimal.good.yaml", good(t)["minimal.good.yaml"])
	want.AWS.Tags = map[string]string{}
	for _, s := range []string{
		"true", "~", "null", "1e3", "0x1", "007", ".inf", "yes", "2001-01-01", "1:30", "- x", "a: b", "a:b", "a:", ": a",
		":", "?", "? x", "#x", "x #y", "'", "''", `"`, `\`, `\n`, "{a}", "[", "]", "*x", "&x", "!x", "%x", "@x", "`x", "|", ">",
		" lead", "trail ", "", "<<", "---", "...", "-", "é", "日本", "a, b", "=", "'a' b", `"a" b`, "a'b",
	} {
		key := "k" + strconv.Itoa(len(want.AWS.Tags))
		want.AWS.Tags[key] = s
		want.AWS.Tags[strings.Repeat("-", len(want.AWS.Tags))+":"] = s
		if len(want.AWS.Tags) >= maxTags-1 {
			roundTrip(t, want)
			clear(want.AWS.Tags)
		}
	}
	want.Serve.Ledger = "a: #b"
	roundTrip(t, want)
}

func roundTrip(t *testing.T, f *File) {
	t.Helper()
	text := f.YAML()
	if diff := cmp.Diff(f, parse(t, "f", text), values); diff != "" {
		t.Errorf("printed and read again (-want +got):\n%s", diff)
	}
}

// lineOf is the line on which words stand, counted from 1.
func lineOf(text, words string) int {
	return 1 + strings.Count(text[:strings.Index(text, words)], "\n")
}

func TestAProblemIsOneLineWithFileLineColumnAndPath(t *testing.T) {
	text := strings.Replace(string(Sample), "max: 50", "max: 0", 1)
	_, err := Parse("runfleet.yaml", []byte(text))
	if got, want := err.Error(), fmt.Sprintf("runfleet.yaml:%d:10: pools[1].max: must be at least 1", lineOf(text, "max: 0")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var problems Problems
	if !errors.As(err, &problems) || problems[0].Path != "pools[1].max" {
		t.Errorf("errors.As finds %v", problems)
	}
}

func TestLinesEndInAnyWay(t *testing.T) {
	text := strings.ReplaceAll(strings.Replace(string(Sample), "max: 50", "max: 0", 1), "\n", "\r\n")
	_, err := Parse("crlf", []byte(text))
	if got, want := err.Error(), fmt.Sprintf("crlf:%d:10: pools[1].max: must be at least 1", lineOf(text, "max: 0")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNoProblemRepeatsASecret(t *testing.T) {
	const canary = "hunter2hunter2"
	for _, line := range []string{
		"private_key: ssm:/runfleet/acme/settings/github-private-key", "webhook_secrets: [ssm:/runfleet/acme/settings/webhook-secret]",
	} {
		key, _, _ := strings.Cut(line, ":")
		for _, value := range []string{
			"X", `"X"`, "[X, [X]]", "{X: X}", "|\n    X\n    X/X+X: Y", "X: X", "'X", "*X", "!X X", "ssm:X X", "env:X-X", "[X",
			"-----BEGIN KEY-----\nX/X+X==\n-----END KEY-----",
		} {
			value = strings.ReplaceAll(strings.ReplaceAll(value, "X/X", strings.Repeat(canary, 3)), "X", canary)
			_, err := Parse("f", []byte(strings.Replace(string(Sample), line, key+": "+value, 1)))
			if err == nil {
				t.Errorf("%s: %q is no problem", key, value)
			} else if strings.Contains(strings.ReplaceAll(err.Error(), "."+canary+":", ""), canary) {
				t.Errorf("%s: %q is repeated:\n%v", key, value, err)
			}
		}
	}
}

func TestTheSampleShowsEveryKey(t *testing.T) {
	walkKeys(fileKeys().schema(), "", func(path, key string) {
		if !strings.Contains(string(Sample), key+":") {
			t.Errorf("the sample does not show %s", path)
		}
	})
}

// validator compiles the schema.
func validator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(Schema())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("fleet.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("fleet.json")
}

// plain is YAML as a JSON reader sees it.
func plain(t *testing.T, data []byte) any {
	t.Helper()
	text, err := yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheSchemaAcceptsEveryGoodFile(t *testing.T) {
	s := validator(t)
	for name, data := range good(t) {
		if err := s.Validate(plain(t, data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSchemaRefusesWhatParseRefuses(t *testing.T) {
	s := validator(t)
	for _, change := range [][2]string{
		{"fleet: acme", "fleet: Acme"},
		{"app_id: 12345", "app_id: text"},
		{"private_key: ssm:", "private_key: "},
		{"region: us-east-1", "regions: us-east-1"},
		{"cost-center: ci", "aws:x: ci"},
		{"cost-center: ci", "a/b: ci"},
		{"machines: 200", "machines: 0"},
		{"machines: 200", "usd_per_day: 150"},
		{"overflow: true", "overflow: 1"},
		{"lifetime: standing", "lifetime: long"},
		{"closed: cold", "closed: warm"},
		{"zone: America/New_York", "zones: America/New_York"},
		{"memory_gib: 8..16", "memory_gib: 8-16"},
		{"arch: x86_64", "arch: x64"},
		{"max: 50", "hours: {}"},
		{"max: 50", "max: 50\n    shape: {vcpu: 4}"},
		{"max: 50", "max: 50\n    boot_limit: soon"},
	} {
		text := strings.Replace(string(Sample), change[0], change[1], 1)
		if _, err := Parse("f", []byte(text)); err == nil {
			t.Errorf("Parse accepts %q", change[1])
		}
		if err := s.Validate(plain(t, []byte(text))); err == nil {
			t.Errorf("the schema accepts %q", change[1])
		}
	}
}
