package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Arch is a processor architecture, as EC2 names it.
type Arch string

// The architectures.
const (
	ARM64 Arch = "arm64"
	X86   Arch = "x86_64"
)

// Market is how a machine is bought.
type Market string

// The markets. SpotFirst is a pool's wish, never a machine's market.
const (
	Spot      Market = "spot"
	OnDemand  Market = "on-demand"
	SpotFirst Market = "spot-first"
)

// Offer is what EC2 sells: an instance type in a zone on a market. Subnet is
// where the fleet would launch it; it is no part of the offer's identity.
type Offer struct {
	Type   string
	Zone   string
	Market Market
	Subnet string
}

// Compare orders offers by type, zone and market.
func (o Offer) Compare(p Offer) int {
	return cmp.Or(cmp.Compare(o.Type, p.Type), cmp.Compare(o.Zone, p.Zone), cmp.Compare(o.Market, p.Market))
}

// Lifetime is how long a pool's machines live.
type Lifetime string

// The lifetimes.
const (
	// Ephemeral machines take one job and are gone.
	Ephemeral Lifetime = "ephemeral"
	// Standing machines register once and serve many jobs; outside their
	// pool's hours they are stopped.
	Standing Lifetime = "standing"
)

// Plain names two parameters in SSM that hold, for an image which registers by
// itself, what a person would type: the organisation's address on GitHub, and a
// registration token that is good for another quarter of an hour at each launch.
type Plain struct {
	URL   string // of a String
	Token string // of a SecureString
}

// Pool is the recipe of identical machines. Zero values are right values: the
// accessors below fill in what the file did not say.
type Pool struct {
	Name         string
	Labels       Labels
	Group        string // runner group by name; empty is the default group
	Exact        bool   // a job must name exactly the pool's labels
	Priority     int    // higher is asked first
	Arch         Arch
	Lifetime     Lifetime     // empty is Ephemeral
	Account      string       // login of the organisation whose runners a standing pool has
	Plain        Plain        // of a standing pool; zero: there is none
	Market       Market       // empty is SpotFirst, of a standing pool OnDemand
	Max          int          // machines pending, running, stopped and reserved; a standing pool has so many
	Registration Registration // empty is JIT, of a standing pool Token
	Prepared     bool         // the image holds agent and runner
	NoOverflow   bool         // jobs never move on to the next fitting pool
	BootLimit    time.Duration
	IdleLimit    time.Duration
	JobLimit     time.Duration
	AlertAfter   time.Duration
}

// Defaults of the fleet file.
const (
	DefaultBootLimit  = 10 * time.Minute
	DefaultIdleLimit  = 2 * time.Minute
	DefaultJobLimit   = 6*time.Hour + 15*time.Minute
	DefaultAlertAfter = 10 * time.Minute
	DefaultBoot       = 45 * time.Second // boot estimate until 20 boots were seen
	DefaultFound      = 60               // launches a minute for jobs that a search found
)

// WithDefaults is the pool with every unset limit and market filled in.
func (p Pool) WithDefaults() Pool {
	if p.Stands() {
		p.Market, p.Registration = cmp.Or(p.Market, OnDemand), cmp.Or(p.Registration, Token)
	}
	p.Lifetime = cmp.Or(p.Lifetime, Ephemeral)
	p.Market = cmp.Or(p.Market, SpotFirst)
	p.Registration = cmp.Or(p.Registration, JIT)
	p.BootLimit = cmp.Or(p.BootLimit, DefaultBootLimit)
	p.IdleLimit = cmp.Or(p.IdleLimit, DefaultIdleLimit)
	p.JobLimit = cmp.Or(p.JobLimit, DefaultJobLimit)
	p.AlertAfter = cmp.Or(p.AlertAfter, DefaultAlertAfter)
	return p
}

// Stands reports whether the pool's machines are standing ones.
func (p Pool) Stands() bool { return p.Lifetime == Standing }

// Fits reports whether a job with these labels may run on the pool's machines.
// An empty set fits nothing: such a job names a runner group only, and its
// event does not say which.
func (p Pool) Fits(l Labels) bool {
	if l == "" {
		return false
	}
	if p.Exact {
		return p.Labels == l
	}
	return p.Labels.Holds(l)
}

// Serves reports whether the pool's runners could take jobs of a class: a
// standing pool's are registered in its account alone.
func (p Pool) Serves(c Class) bool { return p.Fits(c.Labels) && p.Within(c.Scope) }

// Within reports whether the pool may have runners in a scope.
func (p Pool) Within(s Scope) bool {
	return !p.Stands() || s.Repo == "" && strings.EqualFold(p.Account, s.Owner)
}

// Takes reports whether some pool could take a job, and its account is served.
func (f Fleet) Takes(j Job) bool {
	return f.allows(&j) && slices.ContainsFunc(f.Pools, func(p Pool) bool { return p.Serves(j.Class) })
}

// allows matches accounts by id: a login can be registered again by others.
func (f Fleet) allows(j *Job) bool {
	return len(f.Accounts) == 0 || slices.ContainsFunc(f.Accounts, func(a Account) bool { return a.is(j) })
}

// ServesPublic reports whether some public repository of an account is listed.
func (f Fleet) ServesPublic(login string) bool {
	return slices.ContainsFunc(f.Accounts, func(a Account) bool { return strings.EqualFold(a.Login, login) && len(a.Public) > 0 })
}

// Account is a GitHub account that the fleet serves.
type Account struct {
	ID     int64 // 0: not known yet, so nobody's jobs are served by it
	Login  string
	Public []string // names of public repositories served all the same
}

// Limits are the fleet's own caps. Zero means no cap.
type Limits struct {
	Machines          int // of all pools, stopped ones included
	LaunchesPerMinute int
	// FoundPerMinute is launches for jobs that a search found and no delivery
	// told of: what is wrong there must not empty a budget. Zero is DefaultFound.
	FoundPerMinute int
}

// Fleet is the part of the fleet file that judgement needs.
type Fleet struct {
	Name     string
	Accounts []Account // empty: every account that installed the App
	Forks    Forks
	Runner   string // version of the runner that machines start; empty: their images say
	Limits   Limits
	Pools    []Pool // in file order
}
