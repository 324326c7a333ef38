package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
)

// run is a verb's exit code and output.
func run(t *testing.T, args ...string) (code int, out, log string) {
	t.Helper()
	var o, l bytes.Buffer
	code = cli.Main(context.WithoutCancel(t.Context()), args, &o, &l)
	return code, o.String(), l.String()
}

func TestDemoEndsWithOneLineOfJSON(t *testing.T) {
	code, out, log := run(t, "demo", "--exit", "--json", "--jobs", "12", "--speed", "100000", "--seed", "7")
	if code != cli.ExitOK {
		t.Fatalf("exit %d: %s", code, log)
	}
	var s struct {
		V    int
		Seed int
		Jobs struct{ Queued, Unserved int }
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("not one line of JSON: %v: %q", err, out)
	}
	if s.V != 1 || s.Seed != 7 || s.Jobs.Queued != 12 || s.Jobs.Unserved != 0 {
		t.Errorf("summary: %+v", s)
	}
}

func TestTheDemoHoldsAClosingAndAnOpening(t *testing.T) {
	code, out, log := run(t, "demo", "--exit", "--json", "--speed", "100000", "--quiet")
	var s struct {
		Jobs     struct{ Queued, Unserved int }
		Standing struct{ Machines, Jobs, Stops, Starts, Amiss int }
		Closings []struct {
			Pool                                 string
			Closed, Done, Stopped, Opened, Began time.Time
			Busy, Queued                         int
		}
		Story []string
		Most  int `json:"jobs_per_machine_max"`
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != cli.ExitOK || len(s.Closings) != 1 {
		t.Fatalf("exit %d, error %v: %s%s", code, err, out, log)
	}
	c := s.Closings[0]
	if c.Busy != 1 || !c.Done.After(c.Closed.Add(10*time.Minute)) || !c.Stopped.After(c.Done) || c.Queued != 1 || c.Began.Before(c.Opened.Add(-time.Minute)) {
		t.Errorf("closing %+v", c)
	}
	if s.Jobs.Queued != 60 || s.Standing.Machines != 2 || s.Standing.Jobs != 4 || s.Standing.Amiss != 0 || s.Most != 1 {
		t.Errorf("summary %+v", s)
	}
	if !slices.ContainsFunc(s.Story, func(line string) bool { return strings.HasPrefix(line, "Pool build closed at 15:00 while a job ran") }) {
		t.Errorf("story %q", s.Story)
	}
}

func TestTheDemoSaysWhatItPlaysAndWhatItsMachinesAreFor(t *testing.T) {
	code, out, log := run(t, "demo", "--exit", "--speed", "100000")
	if code != cli.ExitOK {
		t.Fatalf("exit %d: %s%s", code, out, log)
	}
	for _, want := range []string{
		"60 jobs of a real CI day, 4 of them rewritten for a pool that closes and opens; none longer than 50 minutes, and some moved to arm64.",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in:\n%s", want, log)
		}
	}
	for _, want := range []string{
		`\n\d+ machines were launched, for \$\d+\.\d\d by list and average Spot prices\. Those that are for one job ran at most 1 each\.\n`,
		`\n2 stand, for many jobs: between them they ran 4 jobs, were stopped 2 times and started 2 times\.\n`,
		`It opened at 15:40; the machines started a boot ahead, and (GitHub gave )?the job that had waited for it (to the first one up, at 15:39|began at 15:40)`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s does not match:\n%s", want, out)
		}
	}
}

func TestWrongUseIsExitTwoWithTheReason(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		args       []string
	}{
		{"an unknown flag", "unknown flag: --sped", []string{"demo", "--sped", "3"}},
		{"a speed of zero", "--speed must be more than 0", []string{"demo", "--speed", "0"}},
		{"fewer jobs than none", "--jobs must be at least 0", []string{"demo", "--jobs", "-1"}},
		{"a speed below zero, of a demo that is served", "--speed must be more than 0", []string{"demo", "--serve", "none", "--speed", "-3"}},
		{"a speed of zero, of a demo that is served", "--speed must be more than 0", []string{"demo", "--serve", "none", "--speed", "0"}},
		{"fewer jobs than none, of a demo that is served", "--jobs must be at least 0", []string{"demo", "--serve", "none", "--jobs", "-1"}},
		{"a demo that is served and ends", "--serve goes without --trace and --exit", []string{"demo", "--serve", "none", "--exit"}},
		{"a drain that ends before it begins", "--drain must be at least 0, not -5s", []string{"serve", "--drain", "-5s"}},
		{"an unknown verb", "unknown command", []string{"serv"}},
		{"a job that is no number", "not \"abc\"", []string{"explain", "abc"}},
		{"a fleet file that is not there", "--config", []string{"serve", "--config", "/nowhere.yaml"}},
		{"a trace that is not there", "no such file", []string{"demo", "--trace", "/nowhere.csv"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			code, out, log := run(t, tt.args...)
			if left := listed(t, "."); len(left) > 0 {
				t.Errorf("it made %q", left)
			}
			if code != cli.ExitUsage || !strings.Contains(log, tt.want) || out != "" {
				t.Errorf("exit %d, output %q, log %q", code, out, log)
			}
		})
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAnAnswerThatCannotBeWrittenIsAFailure(t *testing.T) {
	file := operated(t)
	for _, verb := range []string{
		"demo --exit --jobs 2 --speed 100000 --quiet", "demo --exit --jobs 2 --speed 100000 --quiet --json", "status", "jobs", "jobs -o json",
		"pools", "explain 101", "machines show i-0a", "hours show", "config show", "config sample", "config schema", "version",
	} {
		args := strings.Fields(verb)
		if args[0] != "demo" && args[0] != "version" && verb != "config sample" && verb != "config schema" {
			args = append(args, "--config", file)
		}
		var log strings.Builder
		code := cli.Main(t.Context(), args, full{}, &log)
		if code != cli.ExitFailed || strings.Count(log.String(), "no space left on device") != 1 {
			t.Errorf("%s: exit %d: %s", verb, code, log.String())
		}
	}
}

func TestWhatIsWrongWithAFleetFileStandsInItsOwnWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runfleet.yaml")
	if err := os.WriteFile(path, []byte("fleet: acme\nflete: acme\npool: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, file, begins string }{
		{"problems are a line each", path, "runfleet: the fleet file is refused:\n" + path + ":"},
		{"a file that is not there", path + "x", "runfleet: read fleet file: open " + path + "x: no such file"},
	} {
		if code, out, log := run(t, "status", "--config", tt.file); code != cli.ExitUsage || out != "" || !strings.HasPrefix(log, tt.begins) {
			t.Errorf("%s: exit %d: %s%s", tt.name, code, out, log)
		}
	}
}
