package config

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// File is a fleet file with every default filled in.
type File struct {
	Name    string // of the fleet
	GitHub  GitHub
	AWS     AWS
	Machine Machine
	Serve   Serve
	Limits  fleet.Limits
	Pools   []Pool // in file order

	read reading
}

// GitHub is how the fleet meets GitHub.
type GitHub struct {
	App
	Apps   []App           // more of them, each with an allowance of its own
	Allow  []fleet.Account // empty: every account that installed the App
	Forks  fleet.Forks
	APIURL string // without a slash at the end
}

// App is a GitHub App that the fleet acts as.
type App struct {
	AppID          int64
	PrivateKeys    []Secret // two while rotating
	WebhookSecrets []Secret // two while rotating
}

// AWS is where the fleet's machines live. Everything here must exist already.
type AWS struct {
	Region          string
	Subnets         []string
	SecurityGroups  []string
	InstanceProfile string // by name
	PublicIP        bool
	KMSKey          string // for the machines' configs in SSM; empty is the account's default key
	DrillRole       string // ARN of the role that AWS FIS acts as; empty: no drills
	Queues          Queues
	Share           float64 // of the calls that AWS allows the account, above 0 and up to 1
	Tags            map[string]string
}

// Serve is what the long-lived server needs to know.
type Serve struct {
	Listen string
	Ledger string // path of the ledger's database, or dynamodb:NAME; see Table
}

// Pool is a pool as judgement sees it, and what a launch of it needs. Either
// Types or Shape is set, never both.
type Pool struct {
	fleet.Pool
	Shape   Shape
	Types   []string // in order of preference
	Image   string   // ami-... or ssm:/path
	DiskGiB int
	Hours   schedule.Rule // zero: the pool never closes
}

// Shape is a wish for machines of a size, whatever their type.
type Shape struct {
	VCPU   int
	Memory Range // in GiB
}

// Range is an amount from Min to Max, both included. A Max of zero is open.
type Range struct{ Min, Max int }

// String is the range as the file writes it: 8, 8..16 or 8.. .
func (r Range) String() string {
	switch r.Max {
	case r.Min:
		return fmt.Sprint(r.Min)
	case 0:
		return fmt.Sprintf("%d..", r.Min)
	}
	return fmt.Sprintf("%d..%d", r.Min, r.Max)
}

// Secret is a reference to a secret, never the secret itself: ssm:/path,
// file:path or env:NAME.
type Secret string

// Scheme says where the secret is: ssm, file or env.
func (s Secret) Scheme() string {
	scheme, _, _ := strings.Cut(string(s), ":")
	return scheme
}

// Place is the parameter, file or variable that holds the secret.
func (s Secret) Place() string {
	_, place, _ := strings.Cut(string(s), ":")
	return place
}

// Defaults of the fleet file that the core does not know of.
const (
	DefaultAPIURL     = "https://api.github.com"
	DefaultListen     = ":8080"
	DefaultLedger     = "runfleet.db"
	DefaultShare      = 1.0
	DefaultVCPU       = 4
	DefaultDiskGiB    = 40
	DefaultImageARM64 = "ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id"
	DefaultImageX86   = "ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"

	memoryPerVCPU = 2 // GiB, at least, where memory is not said
)

// Fleet is the part of the file that judgement needs.
func (f *File) Fleet() fleet.Fleet {
	out := fleet.Fleet{Name: f.Name, Accounts: f.GitHub.Allow, Forks: f.GitHub.Forks, Limits: f.Limits}
	if !f.GitHub.Server() { // which has no dates for versions of the runner
		out.Runner = f.Machine.Runner.Version
	}
	for _, p := range f.Pools {
		out.Pools = append(out.Pools, p.Pool)
	}
	return out
}

func fillFile(f *File) {
	fillGitHub(&f.GitHub)
	fillAWS(&f.AWS)
	fillServe(&f.Serve)
	for i := range f.Pools {
		if p := &f.Pools[i]; p.Stands() && p.Account == "" && len(f.GitHub.Allow) == 1 {
			p.Account = f.GitHub.Allow[0].Login
		}
	}
}

func fillGitHub(g *GitHub) {
	g.APIURL = strings.TrimRight(cmp.Or(g.APIURL, DefaultAPIURL), "/")
}

func fillAWS(a *AWS) {
	a.Share = cmp.Or(a.Share, DefaultShare)
}

func fillServe(s *Serve) {
	s.Listen = cmp.Or(s.Listen, DefaultListen)
	s.Ledger = cmp.Or(s.Ledger, DefaultLedger)
}

func fillPool(p *Pool) {
	p.Pool = p.Pool.WithDefaults()
	p.DiskGiB = cmp.Or(p.DiskGiB, DefaultDiskGiB)
	switch {
	case p.Image != "":
	case p.Arch == fleet.ARM64:
		p.Image = DefaultImageARM64
	case p.Arch == fleet.X86:
		p.Image = DefaultImageX86
	}
	if len(p.Types) == 0 && p.Shape.VCPU == 0 {
		p.Shape.VCPU = DefaultVCPU
		fillShape(&p.Shape)
	}
}

func fillShape(s *Shape) {
	if s.Memory == (Range{}) {
		s.Memory.Min = s.VCPU * memoryPerVCPU
	}
}
