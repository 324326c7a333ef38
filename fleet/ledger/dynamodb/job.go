package dynamodb

import (
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// How long the table keeps what is over. A job that no pool fits is seen for two
// days, and its row known for three: as long as its deliveries are.
const (
	keepDeliveries = 3 * 24 * time.Hour
	keepJobs       = 30 * 24 * time.Hour
	keepNoPool     = 48 * time.Hour
)

// storyLines is how many of the newest lines of its story a job's row keeps.
const storyLines = 50

// row is a job, its story, and the stamp of whoever wrote it last.
type row struct {
	job   fleet.Job
	story []ledger.Decision
	stamp string
}

// form is a job's row as the table has it. Names are short and zero values left
// out, because what is alive is read at every look. Its key stands in the row's.
type form struct {
	Run        fleet.RunID     `json:"run,omitempty"`
	Inst       int64           `json:"inst,omitempty"`
	Owner      string          `json:"owner,omitempty"`
	ScopeRepo  string          `json:"srepo,omitempty"`
	Labels     fleet.Labels    `json:"labels,omitempty"`
	OwnerID    int64           `json:"oid,omitempty"`
	Repo       string          `json:"repo,omitempty"`
	Public     bool            `json:"pub,omitempty"`
	Origin     fleet.Origin    `json:"org,omitempty"`
	Found      bool            `json:"fnd,omitempty"`
	Name       string          `json:"name,omitempty"`
	Workflow   string          `json:"flow,omitempty"`
	Status     fleet.JobStatus `json:"st,omitempty"`
	Conclusion string          `json:"end,omitempty"`
	Runner     string          `json:"rnr,omitempty"`
	QueuedAt   int64           `json:"q,omitempty"` // instants are nanoseconds since 1970
	StartedAt  int64           `json:"s,omitempty"`
	DoneAt     int64           `json:"d,omitempty"`
	RecordedAt int64           `json:"r,omitempty"`
	ChangedAt  int64           `json:"c,omitempty"`
	AskedAt    int64           `json:"a,omitempty"`
	LaunchedAt int64           `json:"l,omitempty"`
	Launches   int             `json:"n,omitempty"`
	Verdict    string          `json:"v,omitempty"`
	Detail     string          `json:"vd,omitempty"`
	Story      []line          `json:"story,omitempty"`
}

// line is one decision of a story.
type line struct {
	At     int64           `json:"t,omitempty"`
	Plan   int64           `json:"p,omitempty"`
	Status fleet.JobStatus `json:"s,omitempty"`
	Text   string          `json:"x,omitempty"`
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// key is where the row belongs.
func (r row) key() key {
	if r.job.Closed {
		return jobKey(partClosed, r.job.Key)
	}
	return jobKey(partAlive, r.job.Key)
}

// item is the row as it is written under a new stamp.
func (r row) item(stamp string) (item, error) {
	j := r.job
	f := form{
		Run: j.Run, Inst: j.Class.Scope.Installation, Owner: j.Class.Scope.Owner, ScopeRepo: j.Class.Scope.Repo,
		Labels: j.Class.Labels, OwnerID: j.OwnerID, Repo: j.Repo, Public: j.Public, Origin: j.Origin, Found: j.Found, Name: j.Name, Workflow: j.Workflow,
		Status: j.Status, Conclusion: j.Conclusion, Runner: j.Runner,
		QueuedAt: nanos(j.QueuedAt), StartedAt: nanos(j.StartedAt), DoneAt: nanos(j.DoneAt), RecordedAt: nanos(j.RecordedAt),
		ChangedAt: nanos(j.ChangedAt), AskedAt: nanos(j.AskedAt), LaunchedAt: nanos(j.LaunchedAt), Launches: j.Launches,
		Verdict: string(j.Verdict.Code), Detail: j.Verdict.Detail,
	}
	for _, d := range r.story {
		f.Story = append(f.Story, line{nanos(d.At), d.Plan, d.Status, d.Text})
	}
	it, err := newItem(r.key(), f)
	it.stamp = stamp
	switch {
	case j.Closed:
		it.until = j.ChangedAt.Add(keepJobs)
	case j.Verdict.Code == fleet.NoPool:
		it.until = j.ChangedAt.Add(max(keepNoPool, keepDeliveries))
	}
	return it, err
}

// rowFrom reads a job's row.
func rowFrom(it item) (row, error) {
	var f form
	if err := it.decode(&f); err != nil {
		return row{}, err
	}
	r := row{stamp: it.stamp, job: fleet.Job{
		Run: f.Run, OwnerID: f.OwnerID, Repo: f.Repo, Public: f.Public, Origin: f.Origin, Found: f.Found, Name: f.Name, Workflow: f.Workflow,
		Class:  fleet.Class{Scope: fleet.Scope{Installation: f.Inst, Owner: f.Owner, Repo: f.ScopeRepo}, Labels: f.Labels},
		Status: f.Status, Conclusion: f.Conclusion, Runner: f.Runner,
		QueuedAt: instant(f.QueuedAt), StartedAt: instant(f.StartedAt), DoneAt: instant(f.DoneAt), RecordedAt: instant(f.RecordedAt),
		ChangedAt: instant(f.ChangedAt), AskedAt: instant(f.AskedAt), LaunchedAt: instant(f.LaunchedAt), Launches: f.Launches,
		Verdict: fleet.Verdict{Code: fleet.VerdictCode(f.Verdict), Detail: f.Detail}, Closed: it.pk == partClosed,
	}}
	var err error
	if r.job.Key, err = jobOf(it.sk); err != nil {
		return row{}, err
	}
	for _, l := range f.Story {
		r.story = append(r.story, ledger.Decision{At: instant(l.At), Plan: l.Plan, Status: l.Status, Text: l.Text})
	}
	return r, nil
}

// forlorn reports whether no pool fitted the job for so long that looks and
// people are done with it.
func (r row) forlorn(at time.Time) bool {
	return r.job.Verdict.Code == fleet.NoPool && !at.Before(r.job.ChangedAt.Add(keepNoPool))
}

// tell is the row with one more line. The old story is left as it was: others
// may hold it.
func (r row) tell(d ledger.Decision) row {
	from := max(0, len(r.story)+1-storyLines)
	r.story = append(append([]ledger.Decision{}, r.story[from:]...), d)
	return r
}

// told is what is told of a job that an event moved.
func told(j fleet.Job) string {
	var b strings.Builder
	b.WriteString(j.Status.String())
	switch {
	case j.Status == fleet.Running && j.Runner != "":
		b.WriteString(" on " + j.Runner)
	case j.Status == fleet.Done:
		b.WriteString(": " + j.Conclusion)
	}
	return b.String()
}
