package fleet

// bury clears what a machine that is gone left behind, then forgets it. A job
// that GitHub still believes to run on it is asked about: no event may come
// for ten minutes, until GitHub's own lock expires.
func (v *view) bury(m *machineView) {
	if m.job != nil && m.job.Status == Running {
		v.ask(m.job)
	}
	if v.refusedLately(m.TriedAt) || v.suspected(m) {
		return
	}
	v.strikeUnbooted(m)
	taken := m.Taken || m.job != nil || !m.ReadyAt.IsZero()
	registered := m.Minted() && (m.job == nil || m.job.Status != Done)
	if registered || m.Try > 0 && !taken || !m.ResentAt.IsZero() {
		e := &End{Machine: m.ID, Scope: m.Scope, Absent: true}
		if registered {
			e.RunnerID, e.Name = m.RunnerID, v.nameless(m)
		}
		v.strikeIdled(m)
		v.intend(Intent{Reason: "the machine is gone, its traces are cleared", End: e})
		m.intent = true
		return
	}
	v.forget(m)
}

func (v *view) forget(m *machineView) {
	v.plan.Forget = append(v.plan.Forget, m.ID)
	if k := StayKey(m.Pool, m.ID); m.Standing && v.setbacks[k].Strikes > 0 {
		delete(v.setbacks, k)
		v.plan.Cleared = append(v.plan.Cleared, k)
	}
	if m.runner != nil && !m.outlived() {
		v.plan.Ended = append(v.plan.Ended, m.runner.Name)
		v.ended[m.runner.Name] = true
	}
	delete(v.byID, m.ID)
}

// end asks for a machine's end. Without force GitHub must agree first.
func (v *view) end(m *machineView, reason string, force bool) {
	e := &End{Machine: m.ID, Force: force}
	if m.Minted() && (m.job == nil || m.job.Status != Done || m.unsure()) {
		e.Scope, e.RunnerID, e.Name = m.Scope, m.RunnerID, v.nameless(m)
	}
	v.intend(Intent{Reason: reason, End: e})
	m.intent, m.phase = true, Ending
}

// nameless is the name by which a machine's registration is found while its
// number is not known; empty if that is.
func (v *view) nameless(m *machineView) string {
	if m.RunnerID != 0 {
		return ""
	}
	return RunnerName(v.Fleet.Name, m.ID, m.Try)
}

// unsure reports whether the machine's job is done only because GitHub does not
// show it any more.
func (m *machineView) unsure() bool { return m.job != nil && m.job.Conclusion == ConclusionGone }
