package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const columns = `id, attempt, run, installation, owner, scope_repo, labels, owner_id, repo, public,
 name, workflow, status, conclusion, runner, queued, started, done, recorded, changed, asked,
 launched, launches, closed, verdict, detail, origin, found`

const row = " INTO jobs(" + columns + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"

// statements are what every delivery needs, prepared once.
type statements struct {
	seen, insert, upsert, one, decide *sql.Stmt
}

func (s *statements) prepare(ctx context.Context, db *sql.DB) (err error) {
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&s.seen, "INSERT OR IGNORE INTO deliveries(id, at) VALUES(?, ?)"},
		{&s.insert, "INSERT OR IGNORE" + row},
		{&s.upsert, "INSERT OR REPLACE" + row},
		{&s.one, "SELECT " + columns + " FROM jobs WHERE id = ? AND attempt = ?"},
		{&s.decide, "INSERT INTO decisions(job, at, number, status, text) VALUES(?, ?, ?, ?, ?)"},
	} {
		if *p.to, err = db.PrepareContext(ctx, p.text); err != nil {
			return err
		}
	}
	return nil
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func at(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func values(j fleet.Job) []any {
	return []any{
		j.Key.ID, j.Key.Attempt, j.Run, j.Class.Scope.Installation, j.Class.Scope.Owner, j.Class.Scope.Repo,
		string(j.Class.Labels), j.OwnerID, j.Repo, j.Public, j.Name, j.Workflow, int(j.Status), j.Conclusion,
		j.Runner, nanos(j.QueuedAt), nanos(j.StartedAt), nanos(j.DoneAt), nanos(j.RecordedAt),
		nanos(j.ChangedAt), nanos(j.AskedAt), nanos(j.LaunchedAt), j.Launches, j.Closed,
		string(j.Verdict.Code), j.Verdict.Detail, string(j.Origin), j.Found,
	}
}

type scanner interface{ Scan(to ...any) error }

func scan(row scanner) (j fleet.Job, err error) {
	var times [7]int64
	err = row.Scan(
		&j.Key.ID, &j.Key.Attempt, &j.Run, &j.Class.Scope.Installation, &j.Class.Scope.Owner, &j.Class.Scope.Repo,
		&j.Class.Labels, &j.OwnerID, &j.Repo, &j.Public, &j.Name, &j.Workflow, &j.Status, &j.Conclusion,
		&j.Runner, &times[0], &times[1], &times[2], &times[3], &times[4], &times[5], &times[6],
		&j.Launches, &j.Closed, &j.Verdict.Code, &j.Verdict.Detail, &j.Origin, &j.Found)
	for i, to := range []*time.Time{&j.QueuedAt, &j.StartedAt, &j.DoneAt, &j.RecordedAt, &j.ChangedAt, &j.AskedAt, &j.LaunchedAt} {
		*to = at(times[i])
	}
	return j, err
}

func jobs(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]fleet.Job, error) {
	var all []fleet.Job
	err := eachJob(ctx, tx, func(j fleet.Job) { all = append(all, j) }, where, args...)
	return all, err
}

// eachJob gives do one row after the other.
func eachJob(ctx context.Context, tx *sql.Tx, do func(fleet.Job), where string, args ...any) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+columns+" FROM jobs "+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		j, err := scan(rows)
		if err != nil {
			return err
		}
		do(j)
	}
	return rows.Err()
}
