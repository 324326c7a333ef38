package bootstrap

import (
	_ "embed" // the body of the script
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Limit is EC2's for user data, in bytes.
const Limit = 16 << 10

// Home is where the agent and the runners are, on every machine.
const Home = "/opt/runfleet"

// user is who runs the runner.
const user = "runner"

// patience is what the script may take: it fetches some 200 MB, and installs
// packages on an image that lacks them.
const patience = 15 * time.Minute

//go:embed boot.sh
var boot string

// Config is what machines of a pool need to know to become runners.
type Config struct {
	Arch   fleet.Arch
	Agent  File   // the agent's program for Arch
	Runner Runner // GitHub's runner for Arch
	// Settings are the agent's. Runner and User are filled in.
	Settings Settings
	Patience time.Duration // for the script; 0: 15 minutes
}

// File is a file to fetch. Both fields are empty if the image holds it.
type File struct {
	URL    string // https
	SHA256 string // 64 hexadecimal digits
}

// Runner is a release of actions/runner, as a tar.gz.
type Runner struct {
	Version string // such as 2.336.0
	File
}

// Script is the user data. The same config is the same script. The error says
// everything that is wrong with the config.
func Script(c Config) ([]byte, error) {
	c.Settings.Runner = path.Join(Home, "runner-"+c.Runner.Version)
	c.Settings.User = user
	if c.Patience == 0 {
		c.Patience = patience
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("user data: %w", err)
	}
	settings, err := EncodeSettings(c.Settings)
	if err != nil {
		return nil, fmt.Errorf("user data: %w", err)
	}
	var s strings.Builder
	s.WriteString("#!/bin/sh\n# runfleet: makes this machine a runner, at its first boot.\n")
	for _, v := range [][2]string{
		{"machine", map[fleet.Arch]string{fleet.ARM64: "aarch64", fleet.X86: "x86_64"}[c.Arch]},
		{"home", Home},
		{"user", user},
		{"agent_url", c.Agent.URL},
		{"agent_sha256", c.Agent.SHA256},
		{"runner", c.Settings.Runner},
		{"runner_url", c.Runner.URL},
		{"runner_sha256", c.Runner.SHA256},
		{"settings", string(settings)},
		{"patience", strconv.Itoa(int(c.Patience.Seconds()))},
	} {
		fmt.Fprintf(&s, "%s='%s'\n", v[0], v[1]) // no value holds a quote
	}
	s.WriteString(boot)
	if s.Len() > Limit {
		return nil, fmt.Errorf("user data: %d bytes, EC2 takes %d", s.Len(), Limit)
	}
	return []byte(s.String()), nil
}

// check holds every value against what may stand in the script.
func (c Config) check() error {
	var problems []error
	problem := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	problem(c.Arch == fleet.ARM64 || c.Arch == fleet.X86, "architecture %q is neither %s nor %s", c.Arch, fleet.ARM64, fleet.X86)
	problem(version(c.Runner.Version), "runner version %q is not like 2.336.0", c.Runner.Version)
	for _, f := range []struct {
		name string
		File
	}{{"agent", c.Agent}, {"runner", c.Runner.File}} {
		if f.File != (File{}) {
			problem(address(f.URL), "%s: %q is no https address of plain characters", f.name, f.URL)
			problem(len(f.SHA256) == 64 && only(f.SHA256, digits+"abcdef"), "%s: %q is no SHA-256 in small hexadecimal digits", f.name, f.SHA256)
		}
	}
	problem(c.Settings.Reports == "" || address(c.Settings.Reports), "reports: %q is no https address of plain characters", c.Settings.Reports)
	s := c.Settings
	for _, d := range []time.Duration{s.Poll, s.Wait, s.Idle, s.Job, s.Margin, s.Grace, s.Watch} {
		problem(d >= 0, "a duration of %s is negative", d)
	}
	problem(c.Patience >= time.Second, "a patience of %s is less than a second", c.Patience)
	return errors.Join(problems...)
}

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func only(s, alphabet string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(alphabet, r) })
}

func version(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if !only(p, digits) {
			return false
		}
	}
	return len(parts) == 3
}

// address reports whether s is an https URL of characters that mean nothing
// to a shell within quotes, and nothing to JSON.
func address(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && only(s, letters+digits+"-._~:/?#@!$*+,;=%()")
}
