package fleet

import (
	"fmt"
	"strings"
	"time"
)

// Phase is where a machine stands in its life. It is derived from what is
// seen; nothing stores it.
type Phase int

// The phases of a machine. Off and Starting are a standing one's, Finished is
// an ephemeral one's.
const (
	Booting     Phase = iota // launched; too young to be given a registration
	Ready                    // could be registered, for whatever scope needs it
	Registering              // a registration was minted; no sign of its runner yet
	Idle                     // its runner listens for a job
	Busy                     // its runner has a job
	Finished                 // its job is done; it powers itself off
	Lost                     // EC2 or GitHub no longer shows what should be there
	Off                      // stopped, or about to be: it keeps its disk and its registration
	Starting                 // started again; no sign of its runner yet
	Ending                   // EC2 was asked to end it, or ends it by itself
	Gone                     // terminated, or absent twice; only its traces are left
)

// phases is the life of a machine as a table: name, what leads on from it.
var phases = []struct {
	name string
	next []Phase
	why  string
}{
	Booting:     {"booting", []Phase{Ready, Ending}, "agent asks, boot estimate passed, or image prepared; not needed"},
	Ready:       {"ready", []Phase{Registering, Ending}, "a job needs it; not needed, pool retired"},
	Registering: {"registering", []Phase{Ready, Idle, Busy, Ending}, "config withdrawn; runner online; job began; boot limit"},
	Idle:        {"idle", []Phase{Busy, Off, Lost, Ending}, "job began; standing: hours closed; registration dropped; idle limit"},
	Busy:        {"busy", []Phase{Finished, Idle, Lost, Ending}, "job done; standing: job done; machine absent; job limit"},
	Finished:    {"finished", []Phase{Gone, Ending}, "powered off; grace passed"},
	Lost:        {"lost", []Phase{Idle, Off, Gone, Ending}, "standing: online again, hours closed; absent twice; registration absent twice"},
	Off:         {"stopped", []Phase{Starting, Ending}, "hours open, or a job needs it; registration dropped"},
	Starting:    {"starting", []Phase{Idle, Busy, Off, Ending}, "runner online; job began; not needed; boot limit"},
	Ending:      {"ending", []Phase{Gone}, "terminated"},
	Gone:        {"gone", nil, ""},
}

// String is the phase as people read it.
func (p Phase) String() string {
	if p < 0 || int(p) >= len(phases) {
		return "unknown"
	}
	return phases[p].name
}

// MarshalText is the phase as people read it.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// PhaseDiagram draws the phases and what leads from one to the next, for the
// README. A golden test holds it.
func PhaseDiagram() string {
	var b strings.Builder
	for _, p := range phases {
		if len(p.next) == 0 {
			fmt.Fprintf(&b, "%-12s (its rows are forgotten)\n", p.name)
			continue
		}
		names := make([]string, len(p.next))
		for i, n := range p.next {
			names[i] = n.String()
		}
		fmt.Fprintf(&b, "%-12s -> %-34s %s\n", p.name, strings.Join(names, ", "), p.why)
	}
	return b.String()
}

// settlePhases derives each machine's phase and counts it against the caps.
func (v *view) settlePhases() {
	for i := range v.machines {
		m := &v.machines[i]
		m.phase, m.why = v.phaseOf(m)
		if m.phase >= Ending {
			continue
		}
		v.total++
		if m.phase <= Ready {
			v.unminted(m.pool, 1)
		}
		i := m.pool
		if i < 0 {
			i = v.pool(m.Pool) // it may have another lifetime or account by now
		}
		if i >= 0 {
			v.pools[i].count++
			if m.phase == Busy {
				v.pools[i].busy++
			}
		}
	}
}

// phaseOf is a machine's phase, and what of all that is seen makes it so.
func (v *view) phaseOf(m *machineView) (Phase, string) {
	switch {
	case m.State == Terminated:
		return Gone, "EC2 shows it terminated"
	case v.absent(m):
		return Gone, "two full looks did not show it"
	case !m.EndedAt.IsZero():
		return Ending, "EC2 was asked to end it"
	case m.Machine.Gone():
		return Ending, "EC2 ends it by itself"
	case !m.StoppedAt.IsZero():
		return m.off()
	case m.job != nil && m.job.Status == Running:
		return Busy, "a job runs on it"
	case m.runner != nil && m.runner.Busy && m.runner.Missed < 2:
		return Busy, "GitHub says that its runner is busy"
	case m.job != nil:
		return Finished, "its job is done"
	case m.Minted():
		return m.registered()
	case v.foreign(m):
		return Busy, "another ledger launched it, and it may run a job"
	case m.pool < 0:
		return Ready, "its pool " + v.gone(m)
	case v.pools[m.pool].Prepared:
		return Ready, "its image is prepared"
	case m.asks():
		return Ready, "its agent asks for a config"
	case v.past(m.LaunchedAt, v.pools[m.pool].boot):
		return Ready, "its pool's boot estimate has passed"
	}
	return Booting, "its pool's boot estimate has not passed"
}

// registered is the phase of a machine that has a registration and no job.
func (m *machineView) registered() (Phase, string) {
	switch {
	case m.runner != nil && m.runner.Missed >= 2:
		return Lost, "two full looks did not show its registration"
	case m.runner != nil && !m.ReadyAt.IsZero() && !m.runner.Online:
		return Lost, "its runner was online and is not any more"
	case !m.ReadyAt.IsZero():
		return Idle, "its runner listens for a job"
	case !m.StartedAt.IsZero():
		return Starting, "it was started, and its runner was not seen online since"
	}
	return Registering, "its runner was not seen online yet"
}

// absent reports whether EC2 no longer has the machine: it was not shown by
// two full looks, and it is too old to be merely new.
func (v *view) absent(m *machineView) bool {
	return m.Missed >= 2 && v.past(m.LaunchedAt, PendingFor)
}

// foreign reports whether another ledger launched the machine, and may have
// registered it: this one knows neither its registration nor its job.
func (v *view) foreign(m *machineView) bool {
	return !m.AdoptedAt.IsZero() && m.Ledger != "" && m.Ledger != v.State.Ledger && !m.Minted()
}

// clear forgets setbacks that a success has answered: a machine of the
// template came up, and stays if it is to stand; a job of the class began.
func (v *view) clear() {
	if len(v.setbacks) == 0 {
		return
	}
	for i := range v.machines {
		m := &v.machines[i]
		up := !v.foreign(m) && (m.phase == Busy || m.phase == Idle || m.phase == Finished)
		switch {
		case m.Standing && !v.foreign(m):
			v.clearStanding(m)
		case up:
			v.success(BootKey(m.Pool, m.Template), m.LaunchedAt)
		}
		if up {
			v.success(MintKey(m.Pool, m.Scope), m.MintedAt)
		}
		if m.job != nil {
			v.success(ClassKey(m.job.Class), m.job.StartedAt)
		}
	}
}

func (v *view) success(k SetbackKey, at time.Time) {
	if s, ok := v.setbacks[k]; ok && at.After(s.At) {
		delete(v.setbacks, k)
		v.plan.Cleared = append(v.plan.Cleared, k)
	}
}
