package reconcile

import (
	"context"
	"errors"

	"github.com/runfleet/runfleet/fleet"
)

// noDrills is why drills are refused where no role for them is named.
const noDrills = "the fleet file names no aws.drill_role, so AWS FIS can take nothing back"

// drill starts a drill's experiment, or takes away what it made.
func (r *Reconciler) drill(ctx context.Context, s fleet.Snapshot, in fleet.Intent) outcome {
	var o outcome
	o.settle(in)
	for _, d := range s.State.Drills {
		if d.Drill.ID == in.Drill.Drill.ID {
			o.Drills = []fleet.DrillRun{r.drillStep(ctx, d, in.Drill.Clean)}
		}
	}
	return o
}

func (r *Reconciler) drillStep(ctx context.Context, d fleet.DrillRun, clean bool) fleet.DrillRun {
	if r.Faults == nil {
		d.Refused = noDrills
		return d
	}
	log := r.Log.With("drill", d.Drill.ID, "pool", d.Drill.Pool)
	if clean {
		if err := r.Faults.Clean(ctx, d.Drill.ID); err != nil {
			log.WarnContext(ctx, "drill not cleaned up", "error", err)
			d.TriedAt = r.Now()
			return d
		}
		d.Cleaned = true
		log.InfoContext(ctx, "drill over", "state", d.Experiment.State, "victims", d.Experiment.Victims)
		return d
	}
	e, err := r.Faults.Start(ctx, d.Drill)
	switch {
	case errors.Is(err, fleet.ErrConfig):
		log.ErrorContext(ctx, "drill refused", "error", err)
		d.Refused = err.Error()
	case err != nil:
		log.WarnContext(ctx, "drill not started", "error", err)
		d.TriedAt = r.Now()
	default:
		log.InfoContext(ctx, "drill", "count", d.Drill.Count, "notice", d.Drill.Notice, "experiment", e.ID, "by", d.By, "reason", d.Reason)
		d.Experiment, d.SeenAt = e, r.Now()
	}
	return d
}

// follow looks at the experiments that go on, and writes how far they are. It
// takes a plan number, as a plan does: plans write these rows too.
func (r *Reconciler) follow(ctx context.Context, s *fleet.Snapshot) error {
	var c fleet.Change
	for i, d := range s.State.Drills {
		on := d.Experiment.ID != "" && !d.Experiment.State.Over() && !d.Over()
		if r.Faults == nil || !on || s.At.Sub(d.SeenAt) < fleet.FollowEvery {
			continue
		}
		e, err := r.Faults.Follow(ctx, d.Experiment.ID)
		if err != nil {
			r.Log.WarnContext(ctx, "drill not seen", "drill", d.Drill.ID, "error", err)
			continue
		}
		d.Experiment, d.SeenAt = e, s.At
		s.State.Drills[i] = d
		c.Drills = append(c.Drills, d)
	}
	if c.Empty() {
		return nil
	}
	if err := r.Ledger.Commit(ctx, s.State.Number, c); err != nil {
		return err
	}
	s.State.Number++
	return nil
}
