package dynamodb

import (
	"context"
	"fmt"
	"sync"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// recorders is how many jobs' events are recorded at once.
const recorders = 8

// Record applies events durably; see ledger.Recorder. Events of one job are
// applied in their order. After an error some are recorded and some are not: a
// repeat applies the rest.
func (s *Store) Record(ctx context.Context, events ...fleet.Event) ([]bool, error) {
	fresh := make([]bool, len(events))
	var lock sync.Mutex
	var first error
	var all sync.WaitGroup
	slots := make(chan struct{}, recorders)
	for _, same := range byJob(events) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			for _, i := range same {
				var err error
				if fresh[i], err = s.apply(ctx, events[i]); err != nil {
					lock.Lock()
					defer lock.Unlock()
					if first == nil {
						first = err
					}
					return
				}
			}
		})
	}
	all.Wait()
	if first != nil {
		return nil, fmt.Errorf("record %d events: %w", len(events), first)
	}
	return fresh, nil
}

// byJob is the places of each job's events, in order. Events of no job go by
// their IDs.
func byJob(events []fleet.Event) [][]int {
	type same struct {
		job fleet.JobKey
		id  string
	}
	at := map[same]int{}
	var groups [][]int
	for i, e := range events {
		k := same{id: e.ID}
		if e.Job != nil {
			k = same{job: e.Job.Key}
		}
		n, ok := at[k]
		if !ok {
			n = len(groups)
			at[k] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	return groups
}

// seen is what the table holds about an event's job.
type seen struct {
	alive, closed *row
	known         bool // its delivery was recorded before
}

func (v seen) row() *row {
	if v.alive != nil {
		return v.alive
	}
	return v.closed
}

// apply moves a job by one event, in one transaction. Most events are of new
// jobs: that is tried first, without reading.
func (s *Store) apply(ctx context.Context, e fleet.Event) (bool, error) {
	var v seen
	if e.Job != nil && e.Job.Status >= fleet.Running {
		var err error
		if v, err = s.see(ctx, e); err != nil {
			return false, err
		}
	}
	for range tries {
		token := token()
		writes, fresh, err := s.moves(e, v, token)
		if err != nil || len(writes) == 0 {
			return fresh, err
		}
		failed, err := s.transact(ctx, token, writes)
		if err != nil || len(failed) == 0 {
			return fresh && err == nil, err
		}
		if v, err = s.see(ctx, e); err != nil {
			return false, err
		}
	}
	return false, fmt.Errorf("%w: others move it all the time", ledger.ErrBusy)
}

// see reads what the table holds about an event.
func (s *Store) see(ctx context.Context, e fleet.Event) (seen, error) {
	var keys []key
	if e.ID != "" {
		keys = append(keys, deliveryKey(e.ID))
	}
	if e.Job != nil {
		keys = append(keys, jobKey(partAlive, e.Job.Key), jobKey(partClosed, e.Job.Key))
	}
	found, err := s.fetch(ctx, keys)
	if err != nil {
		return seen{}, err
	}
	var v seen
	for k, it := range found {
		if k.pk != partAlive && k.pk != partClosed {
			v.known = true
			continue
		}
		r, err := rowFrom(it)
		if err != nil {
			return seen{}, err
		}
		if k.pk == partAlive {
			v.alive = &r
		} else {
			v.closed = &r
		}
	}
	return v, nil
}

// moves is what an event writes, given what was seen, and whether it is news.
func (s *Store) moves(e fleet.Event, v seen, token string) ([]write, bool, error) {
	if v.known {
		return nil, false, nil
	}
	var writes []write
	if e.ID != "" {
		it := item{key: deliveryKey(e.ID), until: s.now().Add(keepDeliveries)}
		writes = append(writes, put(it).only(when{absent: s.now()}))
	}
	if e.Job == nil {
		return writes, true, nil
	}
	var old *fleet.Job
	next := row{}
	if r := v.row(); r != nil {
		old, next = &r.job, *r
	}
	job, changed := fleet.Apply(old, e)
	if !changed {
		return writes, false, nil
	}
	if _, _, ours := fleet.ParseRunnerName(s.fleet, job.Runner); job.Status == fleet.Done && !ours {
		job.Closed = true
	} else if job.Status != fleet.Done {
		job.Closed = false
	}
	next.job = job
	if old == nil && job.Status >= fleet.Running || old != nil && old.Status != job.Status {
		next = next.tell(ledger.Decision{At: e.At, Text: told(job), Status: job.Status})
	}
	it, err := next.item(token)
	return append(writes, s.place(it, v)...), true, err
}

// place writes a job's row where it belongs, and sees to it that there is none
// in the other partition.
func (s *Store) place(it item, v seen) []write {
	here, there, other := v.alive, v.closed, key{partClosed, it.sk}
	if it.pk == partClosed {
		here, there, other = v.closed, v.alive, key{partAlive, it.sk}
	}
	switch {
	case here != nil:
		return []write{put(it).only(when{stamp: here.stamp})}
	case there != nil:
		return []write{put(it).only(when{absent: s.now()}), drop(other).only(when{stamp: there.stamp})}
	}
	return []write{put(it).only(when{absent: s.now()}), {key: other, check: true, when: when{absent: s.now()}}}
}
