package githubsim

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// mostAttempts is how often a run can run: once, and fifty times again.
const mostAttempts = 51

type run struct {
	id         RunID
	repo       *repository
	number     int64 // counted per server, not per workflow
	workflow   string
	event      string
	fork       string
	attempt    int
	status     string
	conclusion string
	created    time.Time
	started    time.Time // of this attempt
	updated    time.Time
	jobs       []*job // of all attempts, oldest first
}

func (r *run) reopen() {
	if r.status == completed {
		r.status, r.conclusion = inProgress, ""
	}
}

func (s *Server) startRun(repo *repository, spec JobSpec) *run {
	s.lastRun++
	now := s.cfg.Now()
	r := &run{
		id: s.lastRun, repo: repo, number: int64(len(s.runs) + 1), workflow: spec.Workflow, event: spec.Event,
		fork: spec.Fork, attempt: 1, status: queued, created: now, started: now, updated: now,
	}
	if r.workflow == "" {
		r.workflow = "ci"
	}
	if r.event == "" {
		r.event = "push"
	}
	if r.event == "push" {
		repo.pushed = now
	}
	s.runs[r.id] = r
	s.emitRun(r, "requested")
	return r
}

// settleRun closes a run when the last job of its attempt is over.
func (s *Server) settleRun(r *run) {
	r.updated = s.cfg.Now()
	r.conclusion = success
	for _, j := range r.latest() {
		switch {
		case j.status != completed:
			r.conclusion = ""
			return
		case j.conclusion == cancelled:
			r.conclusion = cancelled
		case j.conclusion != success && j.conclusion != "skipped" && r.conclusion == success:
			r.conclusion = failure
		}
	}
	r.status = completed
	s.emitRun(r, completed)
}

// latest gives the jobs that count: all that were not run again as another job.
func (r *run) latest() []*job {
	var out []*job
	for _, j := range r.jobs {
		if !j.replaced {
			out = append(out, j)
		}
	}
	return out
}

func (s *Server) runOf(c call) *run {
	r := s.runs[RunID(c.id("run_id"))]
	if r == nil || r.repo != s.repository(c) {
		return nil
	}
	return r
}

func (s *Server) getRepository(c call) reply {
	return answer(http.StatusOK, s.repository(c).body)
}

// listRepositories gives an installation's repositories in the order of their names.
func (s *Server) listRepositories(c call) reply {
	var own []*repository
	for _, r := range s.repositories {
		if r.in == c.in {
			own = append(own, r)
		}
	}
	slices.SortFunc(own, func(a, b *repository) int { return cmp.Compare(a.fullName(), b.fullName()) })
	from, to, link := s.page(c, len(own))
	out := []any{}
	for _, r := range own[from:to] {
		shown := s.repositoryPayload(r)
		if !r.pushed.IsZero() {
			shown["pushed_at"] = instant(r.pushed)
		}
		out = append(out, shown)
	}
	return reply{status: http.StatusOK, body: map[string]any{"total_count": len(own), "repositories": out}, header: link}
}

func (s *Server) getRun(c call) reply {
	r := s.runOf(c)
	if r == nil {
		return notFound()
	}
	return answer(http.StatusOK, s.runPayload(r))
}

// mostFound is how many runs a filter finds at most.
const mostFound = 1000

// listRuns gives a repository's runs, newest first.
func (s *Server) listRuns(c call) reply {
	repo, status := s.repository(c), c.URL.Query().Get("status")
	var found []*run
	for _, r := range s.runs {
		if r.repo == repo && (status == "" || r.status == status || r.conclusion == status) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *run) int { return cmp.Compare(b.id, a.id) })
	shown := found
	if status != "" {
		shown = found[:min(len(found), mostFound)]
	}
	from, to, link := s.page(c, len(shown))
	out := []any{}
	for _, r := range shown[from:to] {
		out = append(out, s.runPayload(r))
	}
	return reply{status: http.StatusOK, body: map[string]any{"total_count": len(found), "workflow_runs": out}, header: link}
}

func (s *Server) listJobs(c call) reply {
	r := s.runOf(c)
	if r == nil {
		return notFound()
	}
	jobs := r.latest()
	if c.URL.Query().Get("filter") == "all" {
		jobs = r.jobs
	}
	from, to, link := s.page(c, len(jobs))
	out := []any{}
	for _, j := range jobs[from:to] {
		out = append(out, s.jobPayload(j))
	}
	return reply{
		status: http.StatusOK,
		body:   map[string]any{"total_count": len(jobs), "jobs": out},
		header: link,
	}
}

func (s *Server) rerunFailedJobs(c call) reply {
	r := s.runOf(c)
	if r == nil {
		return notFound()
	}
	return s.rerun(r, func(j *job) bool { return j.conclusion != success && j.conclusion != "skipped" })
}

func (s *Server) rerunJob(c call) reply {
	chosen := s.jobOf(c)
	if chosen == nil {
		return notFound()
	}
	if chosen.attempt != chosen.run.attempt {
		return refuse(http.StatusForbidden, "This workflow job cannot be retried")
	}
	return s.rerun(chosen.run, func(j *job) bool { return j == chosen })
}

// rerun starts the next attempt of a finished run with the jobs that again chooses.
func (s *Server) rerun(r *run, again func(*job) bool) reply {
	if r.status != completed {
		return refuse(http.StatusForbidden, "This workflow is already running")
	}
	latest := r.latest()
	if r.attempt >= mostAttempts || !slices.ContainsFunc(latest, again) {
		return refuse(http.StatusForbidden, "This workflow run cannot be retried")
	}
	r.attempt++
	r.status, r.conclusion, r.started, r.updated = queued, "", s.cfg.Now(), s.cfg.Now()
	s.emitRun(r, "requested")
	for _, j := range latest {
		if again(j) {
			j.replaced = true
			s.add(r, j.spec)
			continue
		}
		// GitHub says once more that a job is over which was over long ago.
		s.emitJob(j, completed)
	}
	return answer(http.StatusCreated, struct{}{})
}

func (s *Server) cancelRun(c call) reply {
	r := s.runOf(c)
	if r == nil {
		return notFound()
	}
	if r.status == completed {
		return refuse(http.StatusConflict, "Cannot cancel a workflow run that is completed.")
	}
	for _, j := range r.latest() {
		s.cancel(j)
	}
	return answer(http.StatusAccepted, struct{}{})
}
