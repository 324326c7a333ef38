//go:build !lambda

package wire

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/provision"
)

// fixed are the keys that a running manager cannot change: what they name was
// opened, signed in to or claimed at the start.
var fixed = []struct {
	key string
	of  func(*config.File) string
}{
	{"fleet", func(f *config.File) string { return f.Name }},
	{"github.app_id", func(f *config.File) string { return fmt.Sprint(f.GitHub.AppID) }},
	{"github.private_key", func(f *config.File) string { return fmt.Sprint(f.GitHub.PrivateKeys) }},
	{"github.webhook_secrets", func(f *config.File) string { return fmt.Sprint(f.GitHub.WebhookSecrets) }},
	{"github.apps", func(f *config.File) string { return fmt.Sprint(f.GitHub.Apps) }},
	{"github.api_url", func(f *config.File) string { return f.GitHub.APIURL }},
	{"aws.region", func(f *config.File) string { return f.AWS.Region }},
	{"aws.share", func(f *config.File) string { return fmt.Sprint(f.AWS.Share) }},
	{"aws.kms_key", func(f *config.File) string { return f.AWS.KMSKey }},
	{"aws.drill_role", func(f *config.File) string { return f.AWS.DrillRole }},
	{"aws.queues", func(f *config.File) string { return fmt.Sprint(f.AWS.Queues) }},
	{"serve.listen", func(f *config.File) string { return f.Serve.Listen }},
	{"serve.ledger", func(f *config.File) string { return f.Serve.Ledger }},
}

// Reload takes over a fleet file: pools and what launches of them need, limits
// and accounts. A file that changes what needs a restart is refused whole: the
// manager runs as one file says, never as half of each.
func (p *Parts) Reload(f *config.File) error {
	var keys []string
	for _, k := range fixed {
		if k.of(f) != k.of(p.file) {
			keys = append(keys, k.key)
		}
	}
	if len(keys) > 0 {
		return fmt.Errorf("%s: changed, which needs a restart", strings.Join(keys, ", "))
	}
	return p.take(f)
}

func (p *Parts) take(f *config.File) error {
	cloud, err := p.launch(f)
	if err != nil {
		return err
	}
	p.cloud.current.Store(cloud)
	pools := f.Fleet()
	p.pools.Store(&pools)
	windows := f.Windows()
	p.windows.Store(&windows)
	p.read.Store(f)
	return nil
}

// reloadable is the cloud as the fleet file last read asks for it.
type reloadable struct {
	current atomic.Pointer[provision.Cloud]
	// troubles are why pools can launch nothing, by name, as the last check found;
	// nil: none came back yet.
	troubles atomic.Pointer[map[string]string]
}

func (r *reloadable) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	return r.current.Load().Launch(ctx, id, l)
}

func (r *reloadable) End(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return r.current.Load().End(ctx, ids)
}

func (r *reloadable) Start(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return r.current.Load().Start(ctx, ids)
}

func (r *reloadable) Stop(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return r.current.Load().Stop(ctx, ids)
}

func (r *reloadable) Machines(ctx context.Context) ([]fleet.Machine, error) {
	return r.current.Load().Machines(ctx)
}

// Recipes have the problems that a check found: it knows their places and
// remedies.
func (r *reloadable) Recipes(ctx context.Context) ([]fleet.Recipe, error) {
	recipes, err := r.current.Load().Recipes(ctx)
	if troubles := r.troubles.Load(); troubles != nil {
		for i := range recipes {
			recipes[i].Problem = cmp.Or((*troubles)[recipes[i].Pool], recipes[i].Problem)
		}
	}
	return recipes, err
}

func (r *reloadable) Leftovers(ctx context.Context) (ec2Fleets, templates map[string]time.Time, err error) {
	return r.current.Load().Leftovers(ctx)
}

func (r *reloadable) Sweep(ctx context.Context, ec2Fleets, templates []string) error {
	return r.current.Load().Sweep(ctx, ec2Fleets, templates)
}
