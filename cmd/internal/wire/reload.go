package wire

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
)

// reloadable is the cloud as the fleet file last read asks for it.
type reloadable struct {
	current atomic.Pointer[provision.Cloud]
}

func (r *reloadable) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	return r.current.Load().Launch(ctx, id, l)
}

func (r *reloadable) End(ctx context.Context, ids []fleet.MachineID) error {
	return r.current.Load().End(ctx, ids)
}

func (r *reloadable) Machines(ctx context.Context) ([]fleet.Machine, error) {
	return r.current.Load().Machines(ctx)
}

func (r *reloadable) Recipes(ctx context.Context) ([]fleet.Recipe, error) {
	return r.current.Load().Recipes(ctx)
}

func (r *reloadable) Leftovers(ctx context.Context) (ec2Fleets, templates map[string]time.Time, err error) {
	return r.current.Load().Leftovers(ctx)
}

func (r *reloadable) Sweep(ctx context.Context, ec2Fleets, templates []string) error {
	return r.current.Load().Sweep(ctx, ec2Fleets, templates)
}
