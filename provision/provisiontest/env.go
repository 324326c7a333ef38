// Package provisiontest holds what every EC2, SSM and FIS must do for packages
// provision, tokens and faults, be it a simulation, a mock server or an account.
//
// # Decisions
//
// The suite sees the cloud through the adapters alone, so it checks both: that
// the adapters say what they promise, and that the other side is what they
// believe it to be. A fault that a cloud cannot play skips its test.
package provisiontest

import (
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/tokens"
)

// Env is an empty cloud, and what a test may do to it.
type Env struct {
	EC2             provision.EC2API
	SSM             tokens.SSMAPI
	FIS             faults.FISAPI
	Region, Account string
	Subnets         []string // two, in two zones
	SecurityGroups  []string
	InstanceProfile string
	Image           string
	Types           []string // two, offered in both zones
	// Checks are what a check asks; nil: it cannot be. Elsewhere is a security
	// group of another VPC, Foreign an image of x86_64, and Rare a type that
	// neither zone offers.
	Checks                   provision.CheckAPI
	Elsewhere, Foreign, Rare string
	Now                      func() time.Time

	// Pass lets time pass: two minutes are more than any lag. nil where
	// nothing lags.
	Pass func(time.Duration)
	// KeepsTokens: a client token launches once. moto alone launches each time.
	KeepsTokens bool
	// KeepsFleets: machines carry the tag of their instant fleet, and a fleet
	// whose machines are gone can be deleted. Neither is so in moto.
	KeepsFleets bool
	// Interrupts: FIS picks victims by tag, and they get notices, of which
	// Messages has those of EventBridge so far, and go. In moto an experiment
	// completes without having picked anybody, also when nobody has the tags.
	Interrupts bool
	Messages   func() [][]byte
	// Conflicts: FIS refuses a client token with another request, and lists
	// show a template only after a while. moto gives the old template.
	Conflicts bool

	// TakesTime: a stop is under way for a while, and a start wants capacity.
	// moto's machines change at once, and start anywhere.
	TakesTime bool

	// Protect has EC2 refuse, or not any more, to end a machine.
	Protect func(t *testing.T, m fleet.MachineID, on bool)

	// Faults, nil where the cloud cannot play them. Operations are named as
	// the SDK's methods.
	Empty    func(fleet.Offer)      // there is no capacity from now on
	Throttle func(operation string) // the next call is throttled
	Lose     func(operation string) // the next call works, its answer is lost
}

// fleetName is what every test's fleet is called.
const fleetName = "conform"

// pass lets lag pass.
func (e Env) pass() {
	if e.Pass != nil {
		e.Pass(2 * time.Minute)
	}
}

// config is a fleet of one pool.
func (e Env) config() provision.Config {
	return provision.Config{
		EC2: e.EC2, Fleet: fleetName, Ledger: "ledger-1", Region: e.Region,
		Subnets: e.Subnets, SecurityGroups: e.SecurityGroups, InstanceProfile: e.InstanceProfile,
		Tags: map[string]string{"team": "ci"},
		Pools: []provision.PoolSpec{{
			Name: "arm64", Arch: fleet.ARM64, Types: e.Types, Image: e.Image, DiskGiB: 40,
		}},
		Now: e.Now,
	}
}

func (e Env) store() *tokens.Store {
	return &tokens.Store{SSM: e.SSM, Fleet: fleetName, Region: e.Region, Account: e.Account}
}

// launch is a launch of a market by the first pool's recipe.
func (e Env) launch(t *testing.T, c *provision.Cloud, market fleet.Market, count int) fleet.Launch {
	t.Helper()
	recipes, err := c.Recipes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if recipes[0].Problem != "" {
		t.Fatal(recipes[0].Problem)
	}
	l := fleet.Launch{Pool: recipes[0].Pool, Template: recipes[0].Template, Market: market, Count: count}
	for _, o := range recipes[0].Offers {
		if o.Market == market {
			l.Offers = append(l.Offers, o)
		}
	}
	return l
}

// must launches what has to come whole.
func (e Env) must(t *testing.T, c *provision.Cloud, id fleet.IntentID, l fleet.Launch) []fleet.Machine {
	t.Helper()
	got, err := c.Launch(t.Context(), id, l)
	if err != nil || len(got.Machines) != l.Count || len(got.Refused) != 0 {
		t.Fatalf("launch %d: %+v, error %v", l.Count, got, err)
	}
	return got.Machines
}

// alive are the machines that EC2 shows and does not end.
func alive(t *testing.T, c *provision.Cloud) []fleet.Machine {
	t.Helper()
	list, err := c.Machines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var left []fleet.Machine
	for _, m := range list {
		if !m.Gone() {
			left = append(left, m)
		}
	}
	return left
}

func ids(list []fleet.Machine) string {
	var names []string
	for _, m := range list {
		names = append(names, string(m.ID))
	}
	return strings.Join(names, " ")
}

// need skips a test whose fault the cloud cannot play.
func need(t *testing.T, plays bool, what string) {
	t.Helper()
	if !plays {
		t.Skipf("this cloud cannot play it: %s", what)
	}
}
