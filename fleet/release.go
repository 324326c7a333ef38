package fleet

import (
	"fmt"
	"slices"
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
			v.restless(m)
		default:
			v.releaseLive(m)
		}
	}
	v.releaseSurplus()
	v.releaseStrays()
	v.releaseLeftovers()
	v.closeJobs()
}

// endAgain ends a machine that EC2 still shows alive well after it agreed to
// end it, or after it said that it does not know it.
func (v *view) endAgain(m *machineView) {
	alive := m.State == Pending || m.State == Up || m.State == Stopping || m.State == Stopped
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
	if m.Standing {
		v.releaseStanding(m)
		return
	}
	if m.over() && m.phase <= Idle {
		v.releaseOver(m)
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

// dismiss ends a machine that is to take no job any more, and reports whether
// it is one.
func (v *view) dismiss(m *machineView) bool {
	switch {
	case m.pool < 0:
		v.end(m, v.retired(m), false)
	case m.drained:
		v.end(m, "drained by an operator", false)
	default:
		return false
	}
	return true
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
	switch {
	case v.dismiss(m):
	case v.wanted(m):
		// One that was never registered has proved nothing yet.
		if m.Try > 0 {
			v.releaseUnready(m)
		}
	case v.closed(m):
		v.end(m, "no job needs it, and its pool is "+v.pools[m.pool].hours.String(), false)
	case v.past(m.LaunchedAt, v.pools[m.pool].boot+v.pools[m.pool].IdleLimit):
		v.end(m, fmt.Sprintf("no job needs it, idle limit of %s is over", v.pools[m.pool].IdleLimit), false)
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
	case v.dismiss(m):
	case v.closed(m) && !v.wanted(m):
		v.end(m, "no job needs it, and its pool is "+v.pools[m.pool].hours.String(), false)
	case v.unclaimed(m) != "":
		v.withdraw(m)
	default:
		v.releaseUnready(m)
	}
}

// unclaimed is why a registration is taken back that nobody uses; empty if its
// machine's agent has the config, or may still come for it.
func (v *view) unclaimed(m *machineView) string {
	switch {
	case !m.Taken && v.past(m.MintedAt, withdrawAfter):
		return fmt.Sprintf("no agent took the config within %s", withdrawAfter)
	case m.Taken && !m.ResentAt.IsZero() && v.past(m.ResentAt, onlineWithin):
		return fmt.Sprintf("its agent may never have had the config, and did not come online within %s", onlineWithin)
	}
	return ""
}

func (v *view) withdraw(m *machineView) {
	v.intend(Intent{
		Reason:   v.unclaimed(m),
		Withdraw: &Withdraw{Machine: m.ID, Scope: m.Scope, RunnerID: m.RunnerID, Name: v.nameless(m)},
	})
	m.intent = true
}

func (v *view) releaseIdle(m *machineView) {
	switch {
	case v.dismiss(m):
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
	if !dropped && !offline || v.suspected(m) {
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
	if m.Standing {
		since = time.Time{} // of a job that nobody announced; the agent has the same limit
	}
	if m.job != nil {
		since = m.job.StartedAt
	}
	if !since.IsZero() && v.past(since, limit) {
		v.end(m, fmt.Sprintf("its job ran longer than the job limit of %s", limit), true)
		return
	}
	if m.job != nil && m.over() && v.past(m.report.At, endGrace) {
		v.ask(m.job) // it is over by the machine's word, and no event says so
		return
	}
	if m.job != nil && m.runner != nil && (m.runner.Missed >= 2 || m.Standing && m.seemsFree()) {
		v.ask(m.job)
	}
}

// closed reports whether the machine's pool keeps no idle capacity just now.
func (v *view) closed(m *machineView) bool { return m.pool >= 0 && !v.pools[m.pool].hours.idle() }

// wanted reports whether a job waits that the machine could take.
func (v *view) wanted(m *machineView) bool { return !v.wantedSince(m).IsZero() }

// wantedSince is since when the oldest such job waits; zero if there is none.
func (v *view) wantedSince(m *machineView) (since time.Time) {
	if m.pool < 0 {
		return since
	}
	for _, c := range v.classes {
		if m.Minted() && c.Scope != m.Scope {
			continue
		}
		if c.served && slices.Contains(c.pools, m.pool) && !v.classHeld(c) && (since.IsZero() || c.oldest.Before(since)) {
			since = c.oldest
		}
	}
	return since
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
