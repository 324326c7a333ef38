package reconcile

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// boots learns how long a pool's machines take from launch to a waiting agent.
type boots struct {
	seen  map[fleet.MachineID]bool
	spans []time.Duration // the last enoughBoots
}

const (
	// enoughBoots is how many boots replace the estimate by their median.
	enoughBoots = 20
	// atOnce is how soon a runner shows that was waiting for its config.
	atOnce = 20 * time.Second
)

// boot is what one machine says of its pool's boots. A machine is registered
// when the estimate has passed, so its runner can never show before that: one
// that shows at once was waiting, and booted in less. Taking the whole span all
// the same would let the estimate feed on itself, ever longer.
func boot(m fleet.Machine, shown time.Time) time.Duration {
	if shown.Sub(m.MintedAt) <= atOnce {
		return m.MintedAt.Sub(m.LaunchedAt) / 2
	}
	return shown.Sub(m.LaunchedAt)
}

// learnBoots is the boot estimate of every pool that was seen to boot often
// enough. A runner shows by its job's start or in a full look, whichever came
// first.
func (r *Reconciler) learnBoots(s fleet.State, name string) map[string]time.Duration {
	if r.memory.boots == nil {
		r.memory.boots = map[string]*boots{}
	}
	started := map[fleet.MachineID]time.Time{}
	for _, j := range s.Jobs {
		if id, _, ok := fleet.ParseRunnerName(name, j.Runner); ok && !j.StartedAt.IsZero() {
			started[id] = j.StartedAt
		}
	}
	known := map[fleet.MachineID]bool{}
	for _, m := range s.Machines {
		known[m.ID] = true
		shown := m.ReadyAt
		if at, ok := started[m.ID]; ok && (shown.IsZero() || at.Before(shown)) {
			shown = at
		}
		if !shown.IsZero() && m.Minted() && m.AdoptedAt.IsZero() && m.StartedAt.IsZero() {
			r.bootsOf(m.Pool).learn(m, shown)
		}
	}
	estimates := map[string]time.Duration{}
	for pool, b := range r.memory.boots {
		for id := range b.seen {
			if !known[id] {
				delete(b.seen, id)
			}
		}
		if len(b.spans) == enoughBoots {
			spans := slices.Sorted(slices.Values(b.spans))
			estimates[pool] = spans[len(spans)/2]
		}
	}
	return estimates
}

func (r *Reconciler) bootsOf(pool string) *boots {
	b := r.memory.boots[pool]
	if b == nil {
		b = &boots{seen: map[fleet.MachineID]bool{}}
		r.memory.boots[pool] = b
	}
	return b
}

func (b *boots) learn(m fleet.Machine, shown time.Time) {
	if b.seen[m.ID] {
		return
	}
	b.seen[m.ID] = true
	b.spans = append(b.spans, boot(m, shown))
	if len(b.spans) > enoughBoots {
		b.spans = b.spans[1:]
	}
}
