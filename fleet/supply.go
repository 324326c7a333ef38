package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// claim is a scope's wish for generic machines of a pool.
type claim struct {
	scope Scope
	count int
	since time.Time // the oldest job behind it
}

// supply mints registrations for machines that are claimed and ready, and
// launches machines for jobs that nothing covers. Standing machines it starts
// and launches as their hours say too.
func (v *view) supply() {
	for i := range v.pools {
		v.mint(i)
	}
	v.enrol()
	for _, c := range v.classes {
		if c.covered < len(c.jobs) && c.served {
			v.launchFor(c)
		}
	}
	for i := range v.pools {
		if v.pools[i].Stands() {
			v.stand(i)
		}
	}
	for i := range v.pools {
		for _, market := range []Market{Spot, OnDemand} {
			if l := v.pools[i].launch[market]; l != nil {
				v.intend(Intent{Reason: v.pools[i].launchReason(*l), Launch: l})
			}
		}
	}
}

func (p *poolView) launchReason(l Launch) string {
	if p.Stands() && p.hours.idle() {
		return fmt.Sprintf("%d of its %d machines stand", p.count-l.Count, p.Max)
	}
	if l.Count == 1 {
		return "1 job waits and no machine is coming"
	}
	return fmt.Sprintf("%d jobs wait and no machine is coming", l.Count)
}

// mint registers the pool's generic machines for the scopes that claim them,
// the longest waiting scope first, the soonest machine first.
func (v *view) mint(pool int) {
	p := &v.pools[pool]
	if len(p.claims) == 0 {
		return
	}
	slices.SortFunc(p.claims, func(a, b claim) int {
		return cmp.Or(a.since.Compare(b.since), a.scope.Compare(b.scope))
	})
	slices.SortFunc(p.generic, func(a, b int) int {
		m, n := &v.machines[a], &v.machines[b]
		return cmp.Or(cmp.Compare(n.phase, m.phase), m.LaunchedAt.Compare(n.LaunchedAt), cmp.Compare(m.ID, n.ID))
	})
	next := 0
	for _, c := range p.claims {
		for n := 0; n < c.count && next < len(p.generic); n++ {
			v.mintFor(&v.machines[p.generic[next]], c.scope)
			next++
		}
	}
}

func (v *view) mintFor(m *machineView, scope Scope) {
	if m.phase != Ready || m.intent {
		return
	}
	// Each failure doubles the wait: a store that refuses every config must
	// not use up the installation's registrations.
	if !m.TriedAt.IsZero() && !v.past(m.TriedAt, mintAgain<<min(max(m.Try-1, 0), 4)) {
		return
	}
	p := &v.pools[m.pool]
	if v.setbacks[MintKey(p.Name, scope)].Holds(v.At) || !v.spendMint(p, scope.Installation) {
		return
	}
	if v.Allowance.Configs > 0 {
		v.Allowance.Configs--
	}
	m.intent, m.scope = true, scope
	reason := "a job of " + scope.String() + " waits for it"
	if m.Standing {
		reason = "it stands for " + scope.String()
	}
	v.intend(Intent{Reason: reason, Mint: &Mint{
		Machine: m.ID, Scope: scope, Group: p.Group, Labels: p.Labels, Try: m.Try + 1,
		Registration: p.Registration, Standing: m.Standing,
	}})
}

// spendMint takes one registration from an installation's allowance. A copy of
// a token costs none.
func (v *view) spendMint(p *poolView, installation int64) bool {
	a, ok := v.Allowance.Mints[installation]
	switch {
	case v.Allowance.Configs == 0:
		v.wake(v.At.Add(time.Second))
		return false
	case !ok:
		return true
	case a.Limited.After(v.At):
		v.wake(a.Limited)
		return false
	case p.Registration == Token:
		return true
	case v.minted[installation] >= a.Now:
		v.wake(v.At.Add(time.Second))
		return false
	}
	v.minted[installation]++
	return true
}

// launchFor launches for the jobs of a class that nothing covers, pool by
// pool in its order of preference.
func (v *view) launchFor(c *classView) {
	need := v.sure(c)
	if need == 0 {
		c.why.Code, c.why.Detail = cmp.Or(c.why.Code, Asking), cmp.Or(c.why.Detail, "GitHub is asked whether it still waits")
		return
	}
	if s := v.setbacks[ClassKey(c.Class)]; s.Holds(v.At) {
		c.why = Verdict{SetBack, "GitHub gave its runners no job: " + s.Detail}
		return
	} else if s.Probation(v.At) {
		one := Verdict{SetBack, "one machine tries the class first: " + s.Detail}
		if c.covered > 0 {
			c.why = one
			return
		}
		if need > 1 {
			need, c.why = 1, one
		}
	}
	careful := min(need, v.mending(c))
	v.launchOn(c, careful, OnDemand)
	v.launchOn(c, need-careful, SpotFirst)
}

// launchOn launches for some jobs of a class, on demand only where the wish is
// that and the pool allows it.
func (v *view) launchOn(c *classView, need int, wish Market) {
	for _, i := range c.pools {
		if need == 0 {
			return
		}
		n, market, why := v.room(c.Scope, i, need, wish)
		if n > 0 {
			v.launch(i, market, n)
			c.launch = append(c.launch, cover{pool: i, jobs: n, market: market})
			need -= n
		}
		if why.Code != "" {
			c.why = worst(c.why, why)
		}
		if v.pools[i].NoOverflow || !v.pools[i].hours.moves() {
			return
		}
	}
}

// sure is how many of the uncovered jobs are believed to wait. One that was
// launched for before and not heard of since is asked about first: its runner
// may have been taken by another job, or GitHub may have ended it.
func (v *view) sure(c *classView) int {
	open := c.jobs[c.covered:]
	slices.SortStableFunc(open, func(a, b *Job) int { return cmp.Compare(v.doubt(a), v.doubt(b)) })
	open = v.paceFound(c, open)
	n := 0
	for _, j := range open {
		if v.doubt(j) == 0 {
			n++
			continue
		}
		v.ask(j)
	}
	return n
}

func (v *view) doubt(j *Job) int {
	if j.Launches > 0 && v.past(later(j.ChangedAt, j.AskedAt), believedFor) {
		return 1
	}
	return 0
}

// room says how many of the wanted machines a pool can launch, on which
// market, and what stands against the rest.
func (v *view) room(scope Scope, i, want int, wish Market) (n int, market Market, why Verdict) {
	p := &v.pools[i]
	boot := v.setbacks[BootKey(p.Name, p.recipe.Template)]
	refused := v.setbacks[LaunchKey(p.Name, p.recipe.Template)]
	mint := v.setbacks[MintKey(p.Name, scope)]
	switch {
	case v.paused:
		return 0, "", Verdict{Paused, "the fleet is paused by an operator"}
	case p.paused:
		return 0, "", Verdict{Paused, "pool " + p.Name + " is paused by an operator"}
	case !p.hours.launches():
		return 0, "", Verdict{Closed, "pool " + p.Name + " is " + p.hours.String() + p.overtime()}
	case p.recipe.Problem != "":
		return 0, "", Verdict{SetBack, "pool " + p.Name + ": " + p.recipe.Problem}
	case boot.Holds(v.At):
		return 0, "", Verdict{SetBack, "pool " + p.Name + ": " + boot.Detail}
	case refused.Holds(v.At):
		return 0, "", Verdict{SetBack, "pool " + p.Name + ": " + refused.Detail}
	case mint.Holds(v.At):
		return 0, "", Verdict{SetBack, "pool " + p.Name + ": " + mint.Detail}
	}
	n = want
	for _, s := range []Setback{boot, refused, mint} {
		if s.Probation(v.At) {
			n = min(n, 1-p.growing()-v.trying(i, s.Until))
		}
	}
	if n < want {
		why = Verdict{SetBack, "pool " + p.Name + " tries one machine first"}
	}
	n, capWhy := v.capped(scope, p, n)
	if capWhy.Code != "" {
		why = v.rests(i, capWhy)
	}
	if n <= 0 {
		return 0, "", why
	}
	market, most, offerWhy := v.market(p, wish)
	if most < n {
		n, why = max(0, most), offerWhy
	}
	return n, market, why
}

// trying is how many machines of a pool were launched or started since its setback ended,
// or are reserved, and have not come up yet: the one that tries is among them.
func (v *view) trying(pool int, since time.Time) int {
	n := v.pools[pool].coming
	for i := range v.machines {
		m := &v.machines[i]
		fresh := m.phase <= Registering && m.LaunchedAt.After(since)
		if m.pool == pool && (fresh || m.phase == Starting && m.StartedAt.After(since)) {
			n++
		}
	}
	return n
}

// growing is how many machines this plan launches for the pool so far.
func (p *poolView) growing() int {
	n := 0
	for _, l := range p.launch {
		n += l.Count
	}
	return n
}

// capped bounds a launch by the pool's cap, the fleet's, and the allowances.
func (v *view) capped(scope Scope, p *poolView, n int) (int, Verdict) {
	var why Verdict
	bound := func(room int, w Verdict) {
		if room < n {
			n, why = max(0, room), w
		}
	}
	bound(p.Max-p.count, Verdict{PoolFull, fmt.Sprintf("pool %s is at its cap of %d", p.Name, p.Max)})
	if most := v.Fleet.Limits.Machines; most > 0 {
		bound(most-v.total, Verdict{PoolFull, fmt.Sprintf("the fleet is at its cap of %d", most)})
	}
	if a := v.Allowance.Launches; a >= 0 {
		bound(a, Verdict{Paced, "launches are used up for now, of a minute or of AWS's allowance"})
	}
	if a, ok := v.Allowance.Mints[scope.Installation]; ok && a.Limited.After(v.At) {
		v.wake(a.Limited)
		return 0, Verdict{Paced, "GitHub limits the installation"}
	} else if ok && p.Registration != Token {
		bound(a.Now+a.PerBoot-v.generic, Verdict{Paced, "registrations at GitHub refill first"})
	}
	if why.Code == Paced {
		v.wake(v.At.Add(time.Second))
	}
	return n, why
}

func (v *view) classHeld(c *classView) bool { return v.setbacks[ClassKey(c.Class)].Holds(v.At) }
