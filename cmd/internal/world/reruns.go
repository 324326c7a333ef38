package world

import (
	"context"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
)

// reruns holds invariant 7: a run is re-run once, whatever Spot takes, and what
// is launched for that is bought on demand. Which machine the re-run then gets
// is GitHub's choice; the ledger must tell it as it was.
type reruns struct {
	// firstLives is how many jobs waited, when an intent to launch was reserved,
	// that fit its pool and are no re-runs: only for them may it bring Spot.
	firstLives map[fleet.IntentID]int
}

// budget holds the first half of it.
func (c *checker) budget(w *World) {
	for _, o := range w.GitHub.Outcomes() {
		if o.Attempt > 2 {
			c.fail(w, "run %d is in attempt %d", o.Run, o.Attempt)
		}
	}
}

// reserved notes for whom launches are reserved. One that is sent again is for
// whom it was at first.
func (r *reruns) reserved(w *World, s fleet.State, intents []fleet.Intent) {
	for _, in := range intents {
		if _, known := r.firstLives[in.ID]; known || in.Launch == nil {
			continue
		}
		n, pool := 0, w.pool(in.Launch.Pool)
		for _, j := range s.Jobs {
			if j.Status == fleet.Queued && j.Key.Attempt == 1 && pool.Fits(j.Class.Labels) {
				n++
			}
		}
		r.firstLives[in.ID] = n
	}
}

// bought holds the second half, of a machine that was launched just now, where
// its pool could have bought on demand.
func (r *reruns) bought(c *checker, w *World, i awssim.Instance) {
	id := fleet.IntentID(i.Tags[provision.TagIntent])
	if n := r.firstLives[id]; i.Spot && w.pool(i.Tags[provision.TagPool]).Market == fleet.SpotFirst && c.brought[id] > n {
		c.fail(w, "machine %s was bought on Spot for a re-run: %d of the jobs that waited were none, and it is number %d", i.ID, n, c.brought[id])
	}
}

// told holds that the ledger tells where a re-run ran as it was.
func (r *reruns) told(c *checker, w *World, s fleet.State) {
	spot := map[fleet.MachineID]bool{}
	if len(s.Interrupted) > 0 {
		for _, i := range w.AWS.Instances() {
			spot[fleet.MachineID(i.ID)] = i.Spot
		}
	}
	for _, row := range s.Interrupted {
		if row.On != "" && spot[row.On] != (row.Market == fleet.Spot) {
			c.fail(w, "job %d ran again on %s, and the ledger calls it %s", row.Again.ID, row.On, row.Market)
		}
	}
}

// watched is the ledger, with the checker beside it.
type watched struct {
	ledger.Ledger
	w *World
}

// Commit shows the checker what is reserved, and for which jobs.
func (l watched) Commit(ctx context.Context, number int64, c fleet.Change) error {
	s, err := l.Read(ctx)
	if err != nil {
		return err
	}
	if err := l.Ledger.Commit(ctx, number, c); err != nil {
		return err
	}
	l.w.check.reruns.reserved(l.w, s, c.Reserve)
	return nil
}
