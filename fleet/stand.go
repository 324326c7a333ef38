package fleet

import "time"

// stockStanding counts a standing machine as supply of the scope that it is, or
// will be, registered in.
func (v *view) stockStanding(s *stock, m *machineView) {
	p := &v.pools[m.pool]
	at := place{p.scope, m.pool}
	if m.Minted() {
		at.scope = m.Scope
	}
	switch {
	case m.phase == Lost, m.phase >= Ending, m.phase == Busy && m.job != nil:
	case m.phase != Off, m.intent:
		s.bound[at]++
	case !v.startable(m):
	case p.hours.idle():
		s.bound[at]++ // it is started anyway
	case p.hours.launches():
		s.off[at]++
	}
}

// startable reports whether a stopped machine may be started, once it is.
func (v *view) startable(m *machineView) bool {
	if v.paused || v.pools[m.pool].paused || m.drained || v.refusedLately(m.TriedAt) {
		return false
	}
	return len(v.setbacks) == 0 || // as a rule, and a fleet may have a thousand stopped machines
		!v.setbacks[OfferKey(m.Offer)].Holds(v.At) && !v.setbacks[BootKey(m.Pool, m.Template)].Holds(v.At) &&
			!v.setbacks[StayKey(m.Pool, m.ID)].Holds(v.At)
}

// enrol registers standing machines that are ready, whether a job waits or not.
func (v *view) enrol() {
	for i := range v.machines {
		m := &v.machines[i]
		if m.Standing && m.pool >= 0 && m.phase == Ready && v.pools[m.pool].scope != (Scope{}) && v.stands(m) {
			v.mintFor(m, v.pools[m.pool].scope)
		}
	}
}

// stand starts a pool's stopped machines and launches missing ones: all of them
// while it is open, and of the stopped ones as many as jobs claim while it is
// closed.
func (v *view) stand(pool int) {
	p := &v.pools[pool]
	want := p.starts
	if p.hours.idle() {
		want = p.Max
	}
	for i := range v.machines {
		if want == 0 {
			break
		}
		m := &v.machines[i]
		if m.pool == pool && m.Standing && m.phase == Off && m.State == Stopped && !m.intent && v.startable(m) && v.spendStart(m) {
			v.start(m)
			want--
		}
	}
	if missing := p.Max - p.count; missing > 0 && p.hours.idle() {
		if n, market, _ := v.room(p.scope, pool, missing, OnDemand); n > 0 {
			v.launch(pool, market, n)
		}
	}
}

// spendStart takes one start from the allowance of launches. An offer or a
// template on probation is tried by one machine.
func (v *view) spendStart(m *machineView) bool {
	for _, k := range []SetbackKey{OfferKey(m.Offer), BootKey(m.Pool, m.Template)} {
		s := v.setbacks[k]
		if !s.Probation(v.At) {
			continue
		}
		if v.tried[k] || k.Kind == BootsFailed && v.trying(m.pool, s.Until) > 0 {
			return false
		}
		v.tried[k] = true
	}
	if v.Allowance.Launches == 0 {
		v.wake(v.At.Add(time.Second))
		return false
	}
	if v.Allowance.Launches > 0 {
		v.Allowance.Launches--
	}
	return true
}

func (v *view) start(m *machineView) {
	h := v.pools[m.pool].hours
	reason := "its pool is " + h.String()
	switch {
	case h.Early:
		reason = "its pool opens within a boot: " + h.String()
	case h.Closed:
		reason = "a job of " + m.Scope.String() + " waits for it"
	}
	v.intend(Intent{Reason: reason, Start: &Start{Machine: m.ID, Offer: m.Offer}})
	m.intent = true
}
