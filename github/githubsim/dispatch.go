package githubsim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// class is jobs that the same runners can serve. Looking at one of them is enough to know about all.
type class struct {
	repo   *repository
	group  string
	labels []string
	line   []*job // oldest first; some may not wait any more
}

// wait puts a job in line, and looks for an idle runner a little later.
func (s *Server) wait(j *job) {
	if j.neverEver {
		return
	}
	labels := make([]string, 0, len(j.spec.Labels))
	for _, l := range j.spec.Labels {
		labels = append(labels, strings.ToLower(l))
	}
	slices.Sort(labels)
	key := strings.ToLower(j.spec.Repo) + "\n" + j.spec.Group + "\n" + strings.Join(labels, "\n")
	c := s.byClass[key]
	if c == nil {
		c = &class{repo: j.run.repo, group: j.spec.Group, labels: labels}
		s.byClass[key] = c
		s.classes = append(s.classes, c)
	}
	at, inLine := slices.BinarySearchFunc(c.line, j.id, func(j *job, id JobID) int { return cmp.Compare(j.id, id) })
	if !inLine {
		c.line = slices.Insert(c.line, at, j) // at the end, unless the job comes back
	}
	s.after(s.dispatchDelay("job", int64(j.id)), func() { s.whenUp(func() { s.place(c, j) }) })
}

func (s *Server) dispatchDelay(kind string, id int64) time.Duration {
	return s.between(s.cfg.Times.DispatchMin, s.cfg.Times.DispatchMax, draws{"dispatch " + kind, strconv.FormatInt(id, 10)})
}

// first gives the oldest job of a class that waits, nil if none does.
func (c *class) first() *job {
	for len(c.line) > 0 {
		if j := c.line[0]; j.waits() {
			return j
		}
		c.line = c.line[1:]
	}
	return nil
}

// fits says whether a runner may serve a class: scope, group and labels.
func fits(r *runner, c *class) bool {
	if len(c.labels) == 0 && c.group == "" {
		return false
	}
	atOrg := r.scope.key == strings.ToLower(c.repo.in.Account) && r.group.serves(c.repo)
	if !atOrg && r.scope.key != strings.ToLower(c.repo.fullName()) {
		return false
	}
	return (c.group == "" || strings.EqualFold(c.group, r.group.Name)) && r.carries(c.labels)
}

// place looks for an idle runner for one job. Any fitting one will do, so a runner that was launched for another job
// of the class, or of a wider one, is taken as well.
func (s *Server) place(c *class, j *job) {
	if !j.waits() {
		return
	}
	var fit []*runner
	for _, r := range s.idle {
		if fits(r, c) {
			fit = append(fit, r)
		}
	}
	if len(fit) > 0 {
		s.assign(fit[int(s.draw("pick", j.entity())*float64(len(fit)))], j)
	}
}

// offer looks for the oldest fitting job for a runner.
func (s *Server) offer(r *runner) {
	if !r.online || r.job != nil || r.gone {
		return
	}
	var oldest *job
	for _, c := range s.classes {
		j := c.first()
		if j != nil && (oldest == nil || j.id < oldest.id) && fits(r, c) {
			oldest = j
		}
	}
	if oldest != nil {
		s.assign(r, oldest)
	}
}

// assign binds a job to a runner. The runner has to pick it up, which a vanished one never does.
func (s *Server) assign(r *runner, j *job) {
	s.leaveIdle(r)
	r.job, j.runner = j, r
	r.epoch++
	j.epoch++
	epoch := j.epoch
	if !s.hits(s.cfg.Faults.NotPickedUp, "not picked up", j.entity()) {
		s.after(s.cfg.Times.PickUp, func() {
			if j.epoch == epoch && r.alive {
				s.start(r, j)
			}
		})
	}
	s.after(s.cfg.Times.PickUpLimit, func() {
		if j.epoch == epoch && j.status == queued {
			s.queueAgain(r, j)
		}
	})
}

func (s *Server) start(r *runner, j *job) {
	j.status, j.started = inProgress, s.cfg.Now()
	j.ran = ranOn{int64(r.id), r.group.ID, r.name, r.group.Name}
	j.epoch++
	if s.cfg.OnAssign != nil {
		s.hooks = append(s.hooks, func() { s.cfg.OnAssign(r.id, j.id) })
	}
	s.emitJob(j, inProgress)
	j.run.status = inProgress
	s.endAfter(j, j.spec.Duration, j.spec.Conclusion)
}

// queueAgain takes an assigned job back from a runner that never picked it up.
func (s *Server) queueAgain(r *runner, j *job) {
	j.runner = nil
	j.epoch++
	r.job = nil
	if r.alive && !r.gone {
		s.becomeIdle(r)
	}
	if s.hits(s.cfg.Faults.QueuedAgain, "queued again", j.entity()) {
		s.emitJob(j, queued)
	}
	s.wait(j)
}

func (s *Server) leaveIdle(r *runner) {
	if i := slices.Index(s.idle, r); i >= 0 {
		s.idle = slices.Delete(s.idle, i, i+1)
	}
}
