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

// Record applies events durably; see ledger.Recorder. Events of one job
// or machine are applied in their order. After an error some are recorded and some are not: a
// repeat applies the rest.
func (s *Store) Record(ctx context.Context, events ...fleet.Event) ([]bool, error) {
	fresh := make([]bool, len(events))
	var lock sync.Mutex
	var first error
	var all sync.WaitGroup
	slots := make(chan struct{}, recorders)
	for _, same := range bySubject(events) {
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

// bySubject is the places of each job's and each machine's events, in order.
// Events of neither go by their IDs.
func bySubject(events []fleet.Event) [][]int {
	type subject struct {
		job     fleet.JobKey
		machine fleet.MachineID
		id      string
	}
	at := map[subject]int{}
	var groups [][]int
	for i, e := range events {
		k := subject{id: e.ID}
		switch {
		case e.Notice != nil:
			k = subject{machine: e.Notice.Machine}
		case e.Report != nil:
			k = subject{machine: e.Report.Machine}
		case e.Job != nil:
			k = subject{job: e.Job.Key}
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

// apply takes in one event, in one transaction. Most are of new jobs, or the
// first word of a machine: that is tried first, without reading.
func (s *Store) apply(ctx context.Context, e fleet.Event) (bool, error) {
	var v seen
	if e.Job != nil && e.Job.Status >= fleet.Running || e.Report != nil && e.Report.Kind == fleet.ReportEnded {
		var err error
		if v, err = s.see(ctx, e); err != nil {
			return false, err
		}
	}
	for range tries {
		token := token()
		writes, fresh, err := s.effect(e, v, token)
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
	return false, fmt.Errorf("%w: others write its row all the time", ledger.ErrBusy)
}
