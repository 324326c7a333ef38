package dynamodb

import (
	"context"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// seen is what the table holds about an event.
type seen struct {
	alive, closed *row  // of its job
	said          *item // of its machine, by Spot or by itself
	known         bool  // its delivery was recorded before
}

func (v seen) row() *row {
	if v.alive != nil {
		return v.alive
	}
	return v.closed
}

// keysOf is where the table may hold something about an event.
func keysOf(e fleet.Event) (keys []key) {
	if e.ID != "" {
		keys = append(keys, deliveryKey(e.ID))
	}
	switch {
	case e.Notice != nil:
		keys = append(keys, rowKey(kindNotice, string(e.Notice.Machine)))
	case e.Report != nil:
		keys = append(keys, rowKey(kindReport, string(e.Report.Machine)))
	case e.Job != nil:
		keys = append(keys, jobKey(partAlive, e.Job.Key), jobKey(partClosed, e.Job.Key))
	}
	return keys
}

// see reads what the table holds about an event.
func (s *Store) see(ctx context.Context, e fleet.Event) (seen, error) {
	found, err := s.fetch(ctx, keysOf(e))
	if err != nil {
		return seen{}, err
	}
	var v seen
	for k, it := range found {
		switch {
		case k.pk != partAlive && k.pk != partClosed:
			v.known = true
			continue
		case e.Notice != nil, e.Report != nil:
			v.said = &it
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

// effect is what an event writes, given what was seen, and whether it is news.
func (s *Store) effect(e fleet.Event, v seen, token string) ([]write, bool, error) {
	if v.known {
		return nil, false, nil
	}
	var writes []write
	if e.ID != "" {
		it := item{key: deliveryKey(e.ID), until: s.now().Add(keepDeliveries)}
		writes = append(writes, put(it).only(when{absent: s.now()}))
	}
	var more []write
	var err error
	fresh := true
	switch {
	case e.Notice != nil:
		said := saying{rowKey(kindNotice, string(e.Notice.Machine)), v.said, token}
		more, fresh, err = heed(s, said, func(row *fleet.Notice) (fleet.Notice, bool) { return fleet.ApplyNotice(row, e) })
	case e.Report != nil:
		said := saying{rowKey(kindReport, string(e.Report.Machine)), v.said, token}
		more, fresh, err = heed(s, said, func(row *fleet.Report) (fleet.Report, bool) { return fleet.ApplyReport(row, e) })
	case e.Job != nil:
		more, fresh, err = s.move(e, v, token)
	}
	return append(writes, more...), fresh, err
}

// heed applies what was said of a machine to the row that was seen, if one is
// there, and writes it under a token.
func heed[T any](s *Store, said saying, apply func(*T) (T, bool)) ([]write, bool, error) {
	var old *T
	as := when{absent: s.now()}
	if said.row != nil {
		old, as = new(T), when{stamp: said.row.stamp}
		if err := said.row.decode(old); err != nil {
			return nil, false, err
		}
	}
	next, changed := apply(old)
	if !changed {
		return nil, false, nil
	}
	it, err := newItem(said.key, next)
	it.stamp = said.token
	return []write{put(it).only(as)}, true, err
}

// saying is a row that holds what was said of a machine.
type saying struct {
	key   key
	row   *item // as it was seen; nil: there is none
	token string
}

// move applies an event to its job's row, if there is one, or makes it.
func (s *Store) move(e fleet.Event, v seen, token string) ([]write, bool, error) {
	var old *fleet.Job
	next := row{}
	if r := v.row(); r != nil {
		old, next = &r.job, *r
	}
	job, changed := fleet.Apply(old, e)
	if !changed {
		return nil, false, nil
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
	return s.place(it, v), true, err
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
