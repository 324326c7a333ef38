package awssim

import (
	"cmp"
	"maps"
	"sync"
	"time"
)

// Config is what an account is made of. Now and After must be set.
type Config struct {
	Seed  uint64
	Now   func() time.Time
	After func(d time.Duration, f func()) // calls f once, d from now, never before After itself returned

	Region, Account string // as ARNs and messages name them; empty: us-east-1 and 123456789012

	Subnets map[string]string // subnet to zone
	// What a check asks for, and no launch is refused for. What is not named is
	// not there.
	VPCs      map[string]string                            // of security groups; of subnets, where they are not in "vpc-1"
	Images    map[string]string                            // architectures
	Profiles  []string                                     // instance profiles, by name
	Offered   func(instanceType, zone string) bool         // nil: everything is, everywhere
	Addresses map[string]int                               // free addresses of a subnet; not there: 4000
	Price     func(instanceType string, spot bool) float64 // USD per hour; nil: all is free
	VCPU      func(instanceType string) int                // nil: one each
	Quotas    Quotas
	Capacity  map[string]int // machines that an offer holds, as SetCapacity takes them

	// Hooks are called without any lock, in the order in which things happened.
	OnLaunch func(Instance) // it begins to boot, after a launch or a start
	OnState  func(Instance) // its state is another one now
	OnNotice func(Instance) // Spot announces that it takes the instance back at ReclaimAt
	OnEnd    func(Instance) // it shuts down, whoever asked for it
	// OnRebalance and OnNotice are what instance metadata shows, OnMessage is
	// what EventBridge hands to the queue of a rule: the same news by two ways.
	OnRebalance func(Instance)
	OnMessage   func(message []byte)

	Faults Faults
	Limits Limits
}

// Quotas are the account's vCPUs that may run at once in each market. Zero is
// no limit.
type Quotas struct{ Spot, OnDemand int }

// Account is one AWS account in one region. It is safe for concurrent use.
type Account struct {
	cfg  Config
	made time.Time

	mu         sync.Mutex // guards everything below
	hooks      []func()   // to call when mu is free
	templates  []*template
	instances  map[string]*instance
	order      []*instance // by launch
	hidden     int         // so many at the head of order are no longer shown
	volumes    []*volume   // by launch
	answers    map[string]answered
	parameters map[string]*parameter
	queues     map[string]*queue // by URL
	fleets     map[string]*fleet
	fis        injection
	offers     offers
	calls      map[string]map[string]int
	ordinals   map[string]int
	buckets    map[string]*bucket
	once       map[string][]string // faults of the next call, by operation
}

// New makes an account without machines.
func New(c Config) *Account {
	if c.Price == nil {
		c.Price = func(string, bool) float64 { return 0 }
	}
	if c.VCPU == nil {
		c.VCPU = func(string) int { return 1 }
	}
	c.Region, c.Account = cmp.Or(c.Region, "us-east-1"), cmp.Or(c.Account, "123456789012")
	c.Faults, c.Limits = c.Faults.withDefaults(), c.Limits.withDefaults()
	a := &Account{
		cfg: c, made: c.Now(), instances: map[string]*instance{}, answers: map[string]answered{},
		parameters: map[string]*parameter{}, queues: map[string]*queue{}, fleets: map[string]*fleet{}, offers: newOffers(), fis: newInjection(),
		calls: map[string]map[string]int{}, ordinals: map[string]int{}, buckets: map[string]*bucket{},
		once: map[string][]string{},
	}
	maps.Copy(a.offers.capacity, c.Capacity)
	return a
}

// EC2 is the account's EC2, in the SDK's method set.
func (a *Account) EC2() *EC2 { return &EC2{a} }

// SSM is the account's parameter store, in the SDK's method set.
func (a *Account) SSM() *SSM { return &SSM{a} }

// FIS is the account's fault injection, in the SDK's method set.
func (a *Account) FIS() *FIS { return &FIS{a} }

// EC2 has the SDK's methods that the fleet calls.
type EC2 struct{ a *Account }

// SSM has the SDK's methods that the fleet and its agents call.
type SSM struct{ a *Account }

// FIS has the SDK's methods that drills call.
type FIS struct{ a *Account }

// do runs f under the mutex, then the hooks that f left, without it.
func (a *Account) do(f func()) {
	a.mu.Lock()
	f()
	hooks := a.hooks
	a.hooks = nil
	a.mu.Unlock()
	for _, h := range hooks {
		h()
	}
}

func (a *Account) after(d time.Duration, f func()) { a.cfg.After(d, func() { a.do(f) }) }

// tell leaves a hook to call once the mutex is free.
func (a *Account) tell(hook func(Instance), told Instance) {
	if hook != nil {
		a.hooks = append(a.hooks, func() { hook(told) })
	}
}
