package githubsim

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// JobID is GitHub's number of a job.
type JobID int64

// RunID is GitHub's number of a run.
type RunID int64

// JobSpec is a job that somebody's workflow asks for.
type JobSpec struct {
	Repo       string // owner/name
	Run        RunID  // a new run if zero
	Name       string
	Workflow   string
	Labels     []string
	Duration   time.Duration // on a runner
	Conclusion string        // "success" if empty
}

// Statuses of a job, as the API shows them.
const (
	statusQueued    = "queued"
	statusRunning   = "in_progress"
	statusCompleted = "completed"
)

type run struct {
	id   RunID
	repo *repository
	jobs []*job
}

type job struct {
	id         JobID
	run        *run
	spec       JobSpec
	attempt    int
	status     string
	conclusion string
	created    time.Time
	started    time.Time
	done       time.Time
	runner     *runner
	shown      *runner // the runner that it ran on, also when it is gone
	never      bool    // GitHub never assigns it
	life       int     // counts assignments, so that an old timer knows that it is old
}

// Queue puts a job into the queue and announces it.
func (s *Server) Queue(spec JobSpec) (JobID, error) {
	var id JobID
	var err error
	s.do(func() {
		repo := s.repositories[strings.ToLower(spec.Repo)]
		if repo == nil {
			err = fmt.Errorf("queue job: no repository %s", spec.Repo)
			return
		}
		id = s.queueJob(repo, spec).id
	})
	return id, err
}

func (s *Server) queueJob(repo *repository, spec JobSpec) *job {
	r := s.runs[spec.Run]
	if r == nil {
		s.lastRun++
		r = &run{id: s.lastRun, repo: repo}
		s.runs[r.id] = r
	}
	s.lastJob++
	spec.Conclusion = cmp.Or(spec.Conclusion, "success")
	spec.Name = cmp.Or(spec.Name, "build")
	spec.Workflow = cmp.Or(spec.Workflow, "CI")
	j := &job{id: s.lastJob, run: r, spec: spec, attempt: 1, status: statusQueued, created: s.cfg.Now()}
	j.never = s.hits(s.cfg.Faults.NeverAssigned, "never assigned", j.entity())
	r.jobs = append(r.jobs, j)
	s.jobs[j.id] = j
	s.queued = append(s.queued, j)
	s.announce(j, "queued")
	s.dispatchSoon(j.entity())
	s.after(s.cfg.Times.QueueLimit, func() {
		if j.status == statusQueued && j.runner == nil {
			s.complete(j, "cancelled")
		}
	})
	return j
}

func (j *job) entity() string { return strconv.FormatInt(int64(j.id), 10) }

// Cancel ends a job: at once while it is queued, soon while it runs.
func (s *Server) Cancel(id JobID) {
	s.do(func() {
		j := s.jobs[id]
		switch {
		case j == nil || j.status == statusCompleted:
		case j.status == statusQueued:
			s.complete(j, "cancelled")
		default:
			s.finishIn(j, s.cfg.Times.Interrupt, "cancelled")
		}
	})
}

// dispatchSoon has GitHub look for pairs after its own delay.
func (s *Server) dispatchSoon(entity string) {
	d := s.between(s.cfg.Times.DispatchMin, s.cfg.Times.DispatchMax, draws{"dispatch", entity})
	s.after(d, s.dispatch)
}

// dispatch gives queued jobs, oldest first, to any idle runner that fits.
func (s *Server) dispatch() {
	if s.down() {
		s.after(time.Minute, s.dispatch)
		return
	}
	for _, j := range slices.Clone(s.queued) {
		if j.runner != nil || j.never {
			continue
		}
		if i := slices.IndexFunc(s.idle, func(r *runner) bool { return r.fits(j) }); i >= 0 {
			s.assign(j, s.idle[i])
		}
	}
}

func (s *Server) assign(j *job, r *runner) {
	s.idle = slices.DeleteFunc(s.idle, func(x *runner) bool { return x == r })
	j.runner, j.shown, r.job = r, r, j
	j.life++
	life := j.life
	deaf := s.hits(s.cfg.Faults.NotPickedUp, "not picked up", j.entity())
	s.after(s.cfg.Times.PickUp, func() {
		if !deaf && j.life == life && j.status == statusQueued && r.alive {
			s.begin(j)
		}
	})
	s.after(s.cfg.Times.PickUpLimit, func() {
		if j.life == life && j.status == statusQueued && j.runner == r {
			s.queueAgain(j)
		}
	})
}

// queueAgain takes a job back that its runner did not pick up in time.
func (s *Server) queueAgain(j *job) {
	r := j.runner
	j.runner, j.shown, r.job = nil, nil, nil
	if r.alive && !r.deleted {
		s.idle = append(s.idle, r)
		s.removeIdle(r)
	}
	if s.hits(s.cfg.Faults.QueuedAgain, "queued again", j.entity()) {
		s.announce(j, "queued")
	}
	s.dispatchSoon(j.entity())
}

func (s *Server) begin(j *job) {
	j.status, j.started = statusRunning, s.cfg.Now()
	s.unqueue(j)
	s.announce(j, "in_progress")
	id, job := j.runner.id, j.id
	if s.cfg.OnAssign != nil {
		s.hooks = append(s.hooks, func() { s.cfg.OnAssign(id, job) })
	}
	s.finishIn(j, j.spec.Duration, j.spec.Conclusion)
}

func (s *Server) unqueue(j *job) {
	s.queued = slices.DeleteFunc(s.queued, func(x *job) bool { return x == j })
}

// finishIn ends a running job later, unless its runner vanishes before.
func (s *Server) finishIn(j *job, d time.Duration, conclusion string) {
	s.after(d, func() {
		if j.status == statusRunning && j.runner != nil && j.runner.alive {
			s.complete(j, conclusion)
		}
	})
}

// complete ends a job, and the registration of the runner that had it.
func (s *Server) complete(j *job, conclusion string) {
	if j.status == statusCompleted {
		return
	}
	s.unqueue(j)
	j.status, j.conclusion, j.done = statusCompleted, conclusion, s.cfg.Now()
	r := j.runner
	if j.started.IsZero() {
		j.shown = nil
	}
	s.announce(j, "completed")
	if r == nil {
		return
	}
	j.runner, r.job = nil, nil
	s.after(s.between(0, s.cfg.Times.Deregister, draws{"deregister", r.name}), func() { s.deregister(r, JobDone) })
}

// Outcome is what became of a job, for tests and summaries.
type Outcome struct {
	ID         JobID
	Status     string
	Conclusion string
	Labels     []string
	Runner     string
	Created    time.Time
	Started    time.Time // zero if it never ran
	Done       time.Time
}

// Outcomes lists every job by number.
func (s *Server) Outcomes() []Outcome {
	var all []Outcome
	s.do(func() {
		for _, j := range s.jobs {
			o := Outcome{j.id, j.status, j.conclusion, j.spec.Labels, "", j.created, j.started, j.done}
			if j.shown != nil {
				o.Runner = j.shown.name
			}
			all = append(all, o)
		}
	})
	slices.SortFunc(all, func(a, b Outcome) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (s *Server) getJob(c call) reply {
	j := s.jobs[JobID(c.id("job_id"))]
	if j == nil || !strings.EqualFold(j.run.repo.fullName(), c.PathValue("owner")+"/"+c.PathValue("repo")) {
		return notFound()
	}
	return answer(http.StatusOK, s.jobPayload(j))
}

func (s *Server) listJobs(c call) reply {
	r := s.runs[RunID(c.id("run_id"))]
	if r == nil {
		return notFound()
	}
	from, to, link := s.page(c, len(r.jobs))
	list := []any{}
	for _, j := range r.jobs[from:to] {
		list = append(list, s.jobPayload(j))
	}
	return reply{status: http.StatusOK, header: link, body: map[string]any{"total_count": len(r.jobs), "jobs": list}}
}
