package fleet

import (
	"cmp"
	"slices"
)

// settle matches machines, runners, jobs and intents: what is true now.
func settle(s Snapshot) *view {
	v := &view{
		Snapshot: s,
		byID:     make(map[MachineID]int, len(s.State.Machines)),
		setbacks: make(map[SetbackKey]Setback, len(s.State.Setbacks)),
		struck:   make(map[SetbackKey]bool),
		tried:    make(map[SetbackKey]bool),
		minted:   make(map[int64]int),
		ended:    make(map[string]bool),
	}
	v.State.Jobs = sorted(s.State.Jobs, compareJobs)
	v.State.Machines = sorted(s.State.Machines, compareMachines)
	v.State.Runners = sorted(s.State.Runners, compareRunners)
	v.State.Intents = sorted(s.State.Intents, compareIntents)
	for _, b := range s.State.Setbacks {
		v.setbacks[b.Key] = b
		if b.Holds(s.At) {
			v.wake(b.Until)
		}
	}
	v.settlePools()
	v.settleMachines()
	v.settleJobs()
	v.settleFound()
	v.settleRunners()
	v.settleNotices()
	v.settleReports()
	v.settleOrders()
	v.settleIntents()
	v.settlePhases()
	v.settleVanished()
	v.clear()
	return v
}

func (v *view) settlePools() {
	v.pools = make([]poolView, len(v.Fleet.Pools))
	for i, p := range v.Fleet.Pools {
		pv := poolView{Pool: p.WithDefaults(), boot: DefaultBoot, hours: v.Hours[p.Name]}
		v.wake(pv.hours.Wake)
		if b, ok := v.Boots[p.Name]; ok {
			pv.boot = b
		}
		pv.recipe.Problem = "AWS was not asked yet"
		for _, r := range v.Recipes {
			if r.Pool == p.Name {
				pv.recipe = r
			}
		}
		if p.Stands() {
			v.settleScope(&pv)
		}
		v.pools[i] = pv
	}
}

// pool finds a pool's index by name; -1 when it left the file.
func (v *view) pool(name string) int {
	return slices.IndexFunc(v.pools, func(p poolView) bool { return p.Name == name })
}

func (v *view) settleMachines() {
	v.machines = make([]machineView, len(v.State.Machines))
	pool, name := -1, ""
	for i := range v.State.Machines {
		m := &v.State.Machines[i]
		if i == 0 || m.Pool != name {
			pool, name = v.pool(m.Pool), m.Pool
		}
		v.machines[i] = machineView{Machine: m, pool: pool, scope: m.Scope}
		if pool >= 0 && v.changed(m, &v.pools[pool]) {
			v.machines[i].pool = -1
		}
		v.byID[m.ID] = i
	}
}

// settleJobs ties jobs to the machines that GitHub gave them, and groups the
// ones that wait by class.
func (v *view) settleJobs() {
	type demand struct {
		Class
		apart bool
	}
	classes := map[demand]*classView{}
	for i := range v.State.Jobs {
		j := &v.State.Jobs[i]
		if j.Status >= Running {
			v.tie(j)
			continue
		}
		if j.Status == Waiting {
			continue
		}
		of := demand{j.Class, v.Fleet.Forks.apart(j)}
		c := classes[of]
		if c == nil {
			c = &classView{Class: j.Class, apart: of.apart}
			classes[of] = c
			v.classes = append(v.classes, c)
		}
		c.jobs = append(c.jobs, j)
	}
	for _, c := range v.classes {
		v.settleClass(c)
	}
	slices.SortFunc(v.classes, func(a, b *classView) int {
		return cmp.Or(cmp.Compare(len(a.pools), len(b.pools)),
			a.oldest.Compare(b.oldest), a.Compare(b.Class))
	})
}

func (v *view) settleClass(c *classView) {
	slices.SortFunc(c.jobs, func(a, b *Job) int {
		// Of jobs of one second the one that was heard of first stays the older:
		// what covers it is not taken from it by the next.
		return cmp.Or(a.QueuedAt.Compare(b.QueuedAt), a.RecordedAt.Compare(b.RecordedAt), a.Key.Compare(b.Key))
	})
	c.oldest = c.jobs[0].QueuedAt
	c.pools = v.fitting(c.Class)
	v.ofForks(c)
	if c.served = v.serves(c); c.served {
		c.oldest = c.jobs[0].QueuedAt // without the refused ones
	}
}

// fitting lists the pools that a class fits: higher priority, then fewest
// surplus labels, then file order.
func (v *view) fitting(c Class) []int {
	var fit []int
	for i := range v.pools {
		if v.pools[i].Serves(c) {
			fit = append(fit, i)
		}
	}
	slices.SortStableFunc(fit, func(a, b int) int {
		return cmp.Or(cmp.Compare(v.pools[b].Priority, v.pools[a].Priority),
			cmp.Compare(v.pools[a].Labels.Len(), v.pools[b].Labels.Len()))
	})
	return fit
}

// tie gives a job to the machine whose runner took it. A running job wins over
// one that is done: a repeated event of an old job changes nothing. One that runs
// on a machine that is forgotten is asked about until GitHub has said what came
// of it: the event may be lost, and Spot's interruption of it not mended.
func (v *view) tie(j *Job) {
	switch m, _ := v.named(j.Runner); {
	case m == nil:
		if _, _, ours := ParseRunnerName(v.Fleet.Name, j.Runner); ours && j.Status == Running {
			v.ask(j)
		}
	case m.Standing:
		v.tieStanding(m, j)
	case m.job == nil || m.job.Status > j.Status || m.job.Status == j.Status && m.job.ChangedAt.Before(j.ChangedAt):
		m.job = j
	}
}

// named is the machine whose registration has a name, and which try it is; nil
// if there is none.
func (v *view) named(runner string) (m *machineView, try int) {
	id, try, ok := ParseRunnerName(v.Fleet.Name, runner)
	if at, known := v.byID[id]; ok && known {
		return &v.machines[at], try
	}
	return nil, 0
}

func (v *view) settleRunners() {
	for i := range v.State.Runners {
		r := &v.State.Runners[i]
		m, try := v.named(r.Name)
		if m == nil {
			continue
		}
		busy := r.Busy && r.Missed == 0 // it is in use, whatever we know of its try
		if m.Try == try && m.Minted() && (m.runner == nil || !m.runner.Busy) || busy {
			m.runner = r
		}
	}
}

func (v *view) settleOrders() {
	for _, o := range sorted(v.State.Orders, compareOrders) {
		if !o.Holds(v.At) {
			continue
		}
		if !o.Until.IsZero() {
			v.wake(o.Until)
		}
		if o.Kind == Pause {
			v.pause(o)
			continue
		}
		at, ok := v.byID[MachineID(o.Subject)]
		if !ok {
			if o.Kind.ofMachine() {
				v.plan.Lifted = append(v.plan.Lifted, o.ID)
			}
			continue
		}
		m := &v.machines[at]
		switch o.Kind {
		case Hold:
			m.held = true
		case Drain:
			m.drained = true
		case Halt:
			m.halted, m.haltedWhy = true, o.By+": "+o.Reason
		}
	}
}

func (v *view) pause(o Order) {
	if o.Subject == "" {
		v.paused = true
		return
	}
	if i := v.pool(o.Subject); i >= 0 {
		v.pools[i].paused = true
	}
}
