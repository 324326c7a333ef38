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

// JobID is GitHub's number of a job. A re-run has a new one.
type JobID int64

// RunID is GitHub's number of a workflow run. It stays through re-runs.
type RunID int64

// The states and conclusions of jobs and runs.
const (
	waiting    = "waiting"
	queued     = "queued"
	inProgress = "in_progress"
	completed  = "completed"

	success   = "success"
	failure   = "failure"
	cancelled = "cancelled"
)

// JobSpec is a job as its workflow file asks for it.
type JobSpec struct {
	Repo       string // full name
	Run        RunID  // joins this run; a new run if zero
	Name       string // "build" if empty
	Workflow   string // "ci" if empty
	Labels     []string
	Group      string        // runner group, as in runs-on; any if empty
	Duration   time.Duration // on a machine that lives
	Conclusion string        // on a machine that lives; success if empty

	Environment  string        // the job waits for an approval first, if set
	ApproveAfter time.Duration // approved by itself so much later; only by Approve if zero

	Event string // of a new run: "push" if empty
	Fork  string // of a new run: full name of the fork that a pull request comes from
}

type job struct {
	id      JobID
	spec    JobSpec
	run     *run
	attempt int

	status, conclusion          string
	created, started, completed time.Time
	gated                       bool // had an approval, so its queued event says waiting

	runner    *runner // assigned or running
	ran       ranOn   // stays when the runner is gone
	neverEver bool    // GitHub overlooks it
	replaced  bool    // a re-run made a new job of it
	epoch     int     // rises with each change, so that timers of an older state do nothing
}

// ranOn is what a job shows of its runner.
type ranOn struct {
	id, groupID int64
	name, group string
}

func (j *job) entity() string { return strconv.FormatInt(int64(j.id), 10) }

// waits says whether the job can be given to a runner.
func (j *job) waits() bool { return j.status == queued && j.runner == nil && !j.neverEver }

// Queue starts a job: GitHub announces it and looks for a runner. The error says that the repository or run is unknown.
func (s *Server) Queue(spec JobSpec) (JobID, error) {
	var id JobID
	var err error
	s.do(func() {
		repo := s.repositories[strings.ToLower(spec.Repo)]
		if repo == nil {
			err = fmt.Errorf("queue job: no repository %s", spec.Repo)
			return
		}
		r := s.runs[spec.Run]
		if spec.Run != 0 && (r == nil || r.repo != repo) {
			err = fmt.Errorf("queue job: no run %d in %s", spec.Run, spec.Repo)
			return
		}
		if r == nil {
			r = s.startRun(repo, spec)
		}
		id = s.add(r, spec).id
	})
	return id, err
}

// add puts a job into the current attempt of a run.
func (s *Server) add(r *run, spec JobSpec) *job {
	s.lastJob++
	now := s.cfg.Now()
	spec.Run = r.id
	if spec.Name == "" {
		spec.Name = "build"
	}
	if spec.Conclusion == "" {
		spec.Conclusion = success
	}
	spec.Labels = slices.Clone(spec.Labels)
	j := &job{id: s.lastJob, spec: spec, run: r, attempt: r.attempt, created: now, started: now}
	s.jobs[j.id] = j
	r.jobs = append(r.jobs, j)
	r.reopen()
	j.neverEver = s.hits(s.cfg.Faults.NeverAssigned, "never assigned", j.entity())
	if spec.Environment == "" {
		s.enqueue(j)
		return j
	}
	j.status, j.gated = waiting, true
	s.emitJob(j, waiting)
	if spec.ApproveAfter > 0 {
		epoch := j.epoch
		s.after(spec.ApproveAfter, func() {
			if j.epoch == epoch {
				s.enqueue(j)
			}
		})
	}
	return j
}

// Approve lets a job through the gate of its environment.
func (s *Server) Approve(id JobID) {
	s.do(func() {
		if j := s.jobs[id]; j != nil && j.status == waiting {
			s.enqueue(j)
		}
	})
}

func (s *Server) enqueue(j *job) {
	j.status = queued
	j.epoch++
	s.emitJob(j, queued)
	s.wait(j)
	s.after(s.cfg.Times.QueueLimit, func() {
		if j.status == queued {
			s.end(j, cancelled)
		}
	})
}

// Cancel stops a job: at once while nobody runs it, else when its runner has stopped it.
func (s *Server) Cancel(id JobID) {
	s.do(func() {
		if j := s.jobs[id]; j != nil {
			s.cancel(j)
		}
	})
}

func (s *Server) cancel(j *job) {
	switch {
	case j.status == completed:
	case j.status == inProgress && j.runner.alive:
		j.epoch++
		s.endAfter(j, s.interrupt("cancel", j), cancelled)
	case j.status == inProgress:
		// Its machine is gone: GitHub waits until the lock runs out.
	default:
		s.end(j, cancelled)
	}
}

// endAfter ends a job unless something else happens to it first.
func (s *Server) endAfter(j *job, d time.Duration, conclusion string) {
	epoch := j.epoch
	s.after(d, func() {
		if j.epoch == epoch {
			s.end(j, conclusion)
		}
	})
}

// end closes a job, and lets go of its runner.
func (s *Server) end(j *job, conclusion string) {
	if j.status == completed {
		return
	}
	r, ran := j.runner, j.status == inProgress
	j.status, j.conclusion, j.completed = completed, conclusion, s.cfg.Now()
	j.runner = nil
	j.epoch++
	s.emitJob(j, completed)
	s.settleRun(j.run)
	switch {
	case r == nil || r.gone:
	case !r.alive:
		r.job = nil // stays registered, offline, until somebody deletes it or a day has passed
	case r.ephemeral && ran:
		// The registration ends before or after the webhook arrives: both happen.
		s.after(s.between(0, s.cfg.Times.Deregister, draws{"deregister", j.entity()}), func() {
			s.remove(r)
			s.release(r, JobDone)
		})
	case r.leaving:
		r.job = nil
		s.goOffline(r)
		s.release(r, JobDone)
	default:
		s.becomeIdle(r)
		if ran && s.cfg.OnFree != nil {
			s.hooks = append(s.hooks, func() { s.cfg.OnFree(r.id, j.id) })
		}
	}
}

// Outcome is what became of a job so far.
type Outcome struct {
	ID         JobID
	Run        RunID
	Name       string
	Attempt    int
	Labels     []string
	Status     string // waiting, queued, in_progress or completed
	Conclusion string // empty until completed
	Runner     string // name; empty until a runner took the job
	Created    time.Time
	Started    time.Time // of the work; zero until a runner took the job
	Done       time.Time // zero until completed
}

// Left is how long a job that runs goes on, if nothing happens to it; 0 for any
// other.
func (s *Server) Left(id JobID) (left time.Duration) {
	s.do(func() {
		if j := s.jobs[id]; j != nil && j.status == inProgress {
			left = max(0, j.started.Add(j.spec.Duration).Sub(s.cfg.Now()))
		}
	})
	return left
}

// Overlooked reports whether a job is one that GitHub never assigns.
func (s *Server) Overlooked(id JobID) (never bool) {
	s.do(func() {
		if j := s.jobs[id]; j != nil {
			never = j.neverEver
		}
	})
	return never
}

// Outcomes gives all jobs, oldest first.
func (s *Server) Outcomes() []Outcome {
	var out []Outcome
	s.do(func() {
		for _, j := range s.jobs {
			out = append(out, j.outcome())
		}
	})
	slices.SortFunc(out, func(a, b Outcome) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (j *job) outcome() Outcome {
	out := Outcome{
		ID: j.id, Run: j.run.id, Name: j.spec.Name, Attempt: j.attempt, Labels: slices.Clone(j.spec.Labels), Status: j.status,
		Conclusion: j.conclusion, Runner: j.ran.name, Created: j.created, Done: j.completed,
	}
	if j.ran.id != 0 {
		out.Started = j.started
	}
	return out
}

func (s *Server) jobOf(c call) *job {
	j := s.jobs[JobID(c.id("job_id"))]
	if j == nil || j.run.repo != s.repository(c) {
		return nil
	}
	return j
}

func (s *Server) getJob(c call) reply {
	j := s.jobOf(c)
	if j == nil {
		return notFound()
	}
	return answer(http.StatusOK, s.jobPayload(j))
}
