package cli_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/queue"
)

// root is the repository's, seen from this package.
const root = "../../.."

// pages are README.md and the guides.
func pages(t *testing.T) map[string]string {
	t.Helper()
	guides, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(guides) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	all := map[string]string{}
	for _, path := range append(guides, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(text)
	}
	return all
}

// commands are the lines of a page's sh blocks.
func commands(page string) (lines []string) {
	in := false
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case line == "```sh":
			in = true
		case line == "```":
			in = false
		case in && line != "" && !strings.HasPrefix(line, "#"):
			lines = append(lines, line)
		}
	}
	return lines
}

var word = regexp.MustCompile(`"[^"]*"|\S+`)

// words splits a command as a shell would, as far as the pages need it.
func words(command string) (all []string) {
	for _, w := range word.FindAllString(command, -1) {
		all = append(all, strings.Trim(w, `"`))
	}
	return all
}

// elsewhere are commands that .ci/run itself runs, or that run it, and two that
// take too long for it. The last three need an account, and are run against
// simulated ones by make integration.
var elsewhere = []string{
	"make test", "make lint", "make bench", "make soak", "make integration", "make machine", "bash .ci/run",
	"make lambda", "make synth", "bash .ci/deploy",
	"go run ./cmd/runfleet serve", "go run ./cmd/runfleet plan", "go run ./cmd/runfleet config validate --online",
}

// checkout is an empty folder with the repository's files that commands name,
// so that what they write does not stay.
func checkout(t *testing.T) string {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"docs", "fleet"} {
		if err := os.Symlink(filepath.Join(top, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// page runs the commands of one of the pages, one after the other, as a
// newcomer would in a clean clone.
type page struct {
	*testing.T
	serving string // fleet file of the demo that is served; empty: none is
}

func TestEveryCommandOfThePagesWorks(t *testing.T) {
	for path, text := range pages(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			config := ""
			if filepath.Base(path) == "operating.md" {
				config = operated(t) // its commands name a machine and a job
			}
			t.Setenv("RUNFLEET_CONFIG", config)
			t.Chdir(checkout(t))
			p := &page{T: t}
			for _, line := range commands(text) {
				p.follow(line)
			}
		})
	}
}

// follow runs a line of the page.
func (p *page) follow(line string) {
	p.Helper()
	if slices.Contains(elsewhere, line) {
		return
	}
	if set, ok := strings.CutPrefix(line, "export "); ok {
		name, value, _ := strings.Cut(set, "=")
		p.Setenv(name, value)
		return
	}
	args, ok := strings.CutPrefix(line, "go run ./cmd/runfleet ")
	if !ok {
		p.Errorf("%q is run by no test", line)
		return
	}
	fields, to := words(args), ""
	if at := slices.Index(fields, ">"); at > 0 {
		fields, to = fields[:at], fields[at+1]
	}
	switch {
	case fields[0] == "demo" && slices.Contains(fields, "--serve"):
		p.serving = serve(p.T, fields[slices.Index(fields, "--serve")+1], "600")
		return
	case fields[0] == "demo":
		fields = append(fields, "--speed", "100000", "--quiet")
	case fields[0] == "drill" && p.serving != "":
		p.drill(fields)
		return
	}
	code, out, log := run(p.T, fields...)
	if code != cli.ExitOK {
		p.Errorf("%s: exit %d: %s", line, code, log)
	}
	if to != "" {
		if err := os.WriteFile(to, []byte(out), 0o600); err != nil {
			p.Error(err)
		}
	}
}

// drill runs a drill beside a demo, once more where it hit nobody at work, as
// the page says that it may.
func (p *page) drill(fields []string) {
	p.Helper()
	comes(p.T, "a drill with a job to save", func() bool {
		code, out, log := run(p.T, fields...)
		if code != cli.ExitOK && !strings.Contains(out+log, "void") && !strings.Contains(log, "no machine of pool") {
			p.Errorf("%q: exit %d: %s%s", fields, code, out, log)
			return true
		}
		return code == cli.ExitOK
	})
}

func TestEveryLinkOfThePagesLeadsSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for path, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestTheGuideSaysWhatToDoAboutEveryVerdict(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "fleet", "verdict.go"))
	if err != nil {
		t.Fatal(err)
	}
	guide := pages(t)[filepath.Join(root, "docs", "operating.md")]
	codes := regexp.MustCompile(`VerdictCode = "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(codes) == 0 {
		t.Fatal("no verdicts found")
	}
	for _, code := range codes {
		if !strings.Contains(guide, "| `"+code[1]+"` |") {
			t.Errorf("docs/operating.md does not explain %s", code[1])
		}
	}
}

// allowed are the actions of a policy in deploy/policies.
func allowed(t *testing.T, name string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "deploy", "policies", name))
	if err != nil {
		t.Fatal(err)
	}
	var policy struct{ Statement []struct{ Action any } }
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	actions := map[string]bool{}
	for _, s := range policy.Statement {
		switch a := s.Action.(type) {
		case string:
			actions[a] = true
		case []any:
			for _, x := range a {
				actions[x.(string)] = true
			}
		}
	}
	return actions
}

func TestThePoliciesAllowEveryCallAndNoMore(t *testing.T) {
	_, out, _ := run(t, "demo", "--exit", "--json", "--speed", "100000", "--quiet")
	var summary struct {
		Calls map[string]map[string]int `json:"api_calls"`
	}
	if err := json.Unmarshal([]byte(out), &summary); err != nil {
		t.Fatal(err)
	}
	manager, machine := allowed(t, "manager.json"), allowed(t, "machine.json")
	made := map[string]bool{}
	for _, service := range []string{"ec2", "ssm"} {
		for call := range summary.Calls[service] {
			action := service + ":" + call
			made[action] = true
			if !manager[action] && !machine[action] {
				t.Errorf("%s is called and not allowed", action)
			}
		}
	}
	// What no demo calls by itself, and why it is needed all the same.
	for _, action := range []string{
		"ec2:CreateTags",           // by CreateFleet, in the manager's name, as RunInstances is
		"ssm:GetParameters",        // by EC2, of the image's parameter, and by a check
		"ssm:AddTagsToResource",    // by PutParameter with tags
		"ssm:GetParameter",         // secrets named by the fleet file
		"iam:PassRole",             // by CreateFleet
		"ec2:DeleteLaunchTemplate", // once a pool has changed
		"fis:TagResource",          // by CreateExperimentTemplate with tags
	} {
		made[action] = true
	}
	// A demo has no drill; this is all that one may call.
	for i, api := 0, reflect.TypeFor[faults.FISAPI](); i < api.NumMethod(); i++ {
		action := "fis:" + api.Method(i).Name
		made[action] = true
		if !manager[action] {
			t.Errorf("%s is called and not allowed", action)
		}
	}
	// Nor is its fleet file asked about.
	for i, api := 0, reflect.TypeFor[provision.CheckAPI](); i < api.NumMethod(); i++ {
		action := "ec2:" + api.Method(i).Name
		made[action] = true
		if !manager[action] {
			t.Errorf("%s is called and not allowed", action)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(manager)) {
		if !made[action] {
			t.Errorf("%s is allowed and never called", action)
		}
	}
	// Of a queue's methods, those about many messages are allowed as those about one.
	polls := map[string]bool{}
	for i, api := 0, reflect.TypeFor[queue.PollAPI](); i < api.NumMethod(); i++ {
		polls["sqs:"+strings.TrimSuffix(api.Method(i).Name, "Batch")] = true
	}
	if diff := cmp.Diff(polls, allowed(t, "serve.json")); diff != "" {
		t.Errorf("serve.json (-want +got):\n%s", diff)
	}
	// What FIS does in its own name: package faults says so.
	want := map[string]bool{"ec2:SendSpotInstanceInterruptions": true, "ec2:DescribeInstances": true}
	if diff := cmp.Diff(want, allowed(t, "drill.json")); diff != "" {
		t.Errorf("drill.json (-want +got):\n%s", diff)
	}
}
