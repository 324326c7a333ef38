package dynamodb

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// Jobs returns rows for people; see ledger.Reader. Of closed jobs it reads the
// newest by number, which at GitHub grows with time.
func (s *Store) Jobs(ctx context.Context, q ledger.Query) ([]fleet.Job, error) {
	limit := cmp.Or(q.Limit, 100)
	found := map[fleet.JobKey]fleet.Job{}
	ofRun := func(j fleet.Job) bool { return len(q.Runs) == 0 || slices.Contains(q.Runs, j.Run) }
	wanted := func(j fleet.Job) bool {
		return ofRun(j) && (len(q.Status) == 0 || slices.Contains(q.Status, j.Status))
	}
	err := s.jobs(ctx, query{part: partAlive, prefix: kindJob + "#"}, func(r row) bool {
		if wanted(r.job) && !r.forlorn(s.now()) {
			found[r.job.Key] = r.job
		}
		return true
	})
	if err == nil && (len(q.Status) == 0 || slices.Contains(q.Status, fleet.Done)) {
		n := 0
		err = s.jobs(ctx, query{part: partClosed, prefix: kindJob + "#", backwards: true, limit: limit}, func(r row) bool {
			if ofRun(r.job) {
				found[r.job.Key] = r.job
				n++
			}
			return n < limit
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	var all []fleet.Job
	for _, j := range found {
		all = append(all, j)
	}
	slices.SortFunc(all, func(a, b fleet.Job) int {
		return cmp.Or(b.QueuedAt.Compare(a.QueuedAt), b.Key.Compare(a.Key))
	})
	return all[:min(limit, len(all))], nil
}

func (s *Store) jobs(ctx context.Context, q query, each func(row) (more bool)) error {
	return s.query(ctx, q, func(it item) (bool, error) {
		r, err := rowFrom(it)
		return err == nil && each(r), err
	})
}

// Explain returns a job's story; see ledger.Reader.
func (s *Store) Explain(ctx context.Context, id fleet.JobID) (fleet.Job, []ledger.Decision, error) {
	found := map[fleet.JobKey]row{}
	for _, part := range []string{partAlive, partClosed} {
		err := s.jobs(ctx, query{part: part, prefix: jobPrefix(id)}, func(r row) bool {
			found[r.job.Key] = r
			return true
		})
		if err != nil {
			return fleet.Job{}, nil, fmt.Errorf("explain job %d: %w", id, err)
		}
	}
	if len(found) == 0 {
		return fleet.Job{}, nil, fmt.Errorf("job %d: %w", id, ledger.ErrUnknown)
	}
	var latest fleet.Job
	var story []ledger.Decision
	for _, k := range slices.SortedFunc(maps.Keys(found), fleet.JobKey.Compare) {
		latest = found[k].job
		story = append(story, ledger.Decision{At: latest.RecordedAt, Text: "recorded"})
		story = append(story, found[k].story...)
	}
	// An attempt's lines stand in their order already, "recorded" first.
	slices.SortStableFunc(story, func(a, b ledger.Decision) int { return a.At.Compare(b.At) })
	return latest, story, nil
}

// afterOrder is how long an order's row outlives its end.
const afterOrder = time.Hour

// Place writes an order; see ledger.Orders.
func (s *Store) Place(ctx context.Context, o fleet.Order) error {
	it, err := newItem(rowKey(kindOrder, o.ID), o)
	if err != nil {
		return err
	}
	if !o.Until.IsZero() {
		it.until = o.Until.Add(afterOrder)
	}
	if _, err := s.transact(ctx, token(), []write{put(it)}); err != nil {
		return fmt.Errorf("place order %s: %w", o.ID, err)
	}
	return nil
}

// Lift removes an order; see ledger.Orders.
func (s *Store) Lift(ctx context.Context, id string) error {
	failed, err := s.transact(ctx, token(), []write{drop(rowKey(kindOrder, id)).only(when{there: true})})
	switch {
	case err != nil:
		return fmt.Errorf("lift order %s: %w", id, err)
	case len(failed) > 0:
		return fmt.Errorf("order %s: %w", id, ledger.ErrUnknown)
	}
	return nil
}
