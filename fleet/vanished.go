package fleet

import "slices"

// vanished reports whether a machine went, or its registration did, and nobody
// said whether it had a job. Events may be late or lost, as those are that come
// while no manager runs: the job that it was launched for may be done by now.
func (m *machineView) vanished() bool {
	if m.job != nil || m.Standing || m.leaving || !m.Minted() && !m.minting {
		return false
	}
	switch m.phase {
	case Gone:
		return true
	case Ending:
		return m.EndedAt.IsZero() // EC2 ends it by itself
	case Lost:
		return m.runner.Missed >= 2
	}
	return false
}

// settleVanished counts the machines that vanished, by where they took jobs.
func (v *view) settleVanished() {
	for i := range v.machines {
		if m := &v.machines[i]; m.pool >= 0 && m.vanished() {
			if v.vanished == nil {
				v.vanished = map[place]int{}
			}
			v.vanished[place{m.scope, m.pool}]++
		}
	}
}

// mayHaveHad lists the jobs of a class that machines may have had which vanished
// from a pool: the last word of them is older than the full look that showed it.
// GitHub gives the oldest first, so some of those are enough.
func (v *view) mayHaveHad(c *classView, pool int) (jobs []*Job) {
	n := v.vanished[place{c.Scope, pool}]
	if n == 0 {
		return nil
	}
	for _, j := range c.jobs[:min(len(c.jobs), n+askSize)] {
		if later(j.ChangedAt, j.AskedAt).Before(v.LookedAt) {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// suspected reports whether the machine vanished, and GitHub is still to be asked
// about a job that it may have had. Until then its row is the only sign of that.
func (v *view) suspected(m *machineView) bool {
	return m.pool >= 0 && m.vanished() && slices.ContainsFunc(v.classes, func(c *classView) bool {
		return c.served && c.Scope == m.scope && slices.Contains(c.pools, m.pool) && len(v.mayHaveHad(c, m.pool)) > 0
	})
}

// untold covers as many jobs of a class as machines vanished from a pool, until
// GitHub says of the jobs whether they wait; each class that the pool serves,
// because nobody knows which one a machine served. It is asked at once: what it
// gave to a machine that is gone waits again, or is over.
func (v *view) untold(c *classView, pool int) {
	jobs := v.mayHaveHad(c, pool)
	n := min(v.vanished[place{c.Scope, pool}], len(jobs)-c.guessed, len(c.jobs)-c.covered)
	if n <= 0 {
		return
	}
	c.guessed += n
	c.covered += n
	c.by = append(c.by, cover{pool: pool, jobs: n, gone: true})
	for _, j := range jobs {
		if len(v.plan.Ask) < askSize && !slices.Contains(v.plan.Ask, j.Key) {
			v.plan.Ask = append(v.plan.Ask, j.Key)
		}
	}
}
