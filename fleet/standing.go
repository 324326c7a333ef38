package fleet

import (
	"cmp"
	"fmt"
	"slices"
)

// A standing machine is launched because its pool's file says how many there
// are, enrolled once, and stopped and started with the pool's hours. Which jobs
// it takes is GitHub's choice, as with every runner; they never end it.

// settleScope says where a standing pool's runners are registered.
func (v *view) settleScope(p *poolView) {
	scope, known := v.Scopes[p.Name]
	if p.scope = scope; !known && p.recipe.Problem == "" {
		p.recipe.Problem = "GitHub did not say yet where account " + p.Account + " has the App"
	}
}

// holdsLabels reports whether a pool would fit a class if it were another
// account's.
func (v *view) holdsLabels(c *classView) bool {
	return slices.ContainsFunc(v.pools, func(p poolView) bool { return p.Fits(c.Labels) })
}

// changed reports whether a machine is not what its pool asks for any more.
func (v *view) changed(m *Machine, p *poolView) bool {
	return m.Standing != p.Stands() || m.Standing && m.Minted() && !p.Within(m.Scope)
}

// retired is why a machine has no pool.
func (v *view) retired(m *machineView) string { return "pool " + m.Pool + " " + v.gone(m) }

// gone is what became of the pool of a machine that has none.
func (v *view) gone(m *machineView) string {
	if v.pool(m.Pool) >= 0 {
		return "has another lifetime or account now"
	}
	return "left the fleet file"
}

// tieStanding gives a standing machine the job that runs on it. Jobs that are
// done are no matter of its. Of two that run, the earlier one must be over.
func (v *view) tieStanding(m *machineView, j *Job) {
	switch {
	case j.Status != Running:
		m.served = later(m.served, j.StartedAt)
	case m.job == nil:
		m.job = j
	case m.job.ChangedAt.Before(j.ChangedAt):
		v.ask(m.job)
		m.job = j
	default:
		v.ask(j)
	}
}

// off is the phase of a machine that is to be stopped.
func (m *machineView) off() (Phase, string) {
	switch {
	case m.Unasked:
		return Off, "it stopped, and EC2 was not asked for that"
	case m.State == Stopped:
		return Off, "EC2 shows it stopped"
	case m.State == Stopping:
		return Off, "EC2 stops it"
	}
	return Off, "EC2 was asked to stop it"
}

// seemsFree reports whether GitHub showed the runner without a job after the
// one that runs on it began.
func (m *machineView) seemsFree() bool {
	r := m.runner
	return r.Missed == 0 && !r.Busy && r.SeenAt.After(later(m.job.StartedAt, m.job.ChangedAt))
}

// stands reports whether a standing machine is to run just now.
func (v *view) stands(m *machineView) bool {
	h := v.pools[m.pool].hours
	return h.idle() || h.launches() && v.wanted(m)
}

// opened reports whether a machine's pool is open: a stop of it that was not
// answered is not sent again.
func (v *view) opened(id MachineID) bool {
	i, ok := v.byID[id]
	return ok && v.machines[i].pool >= 0 && v.pools[v.machines[i].pool].hours.idle()
}

// releaseStanding asks each phase's own question of a standing machine.
func (v *view) releaseStanding(m *machineView) {
	if m.job != nil && m.phase == Off {
		v.ask(m.job)
	}
	switch {
	case m.phase == Busy:
		v.releaseBusy(m)
	case v.dismiss(m):
	case m.phase <= Registering && !v.stands(m):
		v.end(m, "it is not registered yet, and its pool is "+v.pools[m.pool].hours.String(), false)
	case m.phase <= Registering:
		v.releaseUnenrolled(m)
	case m.phase == Idle:
		v.releaseStandingIdle(m)
	case m.phase == Lost:
		v.releaseAway(m)
	case m.phase == Off:
		v.releaseOff(m)
	case m.phase == Starting && !v.stands(m):
		v.stop(m, "it is not up yet, and its pool is "+v.pools[m.pool].hours.String())
	case m.phase == Starting && v.past(m.StartedAt, v.pools[m.pool].BootLimit):
		v.fail(m, fmt.Sprintf("no runner %s after its start", v.pools[m.pool].BootLimit))
	}
}

// fail ends a machine that did not come up, and remembers it against its
// template. Another one takes its place.
func (v *view) fail(m *machineView, why string) {
	v.strike(BootKey(m.Pool, m.Template), string(m.ID)+": "+why)
	v.end(m, why, false)
}

func (v *view) releaseUnenrolled(m *machineView) {
	switch {
	case m.phase == Registering && v.unclaimed(m) != "":
		v.withdraw(m)
	case m.Try > 0:
		v.releaseUnready(m)
	}
}

// releaseStandingIdle stops a machine when its pool closes. A cold pool's
// machine waits for the job that it was started for, unless GitHub gives it none.
func (v *view) releaseStandingIdle(m *machineView) {
	h := v.pools[m.pool].hours
	since := v.wantedSince(m)
	switch {
	case h.idle():
	case !h.launches() || since.IsZero():
		v.stop(m, "idle, and its pool is "+h.String())
	case v.past(later(m.ReadyAt, since), idledOut):
		v.strikeIdled(m)
		v.stop(m, fmt.Sprintf("GitHub gave it no job for %s although one waits", idledOut))
	}
}

// releaseAway ends a machine whose registration is gone, or whose runner stays
// away. One that is only offline may be updating itself, or GitHub may be down.
func (v *view) releaseAway(m *machineView) {
	p := &v.pools[m.pool]
	switch {
	case m.runner.Missed >= 2:
		v.end(m, "GitHub no longer has its registration", false)
	case v.past(later(m.runner.OnlineAt, m.ReadyAt), p.BootLimit):
		v.end(m, fmt.Sprintf("its runner is offline for %s", p.BootLimit), false)
	case !v.stands(m):
		v.stop(m, "its runner is offline, and its pool is "+p.hours.String())
	}
}

// releaseOff ends a stopped machine that would be of no use when started.
func (v *view) releaseOff(m *machineView) {
	switch {
	case m.ReadyAt.IsZero():
		v.fail(m, "it stopped before its runner came up")
	case !m.Minted():
		v.end(m, "it is stopped and has no registration", false)
	case m.runner != nil && m.runner.Missed >= 2:
		v.end(m, "GitHub no longer has its registration", false)
	case v.restless(m):
		v.end(m, fmt.Sprintf("it stopped by itself %d times in a row soon after it came up", mostStops), false)
	case v.stuck(m):
		v.end(m, "EC2 has no room to start it, and elsewhere it has", false)
	}
}

// stuck reports whether EC2 refused to start a machine several times, and its
// pool has other offers: a stopped machine is bound to its type and zone.
func (v *view) stuck(m *machineView) bool {
	p := &v.pools[m.pool]
	if len(v.setbacks) == 0 {
		return false
	}
	s := v.setbacks[OfferKey(m.Offer)]
	if s.Strikes < len(setbackSpans)-1 || !s.Holds(v.At) || !p.hours.idle() {
		return false
	}
	clean, _ := v.offers(p, OnDemand)
	return clean > 0
}

// stop asks for a machine's stop.
func (v *view) stop(m *machineView, reason string) {
	v.intend(Intent{Reason: reason, Stop: &Stop{Machine: m.ID, Scope: m.Scope, Name: RunnerName(v.Fleet.Name, m.ID, m.Try)}})
	m.intent, m.leaving = true, true
}

// releaseSurplus ends machines of a standing pool that has more than its file
// says: lost and stopped ones first, none that has a job.
func (v *view) releaseSurplus() {
	for i := range v.pools {
		p := &v.pools[i]
		if !p.Stands() || p.count <= p.Max {
			continue
		}
		all := slices.DeleteFunc(v.standing(i), func(m *machineView) bool { return m.leaving })
		more := len(all) + p.coming - p.Max
		for _, m := range all {
			if more > 0 && !m.intent && !m.held && m.phase != Busy && !v.refusedLately(m.TriedAt) {
				v.end(m, fmt.Sprintf("pool %s has more than its %d machines", p.Name, p.Max), false)
				more--
			}
		}
	}
}

// standing are a pool's standing machines, those that are of least use first.
func (v *view) standing(pool int) []*machineView {
	var all []*machineView
	for i := range v.machines {
		if m := &v.machines[i]; m.pool == pool && m.Standing && m.phase < Ending {
			all = append(all, m)
		}
	}
	use := []Phase{Lost, Off, Booting, Ready, Registering, Starting, Idle, Busy}
	slices.SortStableFunc(all, func(a, b *machineView) int {
		return cmp.Compare(slices.Index(use, a.phase), slices.Index(use, b.phase))
	})
	return all
}
