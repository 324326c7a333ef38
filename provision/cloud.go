package provision

import (
	"cmp"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Config says what to launch and where.
type Config struct {
	EC2             EC2API
	Fleet           string
	Ledger          string // id of the ledger that owns what is launched
	Region          string // for error texts: the client knows it by itself
	Subnets         []string
	SecurityGroups  []string
	InstanceProfile string // name or ARN
	PublicIP        bool   // false: none, whatever the subnet's default
	Tags            map[string]string
	Pools           []PoolSpec
	Dry             bool             // make no launch template: a missing one is called Unmade
	Now             func() time.Time // nil: time.Now
	Log             *slog.Logger     // nil: silent
}

// Unmade is the launch template of a pool in a dry run, if EC2 has none yet.
const Unmade = "lt-unmade"

// PoolSpec is what EC2 must know of a pool.
type PoolSpec struct {
	Name       string
	Arch       fleet.Arch   // of Image and Types; EC2 finds out by itself
	Types      []string     // in order of preference
	Image      string       // ami-... or ssm:/path, which each launch resolves anew
	RootDevice string       // of the image; empty: as its publisher names it
	DiskGiB    int          // 0: as large as the image
	Market     fleet.Market // empty: spot-first
	UserData   []byte       // at most 16 KiB. Never a secret
	Prepared   bool         // the image starts its agent itself: without UserData it gets none, not the Placeholder
	// Standing machines stop when they power off, and keep their disks; others
	// end.
	Standing bool
}

// Placeholder is the user data of a stock image for which there is no agent
// yet: it says so in the console log and powers the machine off, which ends it.
const Placeholder = `#!/bin/sh
echo "runfleet: this image has no agent yet, powering off" >/dev/console
poweroff
`

// root is the device name of the image's root disk. A wrong one would add a
// second disk and leave the root as small as the image.
func (p PoolSpec) root() string {
	image := strings.ToLower(p.Image)
	switch {
	case p.RootDevice != "":
		return p.RootDevice
	case strings.Contains(image, "canonical"), strings.Contains(image, "ubuntu"):
		return "/dev/sda1"
	}
	return "/dev/xvda"
}

// markets lists the markets that the pool buys on, the preferred one first.
func (p PoolSpec) markets() []fleet.Market {
	market := cmp.Or(p.Market, fleet.SpotFirst)
	if market == fleet.SpotFirst {
		return []fleet.Market{fleet.Spot, fleet.OnDemand}
	}
	return []fleet.Market{market}
}

// Cloud is EC2 as a fleet uses it. It is safe for concurrent use.
type Cloud struct {
	Config

	mu        sync.Mutex
	templates map[string]string // id by name, of those known to exist
	listed    bool              // templates holds what a listing showed
	subnets   subnets
	known     map[string]time.Time // instant fleets that may exist, and since when
	gone      map[string]bool      // instant fleets deleted while EC2 still shows their machines
}

// New is a Cloud for a configuration. It calls nothing yet.
func New(c Config) *Cloud {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Cloud{
		Config:    c,
		templates: map[string]string{},
		known:     map[string]time.Time{},
		gone:      map[string]bool{},
	}
}
