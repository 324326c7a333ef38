package config

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// Machine is what machines are made of beside their image: the programs that a
// stock image fetches, and where machines report.
type Machine struct {
	Agent   Program // runfleet's own; zero: images hold it
	Runner  Program // GitHub's; its Version is that of prepared images too
	Reports string  // URL of the queue for reports; empty: that of AWS.Queues, if there is one
}

// Program is a release of a program, for each architecture.
type Program struct {
	Version string // of the runner, such as 2.337.0
	URL     string // {arch} and {version} stand for those of a machine
	SHA256  Sums
}

// Sums are SHA-256 sums in hexadecimal digits; empty: there is no such file.
type Sums struct{ ARM64, X86 string }

// of is the sum for an architecture.
func (s Sums) of(a fleet.Arch) string {
	if a == fleet.ARM64 {
		return s.ARM64
	}
	return s.X86
}

// runnerURL is where GitHub publishes runners; {arch} is its own name for an
// architecture there.
const runnerURL = "https://github.com/actions/runner/releases/download/v{version}/actions-runner-linux-{arch}-{version}.tar.gz"

// runnerArch is what actions/runner calls architectures.
var runnerArch = map[fleet.Arch]string{fleet.ARM64: "arm64", fleet.X86: "x64"}

// AgentFor is where the agent for an architecture is, and its sum.
func (m Machine) AgentFor(a fleet.Arch) (address, sum string) {
	return strings.ReplaceAll(m.Agent.URL, "{arch}", string(a)), m.Agent.SHA256.of(a)
}

// RunnerFor is where GitHub's runner for an architecture is, and its sum.
func (m Machine) RunnerFor(a fleet.Arch) (address, sum string) {
	fill := strings.NewReplacer("{arch}", runnerArch[a], "{version}", m.Runner.Version)
	return fill.Replace(cmp.Or(m.Runner.URL, runnerURL)), m.Runner.SHA256.of(a)
}

var (
	sum     = text{pattern: regexp.MustCompile(`^[0-9a-f]{64}$`), want: "a SHA-256 in 64 small hexadecimal digits"}
	release = text{pattern: regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`), want: "a version such as 2.337.0", max: 32}
	fetched = text{check: wrongSecureURL, max: 512}
)

func machineKeys() object[Machine] {
	return object[Machine]{
		keys: []key[Machine]{
			field("agent", "runfleet's program for machines, fetched by images that are not prepared.", object[Program]{keys: []key[Program]{
				field("url", "Where it is. {arch} stands for arm64 or x86_64.", fetched, func(p *Program) *string { return &p.URL }).must(),
				field("sha256", "Its SHA-256, by architecture.", sumKeys(), func(p *Program) *Sums { return &p.SHA256 }).must(),
			}}, func(m *Machine) *Program { return &m.Agent }),
			field("runner", "GitHub's runner, fetched by images that are not prepared.", object[Program]{keys: []key[Program]{
				field("version", "Its version; prepared images hold this one.", release, func(p *Program) *string { return &p.Version }).must(),
				field("url", "Where it is. Without it, at GitHub.", fetched, func(p *Program) *string { return &p.URL }),
				field("sha256", "Its SHA-256, by architecture.", sumKeys(), func(p *Program) *Sums { return &p.SHA256 }),
			}}, func(m *Machine) *Program { return &m.Runner }).must(),
			field("reports", "Queue that machines report to, by URL. Without it, the one of aws.queues, if there is one.", fetched, func(m *Machine) *string { return &m.Reports }),
		},
	}
}

func sumKeys() object[Sums] {
	return object[Sums]{keys: []key[Sums]{
		field("arm64", "For arm64.", sum, func(s *Sums) *string { return &s.ARM64 }),
		field("x86_64", "For x86_64.", sum, func(s *Sums) *string { return &s.X86 }),
	}}
}

// wrongSecureURL allows what can stand in a machine's user data.
func wrongSecureURL(s string) string {
	u, err := url.Parse(strings.NewReplacer("{arch}", "a", "{version}", "1").Replace(s))
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(s, "'\"\\` ") {
		return "must be an https URL of plain characters"
	}
	return ""
}

// machine checks that what an image lacks can be fetched. A sum that is said,
// and wrong, has its own problem.
func (r *reading) machine(path string, p Pool, m Machine) {
	if p.Prepared || m == (Machine{}) || p.Arch == "" {
		return
	}
	said := func(program string) bool {
		_, ok := r.places["machine."+program+".sha256."+string(p.Arch)]
		return ok
	}
	if !said("agent") {
		r.at(path+".prepared", "the image holds no agent, and machine.agent has none for "+string(p.Arch), "name its url and sha256 there")
	}
	if !said("runner") {
		r.at(path+".prepared", "the image holds no runner, and machine.runner has none for "+string(p.Arch), "name its sha256 there")
	}
}
