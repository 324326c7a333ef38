package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unique"

	"github.com/runfleet/runfleet/fleet"
)

// mirror is what is alive, decoded, and which rows were written since. It makes
// a look cost what changed, not what there is. SQLite says when another process
// wrote: then everything is read again. It is guarded by the store's write lock.
type mirror struct {
	version int64         // PRAGMA data_version when state was read; 0: never
	state   fleet.State   // without its jobs
	open    []*fleet.Job  // its jobs, never written: by pointer, because they are moved about
	orders  []fleet.Order // those that are over, too
	jobs    map[fleet.JobKey]bool
	things  map[thing]bool
}

// thing names a row that is kept as JSON.
type thing struct{ kind, id string }

// mostDirty is from how many written rows on all are read again.
const mostDirty = 4096

func newMirror() mirror {
	return mirror{jobs: map[fleet.JobKey]bool{}, things: map[thing]bool{}}
}

// Read returns what is alive; see ledger.Ledger.
func (s *Store) Read(ctx context.Context) (fleet.State, error) {
	var state fleet.State
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		m := &s.mirror
		var version int64
		if err := tx.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
			return err
		}
		refresh := s.patch
		if version != m.version || len(m.jobs)+len(m.things) > mostDirty {
			refresh = s.readAll
		}
		if err := refresh(ctx, tx); err != nil {
			m.version = 0
			return err
		}
		m.version = version
		clear(m.jobs)
		clear(m.things)
		if err := tx.QueryRowContext(ctx, "SELECT number FROM owner").Scan(&m.state.Number); err != nil {
			return err
		}
		state = s.copied()
		return nil
	})
	if err != nil {
		return fleet.State{}, fmt.Errorf("read ledger: %w", err)
	}
	return state, nil
}

// copied is the mirror's state, for a caller to keep.
func (s *Store) copied() fleet.State {
	st := s.mirror.state
	st.Ledger = s.id
	if n := len(s.mirror.open); n > 0 {
		st.Jobs = make([]fleet.Job, n)
	}
	for i, j := range s.mirror.open {
		st.Jobs[i] = *j
	}
	st.Machines, st.Runners = slices.Clone(st.Machines), slices.Clone(st.Runners)
	st.Intents, st.Setbacks, st.Marks = slices.Clone(st.Intents), slices.Clone(st.Setbacks), maps.Clone(st.Marks)
	st.Notices, st.Interrupted, st.Drills = slices.Clone(st.Notices), slices.Clone(st.Interrupted), slices.Clone(st.Drills)
	st.Reports = slices.Clone(st.Reports)
	st.Orders = nil
	for _, o := range s.mirror.orders {
		if o.Holds(s.now()) {
			st.Orders = append(st.Orders, o)
		}
	}
	return st
}

// readAll reads everything that is alive.
func (s *Store) readAll(ctx context.Context, tx *sql.Tx) (err error) {
	m := &s.mirror
	m.state, m.orders, m.open = fleet.State{Marks: map[string]string{}}, nil, nil
	if err := eachJob(ctx, tx, m.hold, "WHERE closed = 0 ORDER BY id, attempt"); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, "SELECT kind, id, body FROM things ORDER BY kind, id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var t thing
		var body []byte
		if err := rows.Scan(&t.kind, &t.id, &body); err != nil {
			return err
		}
		if err := m.add(t, body); err != nil {
			return fmt.Errorf("%s %s: %w", t.kind, t.id, err)
		}
	}
	return rows.Err()
}

// patch reads again only what was written since.
func (s *Store) patch(ctx context.Context, tx *sql.Tx) error {
	m := &s.mirror
	if len(m.jobs) > 0 {
		m.open = slices.DeleteFunc(m.open, func(j *fleet.Job) bool { return m.jobs[j.Key] })
		for k := range m.jobs {
			j, err := scan(tx.Stmt(s.stmts.one).QueryRowContext(ctx, k.ID, k.Attempt))
			switch {
			case errors.Is(err, sql.ErrNoRows):
			case err != nil:
				return err
			case !j.Closed:
				m.hold(j)
			}
		}
		slices.SortFunc(m.open, func(a, b *fleet.Job) int { return a.Key.Compare(b.Key) })
	}
	if len(m.things) == 0 {
		return nil
	}
	m.remove()
	for t := range m.things {
		var body []byte
		err := tx.QueryRowContext(ctx, "SELECT body FROM things WHERE kind = ? AND id = ?", t.kind, t.id).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			err = m.add(t, body)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", t.kind, t.id, err)
		}
	}
	m.sort()
	return nil
}

// hold keeps an open job. Most jobs share most of their texts with others, and
// each row comes with texts of its own: those are exchanged for the shared ones.
func (m *mirror) hold(j fleet.Job) {
	for _, text := range []*string{
		&j.Class.Scope.Owner, &j.Class.Scope.Repo, (*string)(&j.Class.Labels), &j.Repo, &j.Name, &j.Workflow,
		&j.Conclusion, (*string)(&j.Verdict.Code), &j.Verdict.Detail,
	} {
		*text = unique.Make(*text).Value()
	}
	m.open = append(m.open, &j)
}

// add decodes a row into the state.
func (m *mirror) add(t thing, body []byte) error {
	switch t.kind {
	case kindMachine:
		return add(&m.state.Machines, body)
	case kindRunner:
		return add(&m.state.Runners, body)
	case kindIntent:
		return add(&m.state.Intents, body)
	case kindSetback:
		return add(&m.state.Setbacks, body)
	case kindOrder:
		return add(&m.orders, body)
	case kindNotice:
		return add(&m.state.Notices, body)
	case kindReport:
		return add(&m.state.Reports, body)
	case kindDrill:
		return add(&m.state.Drills, body)
	case kindInterrupted:
		return add(&m.state.Interrupted, body)
	case kindMark:
		var v string
		err := json.Unmarshal(body, &v)
		m.state.Marks[t.id] = v
		return err
	}
	return nil
}

func add[T any](to *[]T, body []byte) error {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	*to = append(*to, v)
	return nil
}

// remove takes what was written out of the state.
func (m *mirror) remove() {
	st := &m.state
	st.Machines = slices.DeleteFunc(st.Machines, func(x fleet.Machine) bool { return m.things[thing{kindMachine, string(x.ID)}] })
	st.Runners = slices.DeleteFunc(st.Runners, func(x fleet.Runner) bool { return m.things[thing{kindRunner, x.Name}] })
	st.Intents = slices.DeleteFunc(st.Intents, func(x fleet.Intent) bool { return m.things[thing{kindIntent, string(x.ID)}] })
	st.Setbacks = slices.DeleteFunc(st.Setbacks, func(x fleet.Setback) bool { return m.things[thing{kindSetback, setbackID(x.Key)}] })
	st.Notices = slices.DeleteFunc(st.Notices, func(x fleet.Notice) bool { return m.things[thing{kindNotice, string(x.Machine)}] })
	st.Reports = slices.DeleteFunc(st.Reports, func(x fleet.Report) bool { return m.things[thing{kindReport, string(x.Machine)}] })
	st.Drills = slices.DeleteFunc(st.Drills, func(x fleet.DrillRun) bool { return m.things[thing{kindDrill, x.Drill.ID}] })
	st.Interrupted = slices.DeleteFunc(st.Interrupted, func(x fleet.Interrupted) bool { return m.things[thing{kindInterrupted, x.Job.String()}] })
	m.orders = slices.DeleteFunc(m.orders, func(x fleet.Order) bool { return m.things[thing{kindOrder, x.ID}] })
	for t := range m.things {
		if t.kind == kindMark {
			delete(st.Marks, t.id)
		}
	}
}

// sort puts the state in the order in which SQLite reads it.
func (m *mirror) sort() {
	st := &m.state
	slices.SortFunc(st.Machines, func(a, b fleet.Machine) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(st.Runners, func(a, b fleet.Runner) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(st.Intents, func(a, b fleet.Intent) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(st.Setbacks, func(a, b fleet.Setback) int { return cmp.Compare(setbackID(a.Key), setbackID(b.Key)) })
	slices.SortFunc(st.Notices, func(a, b fleet.Notice) int { return cmp.Compare(a.Machine, b.Machine) })
	slices.SortFunc(st.Reports, func(a, b fleet.Report) int { return cmp.Compare(a.Machine, b.Machine) })
	slices.SortFunc(st.Drills, func(a, b fleet.DrillRun) int { return cmp.Compare(a.Drill.ID, b.Drill.ID) })
	slices.SortFunc(st.Interrupted, func(a, b fleet.Interrupted) int { return cmp.Compare(a.Job.String(), b.Job.String()) })
	slices.SortFunc(m.orders, func(a, b fleet.Order) int { return cmp.Compare(a.ID, b.ID) })
}
