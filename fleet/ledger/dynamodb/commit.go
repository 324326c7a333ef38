package dynamodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// errLarge: no transaction takes a plan's intents. Plans hold eighty at most.
var errLarge = errors.New("a plan's intents do not fit one transaction")

// Commit applies a change on a plan number; see ledger.Ledger. The number and
// all intents are one transaction, with as much else as it takes.
func (s *Store) Commit(ctx context.Context, number int64, c fleet.Change) error {
	all, err := rowsOf(c)
	if err == nil {
		err = s.know(ctx, all.edits)
	}
	if err != nil {
		return fmt.Errorf("commit plan %d: %w", number, err)
	}
	some := parts(slices.Concat(all.reserved, all.settled, all.facts), all.edits)
	if len(some[0].writes) < len(all.reserved) {
		return fmt.Errorf("commit plan %d: %w", number, errLarge)
	}
	take := write{key: fleetKey, take: number + 1, when: when{number: number}}
	if err := s.carry(ctx, number, some[0], take); err != nil {
		return fmt.Errorf("commit plan %d: %w", number, err)
	}
	s.rest(ctx, number, some[1:])
	return nil
}

// rest writes what the plan's first transaction did not take. The plan is
// reserved by now, so nothing here may keep it from being acted on: what cannot
// be written is left to the next look, which decides it again.
func (s *Store) rest(ctx context.Context, number int64, some []part) {
	hold := write{key: fleetKey, check: true, when: when{number: number + 1}}
	for i, p := range some {
		switch err := s.carry(ctx, number, p, hold); {
		case errors.Is(err, ledger.ErrConflict):
			return // a newer plan has judged without it, and knows better
		case err != nil:
			s.log.WarnContext(ctx, "rest of a plan not written", "plan", number, "parts", len(some)-i, "error", err)
			return
		}
	}
}

// Settle applies what came of acts; see ledger.Ledger. A change of up to 99 rows
// is one transaction; of a larger one it is asked first whether it comes in time,
// then facts are written, and its intents are removed last.
func (s *Store) Settle(ctx context.Context, c fleet.Change) error {
	all, err := rowsOf(c)
	if err == nil {
		err = s.know(ctx, all.edits)
	}
	if err == nil {
		err = s.settle(ctx, all)
	}
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

func (s *Store) settle(ctx context.Context, all change) error {
	if some := parts(slices.Concat(all.reserved, all.facts, all.settled), all.edits); len(some) == 1 {
		return s.carry(ctx, 0, some[0])
	}
	if err := s.inTime(ctx, all.settled); err != nil {
		return err
	}
	if err := s.batch(ctx, slices.Concat(all.reserved, all.facts)); err != nil {
		return err
	}
	for _, p := range parts(nil, all.edits) {
		if err := s.carry(ctx, 0, p); err != nil {
			return err
		}
	}
	return s.batch(ctx, all.settled)
}

// inTime is ErrConflict if a write's condition does not hold.
func (s *Store) inTime(ctx context.Context, writes []write) error {
	for some := range slices.Chunk(slices.DeleteFunc(slices.Clone(writes), func(w write) bool { return w.when == when{} }), partRows) {
		checks := make([]write, len(some))
		for i, w := range some {
			checks[i] = write{key: w.key, check: true, when: w.when}
		}
		if failed, err := s.transact(ctx, token(), checks); err != nil || len(failed) > 0 {
			return cmp.Or(err, ledger.ErrConflict)
		}
	}
	return nil
}

// carry makes one part of a change, under guards about the plan number. Jobs
// that events moved meanwhile are judged again. ErrConflict if a guard fails.
func (s *Store) carry(ctx context.Context, number int64, p part, guards ...write) error {
	for range tries {
		token := token()
		jobs, err := s.edited(p.edits, number, token)
		if err != nil {
			return err
		}
		writes := slices.Concat(guards, p.writes, jobs)
		if len(writes) == 0 || len(writes) == len(guards) && guards[0].check {
			return nil
		}
		failed, err := s.transact(ctx, token, writes)
		if err != nil {
			return err
		}
		if len(failed) == 0 {
			return s.written(jobs)
		}
		if err := s.stale(failed); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: events move its jobs all the time", ledger.ErrBusy)
}

// edited is the rows of jobs as edits change them. A job that is not alive any
// more is left as it is.
func (s *Store) edited(edits []edit, number int64, token string) ([]write, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	var writes []write
	for _, e := range edits {
		r, ok := s.rows[e.key]
		if !ok {
			continue
		}
		next, changed := e.of(r, number, s.now())
		if !changed {
			continue
		}
		it, err := next.item(token)
		if err != nil {
			return nil, err
		}
		as := when{stamp: r.stamp}
		if !next.job.Closed {
			writes = append(writes, put(it).only(as))
			continue
		}
		writes = append(writes, put(it), drop(jobKey(partAlive, e.key)).only(as))
	}
	return writes, nil
}

// written keeps the rows of jobs that were written.
func (s *Store) written(jobs []write) error {
	for _, w := range jobs {
		if w.key.pk == partClosed {
			continue
		}
		if err := s.keep(w.key, w.put); err != nil {
			return err
		}
	}
	return nil
}

// stale keeps the rows of jobs that were others than believed. ErrConflict if
// it was the fleet's, or an intent's.
func (s *Store) stale(failed []failure) error {
	for _, f := range failed {
		if f.write.key == fleetKey || strings.HasPrefix(f.write.key.sk, kindIntent+"#") {
			return ledger.ErrConflict
		}
		var is *item
		if f.is.key != (key{}) {
			is = &f.is
		}
		if err := s.keep(f.write.key, is); err != nil {
			return err
		}
	}
	return nil
}
