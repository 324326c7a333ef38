package fleet

import (
	"slices"
	"time"
)

// unannounced covers jobs of a class by a pool's busy runners of whose jobs
// nobody told. One may have any job that GitHub was not asked about since, or
// too early: a job that is assigned may still wait for a minute, then GitHub
// takes it back. So no job waits for long behind a runner that has another.
func (v *view) unannounced(c *classView, pool int, s stock) {
	at := place{c.Scope, pool}
	if len(s.busy[at]) == 0 {
		return
	}
	slices.SortFunc(s.busy[at], time.Time.Compare)
	var left []time.Time
	for _, since := range s.busy[at] {
		if c.covered == len(c.jobs) || c.possible(since) <= c.guessed {
			left = append(left, since) // perhaps a job of another class
			continue
		}
		c.guessed++
		c.take(pool, 1)
		if c.guessed == 1 {
			v.askWhich(c, since)
		}
	}
	s.busy[at] = left
}

// possible counts the jobs that a runner may have that is busy since then.
func (c *classView) possible(since time.Time) int {
	if c.asked == nil {
		c.asked = make([]time.Time, len(c.jobs))
		for i, j := range c.jobs {
			c.asked[i] = j.AskedAt
		}
		slices.SortFunc(c.asked, time.Time.Compare)
	}
	n, _ := slices.BinarySearchFunc(c.asked, since.Add(retryAfter), time.Time.Compare)
	return n
}

// askWhich asks GitHub about the jobs that a runner may have, the oldest first,
// once a minute for a class: there may be many.
func (v *view) askWhich(c *classView, since time.Time) {
	last := c.asked[len(c.asked)-1]
	if !v.past(since, retryAfter) || !last.IsZero() && !v.past(last, retryAfter) {
		return
	}
	for _, j := range c.jobs {
		if j.AskedAt.Before(since.Add(retryAfter)) {
			v.ask(j)
		}
		if len(v.plan.Ask) >= askSize {
			return
		}
	}
}
