package fleet

import "time"

// stock is what could take jobs: machines that are registered in a scope or
// will be, and machines that could still be registered anywhere.
type stock struct {
	bound   map[place]int
	busy    map[place][]time.Time // runners whose job is not known: since when
	generic []int                 // by pool
	off     map[place]int         // stopped machines that nothing else starts
}

// place is a scope and the pool whose labels a registration there holds.
type place struct {
	scope Scope
	pool  int
}

// cover counts demand against supply, class by class, the one with the fewest
// fitting pools first: its choice is the narrowest. Within a class the oldest
// jobs count as covered, for their verdicts only.
func (v *view) cover() {
	s := v.stock()
	for _, c := range v.classes {
		if !c.served {
			continue
		}
		for _, p := range c.pools {
			n := min(len(c.jobs)-c.covered, s.bound[place{c.Scope, p}])
			s.bound[place{c.Scope, p}] -= n
			c.take(p, n)
			v.unannounced(c, p, s)
			v.untold(c, p)
		}
	}
	for _, c := range v.classes {
		if !c.served {
			continue
		}
		for _, p := range c.pools {
			n := min(len(c.jobs)-c.covered, s.generic[p])
			s.generic[p] -= n
			c.take(p, n)
			v.claim(c, p, n)
			off := min(len(c.jobs)-c.covered, s.off[place{c.Scope, p}])
			s.off[place{c.Scope, p}] -= off
			v.pools[p].starts += off
			c.awaken(p, off)
		}
	}
}

// take notes that a pool's machines account for n more jobs of the class.
func (c *classView) take(pool, n int) {
	if n <= 0 {
		return
	}
	c.covered += n
	c.by = append(c.by, cover{pool: pool, jobs: n})
}

// awaken notes that a pool's stopped machines are started for n more.
func (c *classView) awaken(pool, n int) {
	if n > 0 {
		c.covered += n
		c.by = append(c.by, cover{pool: pool, jobs: n, starts: true})
	}
}

// stock counts the machines that are supply. A busy runner whose job nobody
// announced covers one job of its class until GitHub says which it was.
func (v *view) stock() stock {
	s := stock{
		bound: map[place]int{}, busy: map[place][]time.Time{}, generic: make([]int, len(v.pools)), off: map[place]int{},
	}
	for i := range v.pools {
		if p := &v.pools[i]; p.Stands() {
			s.bound[place{p.scope, i}] = p.coming
		} else {
			s.generic[i] = p.coming
		}
	}
	for i := range v.machines {
		m := &v.machines[i]
		if m.pool < 0 || m.drained || m.halted || m.leaving || (m.leaves() || m.over()) && m.phase != Busy {
			continue
		}
		switch {
		case m.phase == Busy && m.job == nil && m.runner != nil:
			at := place{m.runner.Scope, m.pool}
			s.busy[at] = append(s.busy[at], m.runner.busySince())
		case m.Standing:
			v.stockStanding(&s, m)
		case m.phase == Registering, m.phase == Idle,
			m.intent && m.phase <= Ready && m.scope != Scope{}:
			s.bound[place{m.scope, m.pool}]++
		case m.phase <= Ready:
			s.generic[m.pool]++
			v.pools[m.pool].generic = append(v.pools[m.pool].generic, i)
		}
	}
	return s
}

// claim notes which scope wants a pool's generic machines; supply mints for it.
func (v *view) claim(c *classView, pool, n int) {
	if n > 0 {
		v.pools[pool].claims = append(v.pools[pool].claims, claim{c.Scope, n, c.oldest})
	}
}
