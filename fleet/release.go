package fleet

import (
	"fmt"
	"time"
)

// release says who must go, and why. What it leaves alone is supply.
func (v *view) release() {
	for i := range v.machines {
		m := &v.machines[i]
		switch {
		case m.intent:
			// Something is under way; its outcome decides.
		case m.phase == Gone:
			v.bury(m)
		case m.phase == Ending:
			v.strikeIdled(m)
			v.endAgain(m)
		case m.halted:
			if !v.refusedLately(m.TriedAt) {
				v.end(m, "operator: "+m.haltedWhy, true)
			}
		case m.held:
			// An operator wants to look at it.
		default:
			v.releaseLive(m)
		}
	}
	v.releaseStrays()
	v.releaseLeftovers()
	v.closeJobs()
}

// endAgain ends a machine that EC2 still shows alive well after it agreed to
// end it: an unknown machine is no error to EC2's adapter, and a new one may be
// unknown for a while.
func (v *view) endAgain(m *machineView) {
	alive := m.State == Pending || m.State == Up || m.State == Stopped
	if alive && m.Missed == 0 && m.SeenAt.Sub(m.EndedAt) >= orphanBound && !v.refusedLately(m.TriedAt) {
		v.end(m, "EC2 still shows it after it was ended", true)
	}
}

// releaseLive asks each phase's own question of a machine that EC2 shows.
func (v *view) releaseLive(m *machineView) {
	if v.refusedLately(m.TriedAt) || !m.AdoptedAt.IsZero() && !v.confirmed(m.AdoptedAt) {
		return
	}
	if m.leaves() && m.phase <= Idle {
		v.end(m, "Spot takes it back, and it runs no job", false)
		return
	}
	switch m.phase {
	case Booting, Ready:
		v.releaseGeneric(m)
	case Registering:
		v.releaseRegistering(m)
	case Idle:
		v.releaseIdle(m)
	case Lost:
		v.releaseLost(m)
	case Busy:
		v.releaseBusy(m)
	case Finished:
		if v.past(m.job.DoneAt, endGrace) || v.past(m.job.ChangedAt, endGrace) {
			v.end(m, fmt.Sprintf("job %d is done, grace of %s is over", m.job.Key.ID, endGrace), !m.unsure())
		}
	}
}

// confirmed reports whether two full looks have agreed since an instant: what
// this ledger did not launch is not judged by one sight.
func (v *view) confirmed(since time.Time) bool {
	return v.past(since, orphanBound) && v.LookedBefore.After(since)
}

func (v *view) refusedLately(tried time.Time) bool {
	return !tried.IsZero() && !v.past(tried, retryAfter)
}

func (v *view) releaseGeneric(m *machineView) {
	idle, boot := DefaultIdleLimit, DefaultBoot
	if m.pool >= 0 {
		idle, boot = v.pools[m.pool].IdleLimit, v.pools[m.pool].boot
	}
	switch {
	case m.pool < 0:
		v.end(m, fmt.Sprintf("pool %s left the fleet file", m.Pool), false)
	case m.drained:
		v.end(m, "drained by an operator", false)
	case v.wanted(m):
		// One that was never registered has proved nothing yet.
		if m.Try > 0 {
			v.releaseUnready(m)
		}
	case v.closed(m):
		v.end(m, "no job needs it, and its pool is "+v.pools[m.pool].hours.String(), false)
	case v.past(m.LaunchedAt, boot+idle):
		v.end(m, fmt.Sprintf("no job needs it, idle limit of %s is over", idle), false)
	}
}

// releaseUnready ends a machine that did not come up within its boot limit,
// and remembers the failure against its template.
func (v *view) releaseUnready(m *machineView) {
	limit := v.pools[m.pool].BootLimit
	if !v.past(m.LaunchedAt, limit) {
		return
	}
	why := fmt.Sprintf("no runner %s after its launch", limit)
	v.strike(BootKey(m.Pool, m.Template), string(m.ID)+": "+why)
	v.end(m, why, false)
}

func (v *view) releaseRegistering(m *machineView) {
	switch {
	case m.pool < 0:
		v.end(m, fmt.Sprintf("pool %s left the fleet file", m.Pool), false)
	case m.drained:
		v.end(m, "drained by an operator", false)
	case v.closed(m) && !v.wanted(m):
		v.end(m, "no job needs it, and its pool is "+v.pools[m.pool].hours.String(), false)
	case !m.Taken && v.past(m.MintedAt, withdrawAfter):
		v.intend(Intent{
			Reason:   fmt.Sprintf("no agent took the config within %s", withdrawAfter),
			Withdraw: &Withdraw{Machine: m.ID, Scope: m.Scope, RunnerID: m.RunnerID, Name: v.nameless(m)},
		})
		m.intent = true
	default:
		v.releaseUnready(m)
	}
}

func (v *view) releaseIdle(m *machineView) {
	switch {
	case m.pool < 0:
		v.end(m, fmt.Sprintf("pool %s left the fleet file", m.Pool), false)
	case m.drained:
		v.end(m, "drained by an operator", false)
	case v.wanted(m):
		if v.past(m.ReadyAt, idledOut) {
			v.strikeIdled(m)
			v.end(m, fmt.Sprintf("GitHub gave it no job for %s although one waits", idledOut), false)
		}
	case v.closed(m):
		v.end(m, "idle, and its pool is "+v.pools[m.pool].hours.String(), false)
	case v.past(m.ReadyAt, v.pools[m.pool].IdleLimit):
		v.end(m, fmt.Sprintf("idle, no job of its classes waits, idle limit of %s is over", v.pools[m.pool].IdleLimit), false)
	}
}

// releaseLost ends a machine whose registration is gone: it can take no job.
func (v *view) releaseLost(m *machineView) {
	dropped := m.runner.Missed >= 2
	offline := m.runner.Missed == 0 && m.runner.SeenAt.Sub(m.ReadyAt) >= orphanBound
	if !dropped && !offline {
		return
	}
	why := "its runner went offline"
	if dropped {
		why = "GitHub no longer has its registration"
	}
	v.strikeIdled(m)
	v.end(m, why, false)
}

func (v *view) releaseBusy(m *machineView) {
	limit := DefaultJobLimit
	if m.pool >= 0 {
		limit = v.pools[m.pool].JobLimit
	}
	if m.job == nil && v.foreign(m) {
		if v.past(m.AdoptedAt, limit) {
			v.end(m, fmt.Sprintf("another ledger launched it, and no sign of a job came within the job limit of %s", limit), true)
		}
		return
	}
	since := m.ReadyAt
	if m.job != nil {
		since = m.job.StartedAt
	}
	if !since.IsZero() && v.past(since, limit) {
		v.end(m, fmt.Sprintf("its job ran longer than the job limit of %s", limit), true)
		return
	}
	if m.job != nil && m.runner != nil && m.runner.Missed >= 2 {
		v.ask(m.job)
	}
}

// closed reports whether the machine's pool keeps no idle capacity just now.
func (v *view) closed(m *machineView) bool { return m.pool >= 0 && !v.pools[m.pool].hours.idle() }

// wanted reports whether a job waits that the machine could take.
func (v *view) wanted(m *machineView) bool {
	if m.pool < 0 {
		return false
	}
	for _, c := range v.classes {
		if m.Minted() && c.Scope != m.Scope {
			continue
		}
		if c.served && v.pools[m.pool].Fits(c.Labels) && !v.classHeld(c) {
			return true
		}
	}
	return false
}

// strikeIdled remembers that a registered machine goes without a job although
// one waited for it all the time: GitHub does not assign that class.
func (v *view) strikeIdled(m *machineView) {
	if m.ReadyAt.IsZero() || m.job != nil || m.phase == Ending && m.EndReason != "" {
		return
	}
	for _, c := range v.classes {
		if c.Scope == m.Scope && c.served && v.poolFits(m.pool, c.Labels) && c.oldest.Before(m.ReadyAt) {
			v.strike(ClassKey(c.Class), fmt.Sprintf("%s idled since %s", m.ID, m.ReadyAt.UTC().Format(time.TimeOnly)))
		}
	}
}

func (v *view) poolFits(pool int, l Labels) bool { return pool >= 0 && v.pools[pool].Fits(l) }

// bury clears what a machine that is gone left behind, then forgets it. A job
// that GitHub still believes to run on it is asked about: no event may come
// for ten minutes, until GitHub's own lock expires.
func (v *view) bury(m *machineView) {
	if m.job != nil && m.job.Status == Running {
		v.ask(m.job)
	}
	if v.refusedLately(m.TriedAt) {
		return
	}
	taken := m.Taken || m.job != nil || !m.ReadyAt.IsZero()
	registered := m.Minted() && (m.job == nil || m.job.Status != Done)
	if registered || m.Try > 0 && !taken {
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

func (v *view) intend(in Intent) { v.plan.Intents = append(v.plan.Intents, in) }

// ask has the next look fetch a job from GitHub, at most once a minute each.
func (v *view) ask(j *Job) {
	if !v.past(later(j.AskedAt, j.ChangedAt), retryAfter) || len(v.plan.Ask) >= askSize {
		return
	}
	for _, k := range v.plan.Ask {
		if k == j.Key {
			return
		}
	}
	v.plan.Ask = append(v.plan.Ask, j.Key)
}
