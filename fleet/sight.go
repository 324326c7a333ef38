package fleet

import "strings"

// Sight is one machine and all that a snapshot says of it, for people.
type Sight struct {
	Machine  Machine
	Phase    Phase
	Why      string    // it is in this phase
	Pool     *Pool     // with defaults filled in; nil if it left the fleet file
	Job      *Job      // that its runner took; nil while none is known
	Runner   *Runner   // its registration, as a full look saw it; nil before
	Report   *Report   // what its agent told last; nil: nothing, or it did not arrive
	Intents  []Intent  // open ones that are about it, and the launch that made it
	Setbacks []Setback // that touch it, those that are over too
	Orders   []Order   // in force, about it, its pool or the fleet
}

// SightOf is what a snapshot says of a machine; false if it does not know it.
// Without Boots, the phases booting and ready are told apart by DefaultBoot.
func SightOf(s Snapshot, id MachineID) (Sight, bool) {
	v := settle(s)
	i, ok := v.byID[id]
	if !ok {
		return Sight{}, false
	}
	m := &v.machines[i]
	out := Sight{Machine: *m.Machine, Phase: m.phase, Why: m.why, Job: m.job, Runner: m.runner, Report: m.report}
	if m.pool >= 0 {
		out.Pool = &v.pools[m.pool].Pool
	}
	for _, in := range v.State.Intents {
		if in.touches(m.Machine, v.Fleet.Name) {
			out.Intents = append(out.Intents, in)
		}
	}
	for _, b := range sorted(s.State.Setbacks, func(a, b *Setback) int { return a.Key.compare(b.Key) }) {
		if m.touchedBy(b.Key, out.Pool) {
			out.Setbacks = append(out.Setbacks, b)
		}
	}
	for _, o := range sorted(s.State.Orders, compareOrders) {
		ofMachine := o.Kind == Drain || o.Kind == Hold || o.Kind == Halt
		if o.Holds(s.At) && (ofMachine && o.Subject == string(id) || !ofMachine && (o.Subject == "" || o.Subject == m.Pool)) {
			out.Orders = append(out.Orders, o)
		}
	}
	return out, true
}

// Phases is in which phase each machine of a snapshot is; see SightOf.
func Phases(s Snapshot) map[MachineID]Phase {
	v := settle(s)
	all := make(map[MachineID]Phase, len(v.machines))
	for i := range v.machines {
		all[v.machines[i].ID] = v.machines[i].phase
	}
	return all
}

// touches reports whether an intent launched a machine, or changes anything of
// it or of what it left behind.
func (i Intent) touches(m *Machine, fleet string) bool {
	if i.ID == m.Intent || i.Machine() == m.ID {
		return true
	}
	if i.Remove != nil {
		id, _, ok := ParseRunnerName(fleet, i.Remove.Name)
		return ok && id == m.ID
	}
	if i.Sweep == nil {
		return false
	}
	for _, id := range i.Sweep.Parameters {
		if id == m.ID {
			return true
		}
	}
	return false
}

// touchedBy reports whether a setback is about the machine's offer, its pool's
// template or registrations, or a class that it could serve.
func (m *machineView) touchedBy(k SetbackKey, p *Pool) bool {
	anywhere := m.scope == Scope{} // it is not registered yet
	switch k.Kind {
	case OfferEmpty:
		return k == OfferKey(m.Offer)
	case BootsFailed:
		return k == BootKey(m.Pool, m.Template)
	case LaunchRefused:
		return k == LaunchKey(m.Pool, m.Template)
	case StayFailed:
		return k == StayKey(m.Pool, m.ID)
	case MintRefused:
		return k == MintKey(m.Pool, m.scope) || anywhere && strings.HasPrefix(k.Subject, m.Pool+"/")
	case ClassIdled:
		scope, labels, _ := strings.Cut(strings.TrimSuffix(k.Subject, "]"), "[")
		return (anywhere || scope == m.scope.String()) && p != nil && p.Fits(Labels(labels))
	}
	return false
}
