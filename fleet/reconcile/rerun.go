package reconcile

import (
	"context"
	"errors"

	"github.com/runfleet/runfleet/fleet"
)

// rerun has GitHub run an interrupted job's run again, and writes what came of
// it to every job that the run lost.
func (r *Reconciler) rerun(ctx context.Context, s fleet.Snapshot, in fleet.Intent) outcome {
	var o outcome
	o.settle(in)
	err := r.Runs.Rerun(ctx, *in.Rerun)
	if err != nil {
		r.limit(err)
		r.Log.WarnContext(ctx, "not re-run", "run", in.Rerun.Run, "repository", in.Rerun.Repo, "error", err)
	} else {
		r.Log.InfoContext(ctx, "rerun", "run", in.Rerun.Run, "repository", in.Rerun.Repo, "reason", in.Reason)
	}
	for _, i := range s.State.Interrupted {
		if i.Run != in.Rerun.Run || i.Job.Attempt != in.Rerun.Job.Attempt {
			continue
		}
		switch {
		case err == nil:
			i.RerunAt, i.Why = r.Now(), ""
		case errors.Is(err, fleet.ErrConfig):
			i.Why, i.TriedAt, i.Refused = err.Error(), r.Now(), i.Refused+1
		default:
			i.TriedAt = r.Now()
		}
		o.Interrupted = append(o.Interrupted, i)
	}
	return o
}
