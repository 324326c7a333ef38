package awssim

import (
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// Config is what an account is made of. Now and After must be set.
type Config struct {
	Seed    uint64
	Now     func() time.Time
	After   func(d time.Duration, f func())              // calls f once, d from now, never before After itself returned
	Subnets map[string]string                            // subnet to zone
	Price   func(instanceType string, spot bool) float64 // USD per hour

	OnLaunch func(Instance) // the instance begins to boot
	OnEnd    func(Instance) // it shuts down, whoever asked for it

	Faults Faults
	Limits Limits
}

// Account is one AWS account in one region. It is safe for concurrent use.
type Account struct {
	cfg Config

	mu         sync.Mutex // guards everything below
	hooks      []func()   // to call when mu is free
	templates  []*template
	instances  map[string]*instance
	order      []string // instances by launch
	answers    map[string]answered
	parameters map[string]*parameter
	fleets     map[string]types.FleetData
	empty      map[string]bool // offers without capacity
	calls      map[string]map[string]int
	ordinals   map[string]int
	buckets    map[string]*bucket
	once       map[string][]string // faults of the next call, by operation
	last       int
}

// New makes an account without machines.
func New(c Config) *Account {
	if c.Price == nil {
		c.Price = func(string, bool) float64 { return 0 }
	}
	c.Faults, c.Limits = c.Faults.withDefaults(), c.Limits.withDefaults()
	return &Account{
		cfg: c, instances: map[string]*instance{}, answers: map[string]answered{},
		parameters: map[string]*parameter{}, fleets: map[string]types.FleetData{}, empty: map[string]bool{},
		calls: map[string]map[string]int{}, ordinals: map[string]int{}, buckets: map[string]*bucket{},
		once: map[string][]string{},
	}
}

// EC2 is the account's EC2, in the SDK's method set.
func (a *Account) EC2() *EC2 { return &EC2{a} }

// SSM is the account's parameter store, in the SDK's method set.
func (a *Account) SSM() *SSM { return &SSM{a} }

// Calls counts calls by service and operation, refused ones included.
func (a *Account) Calls() map[string]map[string]int {
	out := map[string]map[string]int{}
	a.do(func() {
		for service, ops := range a.calls {
			out[service] = map[string]int{}
			for op, n := range ops {
				out[service][op] = n
			}
		}
	})
	return out
}

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

// draw gives the next number in [0, 1) for a kind and entity.
func (a *Account) draw(kind, entity string) float64 {
	key := kind + "\x00" + entity
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%d", a.cfg.Seed, key, a.ordinals[key])
	a.ordinals[key]++
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

func (a *Account) between(low, high time.Duration, kind, entity string) time.Duration {
	return low + time.Duration(a.draw(kind, entity)*float64(high-low))
}

func refuse(code, format string, args ...any) error {
	return &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}
