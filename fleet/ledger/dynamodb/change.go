package dynamodb

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// What one part of a change takes: a transaction has 100 rows and 4 MB, of which
// one row is the fleet's.
const (
	partRows  = 99
	partBytes = 3 << 20
)

// change is a fleet.Change as rows.
type change struct {
	reserved []write // intents put
	facts    []write // what else there is, but jobs, put or deleted
	settled  []write // intents deleted
	edits    []edit
}

// edit is what a change says of one job: a plan's own fields, a verdict, or both.
type edit struct {
	key     fleet.JobKey
	plan    *fleet.Job
	verdict *fleet.Verdict
}

// part is what one transaction takes of a change.
type part struct {
	writes []write
	edits  []edit
}

// rowsOf is a change as rows, each once: DynamoDB takes no row twice.
func rowsOf(c fleet.Change) (change, error) {
	var intents once
	for _, in := range c.Reserve {
		intents.stamped(rowKey(kindIntent, string(in.ID)), in, sentAt(in.SentAt).stamp)
	}
	for _, id := range c.Settle {
		intents.add(drop(rowKey(kindIntent, string(id))).only(sentAt(c.SentAt)))
	}
	facts := factsOf(c)
	all := change{facts: facts.writes, edits: editsOf(c)}
	for _, w := range intents.writes {
		if w.put != nil {
			all.reserved = append(all.reserved, w)
		} else {
			all.settled = append(all.settled, w)
		}
	}
	return all, errors.Join(intents.err, facts.err)
}

// factsOf is the rows of a change that are neither intents nor jobs.
func factsOf(c fleet.Change) once {
	var facts once
	for _, m := range c.Machines {
		facts.put(rowKey(kindMachine, string(m.ID)), m)
	}
	for _, id := range c.Forget {
		facts.drop(rowKey(kindMachine, string(id)))
		facts.drop(rowKey(kindNotice, string(id)))
		facts.drop(rowKey(kindReport, string(id)))
	}
	for _, x := range c.Runners {
		facts.put(rowKey(kindRunner, x.Name), x)
	}
	for _, name := range c.Ended {
		facts.drop(rowKey(kindRunner, name))
	}
	for _, b := range c.Setbacks {
		facts.put(setbackKey(b.Key), b)
	}
	for _, k := range c.Cleared {
		facts.drop(setbackKey(k))
	}
	for _, i := range c.Interrupted {
		facts.put(rowKey(kindInterrupted, i.Job.String()), i)
	}
	for _, k := range c.Resumed {
		facts.drop(rowKey(kindInterrupted, k.String()))
	}
	for _, d := range c.Drills {
		facts.put(rowKey(kindDrill, d.Drill.ID), d)
	}
	for _, id := range c.Drilled {
		facts.drop(rowKey(kindDrill, id))
	}
	for _, id := range c.Lifted {
		facts.drop(rowKey(kindOrder, id))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Marks)) {
		facts.mark(name, c.Marks[name])
	}
	return facts
}

func setbackKey(k fleet.SetbackKey) key { return rowKey(kindSetback, string(k.Kind)+" "+k.Subject) }

// once is a list of writes in which the last of a row counts.
type once struct {
	at     map[key]int
	writes []write
	err    error
}

func (o *once) put(k key, value any) { o.stamped(k, value, "") }

func (o *once) stamped(k key, value any, stamp string) {
	it, err := newItem(k, value)
	if err != nil && o.err == nil {
		o.err = err
	}
	it.stamp = stamp
	o.add(put(it))
}

// sentAt is the condition that an intent was last sent at an instant; none if that
// is zero.
func sentAt(t time.Time) when {
	if t.IsZero() {
		return when{}
	}
	return when{stamp: strconv.FormatInt(t.UnixNano(), 10)}
}

func (o *once) drop(k key) { o.add(drop(k)) }

// mark puts a mark; an empty one goes.
func (o *once) mark(name, value string) {
	k, m := rowKey(kindMark, name), mark{Value: value}
	if value == "" {
		o.drop(k)
		return
	}
	if k.sk != kindMark+"#"+name {
		m.Name = name // the key had to cut it
	}
	o.put(k, m)
}

func (o *once) add(w write) {
	if o.at == nil {
		o.at = map[key]int{}
	}
	if i, ok := o.at[w.key]; ok {
		o.writes[i] = w
		return
	}
	o.at[w.key] = len(o.writes)
	o.writes = append(o.writes, w)
}

func editsOf(c fleet.Change) []edit {
	var all []edit
	at := map[fleet.JobKey]int{}
	of := func(k fleet.JobKey) *edit {
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, edit{key: k})
		}
		return &all[i]
	}
	for i := range c.Jobs {
		of(c.Jobs[i].Key).plan = &c.Jobs[i]
	}
	for i := range c.Verdicts {
		of(c.Verdicts[i].Job).verdict = &c.Verdicts[i].Verdict
	}
	return all
}

// rows is how many rows the edit writes at most: one that closes a job moves it.
func (e edit) rows() int {
	if e.plan != nil && e.plan.Closed {
		return 2
	}
	return 1
}

// of is a job's row after the edit. A plan only closes, and only what is still
// done: an event may have queued the job again since the plan's look. A verdict
// is told if the job still waits, and if it is news.
func (e edit) of(r row, number int64, at time.Time) (next row, changed bool) {
	next = r
	if e.plan != nil {
		next.job.LaunchedAt, next.job.Launches = instant(nanos(e.plan.LaunchedAt)), e.plan.Launches
		next.job.Closed = e.plan.Closed && r.job.Status == fleet.Done
	}
	if v := e.verdict; v != nil && r.job.Status < fleet.Running && r.job.Verdict != *v {
		next = next.tell(ledger.Decision{At: at, Plan: number, Text: v.String(), Status: r.job.Status})
		next.job.Verdict = *v
	}
	return next, next.job != r.job
}

// parts divides rows and edits, in their order, among as few transactions as
// take them. There is always a first one.
func parts(writes []write, edits []edit) []part {
	all := []part{{}}
	rows, size := 0, 0
	next := func(n, bytes int) *part {
		if rows+n > partRows || size+bytes > partBytes {
			all = append(all, part{})
			rows, size = 0, 0
		}
		rows, size = rows+n, size+bytes
		return &all[len(all)-1]
	}
	for _, w := range writes {
		p := next(1, w.size())
		p.writes = append(p.writes, w)
	}
	for _, e := range edits {
		p := next(e.rows(), 0) // fifty lines of text at most: 99 jobs are far from 3 MB
		p.edits = append(p.edits, e)
	}
	return all
}

// know reads the rows of jobs that no look of this process showed.
func (s *Store) know(ctx context.Context, edits []edit) error {
	var unknown []key
	s.lock.Lock()
	for _, e := range edits {
		if _, ok := s.rows[e.key]; !ok {
			unknown = append(unknown, jobKey(partAlive, e.key))
		}
	}
	s.lock.Unlock()
	if len(unknown) == 0 {
		return nil
	}
	found, err := s.fetch(ctx, unknown)
	if err != nil {
		return err
	}
	for k, it := range found {
		if err := s.keep(k, &it); err != nil {
			return err
		}
	}
	return nil
}

// keep remembers a job's row as the table has it; nil: it is not alive.
func (s *Store) keep(k key, it *item) error {
	job, err := jobOf(k.sk)
	if err != nil {
		return err
	}
	var r row
	if it != nil {
		if r, err = rowFrom(*it); err != nil {
			return err
		}
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if it == nil {
		delete(s.rows, job)
		return nil
	}
	s.rows[job] = r
	return nil
}
