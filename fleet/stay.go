package fleet

import (
	"fmt"
	"time"
)

// A standing machine may stop by itself soon after it came up: GitHub refuses
// its runner's version, or let go of it, or something on its disk is broken.
// Each such stop is a strike against the machine, which rests before its next
// start, and the last one is a strike against its template too: where machine
// after machine does so, a new one is no cure. Reports tell the cause sooner and
// are not needed. To strike the template from the first was considered: one
// machine's broken disk would keep its whole pool from starting.
const (
	// stayFor is how long a standing machine must be up, if no job proves it
	// sooner, until its start was a success. A runner tries four minutes for a
	// session that another one holds, and a stop is seen some minutes late.
	stayFor = 10 * time.Minute
	// mostStops is how many strikes end a machine. One stop may be an accident,
	// and so may a second one three minutes later; the next comes after six more.
	// A registration that is gone, or a broken disk, no start mends: a new machine
	// registers anew. An earlier end would throw its disk away, with all that its
	// jobs have cached, for a bad minute of GitHub's.
	mostStops = 3
)

// since is when a machine began to come up, the last time.
func (m *machineView) since() time.Time { return later(m.LaunchedAt, m.StartedAt) }

// clearStanding forgets the setbacks that a standing machine's start has
// answered: it had a job, or it stays.
func (v *view) clearStanding(m *machineView) {
	for _, k := range []SetbackKey{BootKey(m.Pool, m.Template), StayKey(m.Pool, m.ID)} {
		if s, ok := v.setbacks[k]; ok && m.since().After(s.At) && v.stays(m) {
			v.success(k, m.since())
		}
	}
}

func (v *view) stays(m *machineView) bool {
	switch {
	case m.served.After(m.since()):
		return true
	case m.phase == Busy:
		return m.job == nil || m.job.StartedAt.After(m.since()) // not one that an earlier stop cut off
	}
	return m.phase == Idle && v.past(m.ReadyAt, stayFor)
}

// restless strikes a machine that stopped by itself soon after it came up, once
// for each stop, and reports whether it did so too often.
func (v *view) restless(m *machineView) bool {
	span := m.StoppedAt.Sub(m.ReadyAt)
	if m.phase != Off || !m.Unasked || m.ReadyAt.IsZero() || span >= stayFor || m.served.After(m.since()) {
		return false
	}
	k := StayKey(m.Pool, m.ID)
	if s := v.setbacks[k]; s.At.Before(m.StoppedAt) && !s.Holds(v.At) {
		n := s.Strikes + 1
		detail := fmt.Sprintf("it stopped by itself %s after it came up, strike %d of %d", span.Round(time.Second), n, mostStops)
		if n >= mostStops {
			detail += ": another one takes its place"
			v.strike(BootKey(m.Pool, m.Template), fmt.Sprintf("%s: it stopped by itself soon after each start", m.ID))
		}
		v.strike(k, detail)
	}
	return v.setbacks[k].Strikes >= mostStops
}

// rests is why a pool that is at its cap can take no more jobs: if one of its
// machines is set back, that.
func (v *view) rests(pool int, full Verdict) Verdict {
	if full.Code != PoolFull || !v.pools[pool].Stands() || len(v.setbacks) == 0 {
		return full
	}
	for i := range v.machines {
		m := &v.machines[i]
		if m.pool != pool || m.phase != Off {
			continue
		}
		if s := v.setbacks[StayKey(m.Pool, m.ID)]; s.Holds(v.At) {
			return Verdict{SetBack, fmt.Sprintf("pool %s: machine %s: %s", m.Pool, m.ID, s.Detail)}
		}
	}
	return full
}
