package reconcile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// leftovers finds what machines left in AWS: older than any plan that could
// still be using it, and of no machine that the ledger knows. A standing machine
// that came up needs no config any more: one may have been stored twice. It reports
// whether everything answered; what did not is left alone.
func (r *Reconciler) leftovers(ctx context.Context, s *fleet.Snapshot) bool {
	old := func(t time.Time) bool { return s.At.Sub(t) > sweepEvery }
	used, machines := inUse(s.State.Machines)
	stored, unstored := r.Configs.Stored(ctx)
	if unstored != nil {
		r.Log.WarnContext(ctx, "stored configs not seen", "error", unstored)
	}
	for id, t := range stored {
		if old(t) && !machines[id] {
			s.Leftovers.Parameters = append(s.Leftovers.Parameters, id)
		}
	}
	known, unmade := r.templatesInUse(ctx, used)
	fleets, templates, err := r.Sweeper.Leftovers(ctx)
	if err != nil {
		r.Log.WarnContext(ctx, "leftovers not seen", "error", err)
	}
	for id, t := range fleets {
		if old(t) && !used[id] {
			s.Leftovers.EC2Fleets = append(s.Leftovers.EC2Fleets, id)
		}
	}
	for id, t := range templates {
		if known && old(t) && !used[id] {
			s.Leftovers.Templates = append(s.Leftovers.Templates, id)
		}
	}
	return errors.Join(unstored, unmade, err) == nil
}

// inUse is which instant fleets and templates have a machine in the ledger, and
// which machines may need a config.
func inUse(all []fleet.Machine) (used map[string]bool, machines map[fleet.MachineID]bool) {
	used, machines = map[string]bool{}, map[fleet.MachineID]bool{}
	for _, m := range all {
		used[m.EC2Fleet], used[templateID(m.Template)] = true, true
		machines[m.ID] = !m.Standing || m.ReadyAt.IsZero() || !m.Taken
	}
	return used, machines
}

// unswept is what the last search found left over and no plan has swept: one
// plan sweeps a part only. What is in use by now is none of it.
func (r *Reconciler) unswept(s fleet.Snapshot) fleet.Leftovers {
	l := r.memory.left
	if len(l.Parameters)+len(l.EC2Fleets)+len(l.Templates) == 0 {
		return l
	}
	used, machines := inUse(s.State.Machines)
	for _, recipe := range s.Recipes {
		used[templateID(recipe.Template)] = true
	}
	return without(l, func(id fleet.MachineID) bool { return machines[id] }, func(id string) bool { return used[id] })
}

// without is what is left over but for some configs, and some fleets or
// templates.
func without(l fleet.Leftovers, config func(fleet.MachineID) bool, other func(string) bool) fleet.Leftovers {
	return fleet.Leftovers{
		Parameters: slices.DeleteFunc(slices.Clone(l.Parameters), config),
		EC2Fleets:  slices.DeleteFunc(slices.Clone(l.EC2Fleets), other),
		Templates:  slices.DeleteFunc(slices.Clone(l.Templates), other),
	}
}

// forget takes what was swept, or could not be, off the list: what is still
// there the next search finds.
func (r *Reconciler) forget(swept fleet.Sweep) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.memory.left = without(r.memory.left,
		func(id fleet.MachineID) bool { return slices.Contains(swept.Parameters, id) },
		func(id string) bool {
			return slices.Contains(swept.EC2Fleets, id) || slices.Contains(swept.Templates, id)
		})
}

// sweepAgain has the next full look sweep, because this one could not.
func (r *Reconciler) sweepAgain() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.memory.swept = time.Time{}
}

// templatesInUse adds the templates that pools launch from. It reports false if
// it does not know them all, and an error if it may know better soon: any
// template may be one then.
func (r *Reconciler) templatesInUse(ctx context.Context, used map[string]bool) (all bool, err error) {
	recipes, err := r.Cloud.Recipes(ctx)
	for _, recipe := range recipes {
		used[templateID(recipe.Template)] = true
	}
	return err == nil && !slices.ContainsFunc(recipes, func(x fleet.Recipe) bool { return x.Template == "" }), err
}

// sweep deletes what machines left behind in AWS.
func (r *Reconciler) sweep(ctx context.Context, in fleet.Intent) outcome {
	var o outcome
	o.settle(in)
	r.forget(*in.Sweep)
	for _, id := range in.Sweep.Parameters {
		if _, err := r.Configs.Withdraw(ctx, id); err != nil {
			r.Log.WarnContext(ctx, "config not withdrawn", "machine", id, "error", err)
			r.sweepAgain()
		}
	}
	if len(in.Sweep.EC2Fleets)+len(in.Sweep.Templates) > 0 {
		if err := r.Sweeper.Sweep(ctx, in.Sweep.EC2Fleets, in.Sweep.Templates); err != nil {
			r.Log.WarnContext(ctx, "leftovers not swept", "error", err)
			r.sweepAgain()
		}
	}
	r.Log.InfoContext(ctx, "sweep", "configs", len(in.Sweep.Parameters),
		"ec2_fleets", len(in.Sweep.EC2Fleets), "templates", len(in.Sweep.Templates), "reason", in.Reason)
	return o
}
