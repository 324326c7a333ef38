package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// errEmpty: somebody emptied the table under us.
var errEmpty = errors.New("the fleet's row is gone")

// Read returns what is alive; see ledger.Ledger.
func (s *Store) Read(ctx context.Context) (fleet.State, error) {
	state := fleet.State{Ledger: s.id, Marks: map[string]string{}}
	rows := map[fleet.JobKey]row{}
	err := s.query(ctx, query{part: partAlive}, func(it item) (bool, error) {
		if it.key != fleetKey && state.Number == 0 {
			return false, errEmpty
		}
		kind, id, _ := strings.Cut(it.sk, "#")
		switch kind {
		case kindFleet:
			state.Number = it.number
			return true, nil
		case kindJob:
			r, err := rowFrom(it)
			if err == nil && !r.forlorn(s.now()) {
				rows[r.job.Key] = r
				state.Jobs = append(state.Jobs, r.job)
			}
			return true, err
		case kindMark:
			var m mark
			err := it.decode(&m)
			state.Marks[m.name(id)] = m.Value
			return true, err
		}
		return true, s.add(&state, kind, it)
	})
	if err == nil && state.Number == 0 {
		err = errEmpty
	}
	if err != nil {
		return fleet.State{}, fmt.Errorf("read ledger: %w", err)
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.rows = rows
	return state, nil
}

// mark is the body of a mark's row. Name is set where the key had to cut it.
type mark struct {
	Name  string `json:"name,omitempty"`
	Value string `json:"value"`
}

func (m mark) name(id string) string {
	if m.Name != "" {
		return m.Name
	}
	return id
}

// add reads a row of a kind that is kept as it is. Kinds that a newer program
// wrote are left alone.
func (s *Store) add(state *fleet.State, kind string, it item) error {
	switch kind {
	case kindMachine:
		return add(&state.Machines, it)
	case kindRunner:
		return add(&state.Runners, it)
	case kindIntent:
		return add(&state.Intents, it)
	case kindSetback:
		return add(&state.Setbacks, it)
	case kindNotice:
		return add(&state.Notices, it)
	case kindReport:
		return add(&state.Reports, it)
	case kindDrill:
		return add(&state.Drills, it)
	case kindInterrupted:
		return add(&state.Interrupted, it)
	case kindOrder:
		var o fleet.Order
		err := it.decode(&o)
		if err == nil && o.Holds(s.now()) {
			state.Orders = append(state.Orders, o)
		}
		return err
	}
	return nil
}

func add[T any](to *[]T, it item) error {
	var v T
	if err := it.decode(&v); err != nil {
		return err
	}
	*to = append(*to, v)
	return nil
}
