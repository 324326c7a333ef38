package webhooks

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// payload is what we read of a workflow_job delivery. A null, an absent field
// and a zero are the same here: none of them is a value of GitHub's.
type payload struct {
	action       string
	job          job
	repo         repository
	org          string // login; empty on a person's account
	installed    bool   // whether an installation is named
	installation int64
}

type job struct {
	id, run, attempt              int64
	runnerID                      int64
	name, workflow                string
	conclusion, runner            string
	labels                        []string
	createdAt, startedAt, endedAt time.Time
}

type repository struct {
	name    string
	private bool
	owner   account
}

type account struct {
	id    int64
	login string
	kind  string // User or Organization
}

// parse reads a payload. The first error is of the syntax; the second says
// that a field is of the wrong type, which matters only if the action is one
// that we know.
func parse(body []byte) (p payload, syntax, wrong error) {
	s := scanner{src: body}
	for key := range s.members {
		switch string(key) {
		case "action":
			p.action = string(s.text())
		case "workflow_job":
			p.job = s.job()
		case "repository":
			p.repo = s.repository()
		case "organization":
			p.org = s.account().login
		case "installation":
			p.installation, p.installed = s.installation()
		default:
			s.skip()
		}
	}
	if s.peek(); s.pos < len(s.src) {
		s.fail()
	}
	return p, s.err, s.wrong
}

func (s *scanner) job() (j job) {
	for key := range s.members {
		switch string(key) {
		case "id":
			j.id = s.integer()
		case "run_id":
			j.run = s.integer()
		case "run_attempt":
			j.attempt = s.integer()
		case "name":
			j.name = clean(s.text(), drop)
		case "workflow_name":
			j.workflow = clean(s.text(), drop)
		case "conclusion":
			j.conclusion = clean(s.text(), drop)
		case "labels":
			j.labels = s.labels()
		case "runner_id":
			j.runnerID = s.integer()
		case "runner_name":
			j.runner = clean(s.text(), drop)
		case "created_at":
			j.createdAt = s.instant()
		case "started_at":
			j.startedAt = s.instant()
		case "completed_at":
			j.endedAt = s.instant()
		default:
			s.skip()
		}
	}
	return j
}

func (s *scanner) repository() (r repository) {
	for key := range s.members {
		switch string(key) {
		case "name":
			r.name = string(s.text())
		case "private":
			r.private = s.truth()
		case "owner":
			r.owner = s.account()
		default:
			s.skip()
		}
	}
	return r
}

func (s *scanner) account() (a account) {
	for key := range s.members {
		switch string(key) {
		case "id":
			a.id = s.integer()
		case "login":
			a.login = string(s.text())
		case "type":
			a.kind = string(s.text())
		default:
			s.skip()
		}
	}
	return a
}

func (s *scanner) installation() (id int64, named bool) {
	for key := range s.members {
		if string(key) == "id" {
			id, named = s.integer(), true
		} else {
			s.skip()
		}
	}
	return id, named
}

// labels reads the different labels of a job, the first hundred of them. Null
// items are dropped.
func (s *scanner) labels() []string {
	var list []string
	for range s.items {
		l := clean(s.text(), mark)
		if l != "" && len(list) < maxLabels && !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	return list
}

// check refuses what no delivery of GitHub's can hold.
func (p *payload) check() error {
	j := &p.job
	switch {
	case j.id <= 0 || j.run <= 0 || p.repo.owner.id <= 0:
		return errors.New("an id of the job, the run or the owner is not positive")
	case j.attempt < 0 || j.attempt > math.MaxInt32:
		return errors.New("the run attempt is out of range")
	case j.runnerID < 0:
		return errors.New("the runner's id is negative")
	case p.installed && p.installation <= 0:
		return errors.New("the installation's id is not positive")
	case !isName(p.repo.owner.login) || !isName(p.repo.name):
		return errors.New("the repository has no sane name")
	case p.org != "" && !isName(p.org):
		return errors.New("the organisation has no sane name")
	}
	return nil
}

// row is the job as the ledger keeps it, seen at an instant.
func (p *payload) row(status fleet.JobStatus, at time.Time) fleet.Job {
	j := &p.job
	row := fleet.Job{
		Key:      fleet.JobKey{ID: fleet.JobID(j.id), Attempt: max(1, int(j.attempt))},
		Run:      fleet.RunID(j.run),
		Class:    fleet.Class{Scope: p.scope(), Labels: fleet.NewLabels(j.labels...)},
		OwnerID:  p.repo.owner.id,
		Repo:     p.repo.owner.login + "/" + p.repo.name,
		Public:   !p.repo.private, // also where it is not said: public ones are the careful case
		Name:     j.name,
		Workflow: j.workflow,
		Status:   status,
		QueuedAt: queuedAt(j, at),
	}
	if status == fleet.Running {
		row.Runner, row.StartedAt = j.runner, j.startedAt
	}
	if status == fleet.Done {
		row.Runner, row.Conclusion, row.DoneAt = j.runner, j.conclusion, cmp.Or(j.endedAt, at)
		if j.runnerID != 0 { // otherwise it never ran, whatever started_at says
			row.StartedAt = j.startedAt
		}
	}
	return row
}

// queuedAt is when the job was made. Older payloads have no created_at; while
// a job is queued its started_at says the same.
func queuedAt(j *job, at time.Time) time.Time {
	if !j.createdAt.IsZero() {
		return j.createdAt
	}
	return cmp.Or(j.startedAt, at)
}

// scope is the organisation, or the one repository of a person's account. The
// owner's type helps where a payload leaves the organisation out.
func (p *payload) scope() fleet.Scope {
	s := fleet.Scope{Installation: p.installation, Owner: cmp.Or(p.org, p.repo.owner.login)}
	if p.org == "" && p.repo.owner.kind != "Organization" {
		s.Repo = p.repo.name
	}
	return s
}
