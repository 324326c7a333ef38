package fleet

import (
	"cmp"
	"slices"
)

// releaseStrays removes registrations under our names that no machine can use:
// replies that were lost, machines that are gone.
func (v *view) releaseStrays() {
	for i := range v.State.Runners {
		r := &v.State.Runners[i]
		id, try, ok := ParseRunnerName(v.Fleet.Name, r.Name)
		if !ok || v.ended[r.Name] {
			continue
		}
		at, known := v.byID[id]
		if known && (v.machines[at].Try == try && v.machines[at].Minted() || v.machines[at].intent) {
			continue
		}
		switch {
		case r.Missed >= 2:
			v.plan.Ended = append(v.plan.Ended, r.Name)
		case r.Missed == 0 && r.SeenAt.Sub(r.FirstAt) >= retryAfter && !v.refusedLately(r.TriedAt) && !v.removing(r):
			v.intend(Intent{
				Reason: "no machine of the fleet can use this registration",
				Remove: &Remove{Scope: r.Scope, RunnerID: r.ID, Name: r.Name},
			})
		}
	}
}

// outlived reports whether GitHub may keep the registration of a machine that
// is gone: it showed it with a job, or after that was done. Full looks follow it
// then, and it is removed as a stray.
func (m *machineView) outlived() bool {
	r := m.runner
	return r.Missed == 0 && (r.Busy || m.job != nil && m.job.Status == Done && r.SeenAt.After(m.job.DoneAt))
}

func (v *view) removing(r *Runner) bool {
	for _, in := range v.State.Intents {
		if in.Remove != nil && in.Remove.RunnerID == r.ID && in.Remove.Scope == r.Scope {
			return true
		}
	}
	return false
}

// releaseLeftovers sweeps what a full look found in AWS without a machine.
func (v *view) releaseLeftovers() {
	l := v.Leftovers
	if len(l.Parameters)+len(l.EC2Fleets)+len(l.Templates) == 0 {
		return
	}
	for _, in := range v.State.Intents {
		if in.Sweep != nil {
			return
		}
	}
	v.intend(Intent{
		Reason: "no machine uses them any more",
		Sweep:  &Sweep{Parameters: first(l.Parameters), EC2Fleets: first(l.EC2Fleets), Templates: first(l.Templates)},
	})
}

// first is what one plan sweeps of a kind, in order.
func first[T cmp.Ordered](all []T) []T {
	some := slices.Sorted(slices.Values(all))
	return some[:min(len(some), sweepSize)]
}

// closeJobs closes jobs that are done and of which nothing of ours is left.
func (v *view) closeJobs() {
	for i := range v.State.Jobs {
		j := &v.State.Jobs[i]
		if j.Status != Done {
			continue
		}
		if m, _ := v.named(j.Runner); m != nil && m.job == j {
			continue
		}
		closed := *j
		closed.Closed = true
		v.plan.Jobs = append(v.plan.Jobs, closed)
	}
}
