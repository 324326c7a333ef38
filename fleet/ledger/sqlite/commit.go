package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// Kinds of things that are kept as JSON.
const (
	kindMachine = "machine"
	kindRunner  = "runner"
	kindIntent  = "intent"
	kindSetback = "setback"
	kindOrder   = "order"
	kindMark    = "mark"
	kindNotice  = "notice"
	kindReport  = "report"

	kindInterrupted = "interrupted"
	kindDrill       = "drill"
)

// Commit applies a change on a plan number; see ledger.Ledger.
func (s *Store) Commit(ctx context.Context, number int64, c fleet.Change) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE owner SET number = number + 1 WHERE number = ?", number)
		if err != nil {
			return fmt.Errorf("commit plan %d: %w", number, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("commit plan %d: %w", number, ledger.ErrConflict)
		}
		return s.change(ctx, tx, number, c)
	})
}

// Settle applies what came of acts; see ledger.Ledger.
func (s *Store) Settle(ctx context.Context, c fleet.Change) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if err := current(ctx, tx, c); err != nil {
			return err
		}
		return s.change(ctx, tx, 0, c)
	})
}

// current reports by ErrConflict that an outcome came too late: see ledger.Ledger.
func current(ctx context.Context, tx *sql.Tx, c fleet.Change) error {
	if c.SentAt.IsZero() {
		return nil
	}
	for _, id := range c.Settle {
		var body []byte
		err := tx.QueryRowContext(ctx, "SELECT body FROM things WHERE kind = ? AND id = ?", kindIntent, id).Scan(&body)
		var in fleet.Intent
		if err == nil {
			err = json.Unmarshal(body, &in)
		}
		if errors.Is(err, sql.ErrNoRows) || err == nil && !in.SentAt.Equal(c.SentAt) {
			return fmt.Errorf("settle intent %s: %w", id, ledger.ErrConflict)
		}
		if err != nil {
			return fmt.Errorf("settle intent %s: %w", id, err)
		}
	}
	return nil
}

func (s *Store) change(ctx context.Context, tx *sql.Tx, number int64, c fleet.Change) error {
	w := writer{ctx: ctx, tx: tx, mirror: &s.mirror}
	w.cloud(c)
	w.story(c)
	for _, j := range c.Jobs {
		s.mirror.jobs[j.Key] = true
		// A plan only closes, and only what is still done: an event may have
		// queued the job again, or closed it, since the plan's look.
		w.exec("UPDATE jobs SET launched = ?, launches = ?, closed = status = ? AND (closed OR ?) WHERE id = ? AND attempt = ?",
			nanos(j.LaunchedAt), j.Launches, int(fleet.Done), j.Closed, j.Key.ID, j.Key.Attempt)
	}
	for _, v := range c.Verdicts {
		s.verdict(&w, number, v)
	}
	return w.err
}

// cloud writes what is intended, and what is at AWS and GitHub.
func (w *writer) cloud(c fleet.Change) {
	for _, in := range c.Reserve {
		w.put(kindIntent, string(in.ID), in)
	}
	for _, id := range c.Settle {
		w.drop(kindIntent, string(id))
	}
	for _, m := range c.Machines {
		w.put(kindMachine, string(m.ID), m)
	}
	for _, id := range c.Forget {
		w.drop(kindMachine, string(id))
		w.drop(kindNotice, string(id))
		w.drop(kindReport, string(id))
	}
	for _, r := range c.Runners {
		w.put(kindRunner, r.Name, r)
	}
	for _, name := range c.Ended {
		w.drop(kindRunner, name)
	}
}

// story writes what the fleet remembers beside that.
func (w *writer) story(c fleet.Change) {
	for _, b := range c.Setbacks {
		w.put(kindSetback, setbackID(b.Key), b)
	}
	for _, k := range c.Cleared {
		w.drop(kindSetback, setbackID(k))
	}
	for _, i := range c.Interrupted {
		w.put(kindInterrupted, i.Job.String(), i)
	}
	for _, k := range c.Resumed {
		w.drop(kindInterrupted, k.String())
	}
	for _, d := range c.Drills {
		w.put(kindDrill, d.Drill.ID, d)
	}
	for _, id := range c.Drilled {
		w.drop(kindDrill, id)
	}
	for _, id := range c.Lifted {
		w.drop(kindOrder, id)
	}
	for k, v := range c.Marks {
		if v == "" {
			w.drop(kindMark, k)
			continue
		}
		w.put(kindMark, k, v)
	}
}

func setbackID(k fleet.SetbackKey) string { return string(k.Kind) + " " + k.Subject }

// verdict tells and writes why a job waits, if it still does and if that is
// news.
func (s *Store) verdict(w *writer, number int64, v fleet.JobVerdict) {
	s.mirror.jobs[v.Job] = true
	code, detail := string(v.Verdict.Code), v.Verdict.Detail
	const waits = " WHERE id = ? AND attempt = ? AND status < ? AND (verdict, detail) <> (?, ?)"
	which := []any{v.Job.ID, v.Job.Attempt, int(fleet.Running), code, detail}
	w.exec("INSERT INTO decisions(job, at, number, status, text) SELECT id, ?, ?, status, ? FROM jobs"+waits,
		append([]any{nanos(s.now()), number, v.Verdict.String()}, which...)...)
	w.exec("UPDATE jobs SET verdict = ?, detail = ?"+waits, append([]any{code, detail}, which...)...)
}

// writer writes rows until one fails.
type writer struct {
	ctx    context.Context
	tx     *sql.Tx
	mirror *mirror
	err    error
}

func (w *writer) exec(query string, args ...any) {
	if w.err == nil {
		_, w.err = w.tx.ExecContext(w.ctx, query, args...)
	}
}

func (w *writer) put(kind, id string, v any) {
	w.mirror.things[thing{kind, id}] = true
	body, err := json.Marshal(v)
	if err != nil {
		w.err = err
		return
	}
	w.exec("INSERT OR REPLACE INTO things(kind, id, body) VALUES(?, ?, ?)", kind, id, string(body))
}

func (w *writer) drop(kind, id string) {
	w.mirror.things[thing{kind, id}] = true
	w.exec("DELETE FROM things WHERE kind = ? AND id = ?", kind, id)
}
