package reconcile

import (
	"context"

	"github.com/runfleet/runfleet/fleet"
)

// originsPerLook is how many runs one look asks about: jobs wait for the answer.
const originsPerLook = 20

// noteOrigins keeps the jobs whose runs the next look must ask about. The jobs
// of one run share its answer.
func (r *Reconciler) noteOrigins(s fleet.Snapshot, p fleet.Plan) {
	r.memory.origins = nil
	if r.Search == nil || len(p.Origins) == 0 {
		return
	}
	wanted := map[fleet.JobKey]bool{}
	for _, k := range p.Origins {
		wanted[k] = true
	}
	runs := map[fleet.RunID]bool{}
	for _, j := range s.State.Jobs {
		if !wanted[j.Key] || r.unanswered(j, s.At) {
			continue
		}
		if runs[j.Run] || len(runs) < originsPerLook {
			runs[j.Run] = true
			r.memory.origins = append(r.memory.origins, j)
		}
	}
}

// answerOrigins asks where the code of runs comes from, once for each run. What
// is recorded moves no job: only its origin is news.
func (r *Reconciler) answerOrigins(ctx context.Context) error {
	asked := r.memory.origins
	r.memory.origins = nil
	type answer struct {
		run fleet.Run
		err error
	}
	answers := map[fleet.RunID]answer{}
	var events []fleet.Event
	for _, j := range asked {
		a, ok := answers[j.Run]
		if !ok {
			a.run, a.err = r.Search.Run(ctx, fleet.Repository{Scope: j.Class.Scope, OwnerID: j.OwnerID, Name: j.Repo}, j.Run)
			answers[j.Run] = a
		}
		at := r.Now()
		if a.err != nil {
			r.limit(a.err)
			r.notHeard(j.Key, unheard{at: at})
			r.Log.WarnContext(ctx, "origin of a job not known", "job", j.Key.ID, "run", j.Run, "error", a.err)
			continue
		}
		j.Origin = a.run.Origin
		events = append(events, fleet.Event{Kind: "run.read", At: at, Job: &j})
	}
	if len(events) == 0 {
		return nil
	}
	_, err := r.Ledger.Record(ctx, events...)
	return err
}
