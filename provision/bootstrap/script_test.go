package bootstrap

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

var update = flag.Bool("update", false, "write the golden files anew")

// configOf is a pool of an architecture on an image that holds nothing.
func configOf(arch fleet.Arch) Config {
	names := map[fleet.Arch]string{fleet.ARM64: "arm64", fleet.X86: "x64"}
	return Config{
		Arch:  arch,
		Agent: File{"https://bucket.example/runfleet-agent-" + names[arch], strings.Repeat("a1", 32)},
		Runner: Runner{"2.336.0", File{
			"https://github.com/actions/runner/releases/download/v2.336.0/actions-runner-linux-" + names[arch] + "-2.336.0.tar.gz",
			strings.Repeat("b2", 32),
		}},
		Settings: Settings{Poll: 5 * time.Second, Job: 6*time.Hour + 15*time.Minute, Reports: "https://sqs.us-east-1.amazonaws.com/123456789012/runfleet-reports"},
	}
}

// prepared is a pool on an image that holds agent and runner.
func prepared(arch fleet.Arch) Config {
	c := configOf(arch)
	c.Agent, c.Runner.File = File{}, File{}
	return c
}

func TestScriptsAreTheGoldenOnes(t *testing.T) {
	for name, c := range map[string]Config{
		"arm64.sh": configOf(fleet.ARM64), "x86_64.sh": configOf(fleet.X86), "prepared.sh": prepared(fleet.ARM64),
	} {
		got, err := Script(c)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > Limit/2 {
			t.Errorf("%s has %d bytes: leave room for what comes", name, len(got))
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(string(want), string(got)))
		}
	}
}

func TestWhatMayNotStandInAScriptIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		change     func(*Config)
	}{
		{"no architecture", `architecture "" is neither`, func(c *Config) { c.Arch = "" }},
		{"a quote in an address", "agent: ", func(c *Config) { c.Agent.URL = "https://x.example/a'; reboot; '" }},
		{"a line's end in an address", "runner: ", func(c *Config) { c.Runner.URL = "https://x.example/a\nb" }},
		{"an address without encryption", "no https address", func(c *Config) { c.Agent.URL = "http://x.example/a" }},
		{"a file without a checksum", "no SHA-256", func(c *Config) { c.Agent.SHA256 = "" }},
		{"a checksum that is none", "no SHA-256", func(c *Config) { c.Runner.SHA256 = strings.Repeat("G", 64) }},
		{"a version that is a path", `runner version "../../x"`, func(c *Config) { c.Runner.Version = "../../x" }},
		{"no version", `runner version ""`, func(c *Config) { c.Runner.Version = "" }},
		{"a queue that is no address", "reports: ", func(c *Config) { c.Settings.Reports = "reports" }},
		{"a negative pace", "negative", func(c *Config) { c.Settings.Poll = -1 }},
		{"no patience", "patience", func(c *Config) { c.Patience = time.Millisecond }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := configOf(fleet.ARM64)
			tt.change(&c)
			script, err := Script(c)
			if err == nil || !strings.Contains(err.Error(), tt.want) || script != nil {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	_, err := Script(Config{Agent: File{URL: "x"}})
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("all problems at once: %v", err)
	}
}

// Whatever text a config holds, a script of it is nothing but assignments of
// that text before the body.
func TestNoTextLeavesItsQuotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		c := configOf(fleet.X86)
		c.Agent.URL = "https://" + text.Draw(t, "agent")
		c.Runner.Version = text.Draw(t, "version")
		c.Settings.Reports = "https://x.example/" + text.Draw(t, "reports")
		script, err := Script(c)
		if err != nil {
			return
		}
		head, ok := strings.CutSuffix(string(script), boot)
		if !ok || strings.Count(head, "\n") != 12 || strings.Count(head, "'") != 20 {
			t.Fatalf("the head of the script:\n%s", head)
		}
	})
}

func TestSettingsSurviveTheirForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, name))
		}
		want := Settings{
			span("poll"), span("wait"), span("idle"), span("job"), span("margin"), span("grace"), span("watch"),
			rapid.StringMatching(`|https://[a-z]{1,9}`).Draw(t, "reports"), "/opt/runfleet/runner-1.2.3", "runner",
		}
		data, err := EncodeSettings(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeSettings(data); err != nil || got != want {
			t.Fatalf("error %v, (-want +got):\n%s", err, cmp.Diff(want, got))
		}
	})
}

func TestWhatAnAgentTakesAndRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, data, want string
	}{
		{"what it knows", `{"v":1,"poll":"1m30s","runner":"/r","user":"u"}`, ""},
		{"a key of a later version", `{"v":1,"runner":"/r","user":"u","tea":{"milk":true}}`, ""},
		{"a later protocol", `{"v":2,"runner":"/r","user":"u"}`, "protocol 2"},
		{"none", `{"runner":"/r","user":"u"}`, "protocol 0"},
		{"no runner", `{"v":1,"user":"u"}`, "no runner"},
		{"no user", `{"v":1,"runner":"/r"}`, "no user"},
		{"a duration without a unit", `{"v":1,"poll":"5","runner":"/r","user":"u"}`, "missing unit"},
		{"a negative one", `{"v":1,"poll":"-5s","runner":"/r","user":"u"}`, "negative"},
		{"no JSON", `v: 1`, "decode settings"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeSettings([]byte(tt.data))
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
