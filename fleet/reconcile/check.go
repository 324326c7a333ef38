package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Check is what GitHub and AWS have against a fleet file.
type Check struct {
	Problems []string          // all of them, for people
	Stops    map[string]string // why pools can launch nothing that registers, by name
	Done     bool              // everything was answered, and nothing stops a pool
}

const (
	// markCheck is the mark of the last check. A process that looks may be new,
	// and must not ask again what another asked.
	markCheck  = "check"
	checkAgain = time.Minute // a check that is not done, or was not answered
)

// checkMark is the mark's body.
type checkMark struct {
	Generation string // of the fleet file
	At         time.Time
	Check
}

func checkIn(marks map[string]string) (m checkMark) {
	_ = json.Unmarshal([]byte(marks[markCheck]), &m) // one that cannot be read is none
	return m
}

// unfit adds what the last check found to the problems of pools, if it was of the
// fleet file that this manager goes by.
func (r *Reconciler) unfit(s fleet.Snapshot, problems map[string]string) {
	r.memory.check = checkIn(s.State.Marks)
	if r.Generation == "" || r.memory.check.Generation != r.Generation {
		return
	}
	for pool, text := range r.memory.check.Stops {
		if problems[pool] == "" {
			problems[pool] = text
		}
	}
}

// Recheck has a fleet file checked once for each generation of it, whoever looks,
// and again while it does not fit or is not answered, a minute later at the
// earliest. It comes after a look, tells people of what is new, and reports
// whether the next look would find other pools stopped. ask reports false if it
// could not ask.
func (r *Reconciler) Recheck(ctx context.Context, ask func(context.Context) (Check, bool)) (news bool, err error) {
	last, at := r.memory.check, r.Now()
	known := last.Generation == r.Generation
	if !known {
		last = checkMark{} // no look goes by another file's
	}
	if known && last.Done || at.Sub(last.At) < checkAgain || at.Sub(r.memory.unchecked) < checkAgain {
		return false, nil
	}
	found, ok := ask(ctx)
	if !ok {
		r.memory.unchecked = at
		return false, nil
	}
	next := checkMark{r.Generation, at, found.bounded()}
	body, err := json.Marshal(next)
	if err != nil {
		return false, err
	}
	if err := r.Ledger.Settle(ctx, fleet.Change{Marks: map[string]string{markCheck: string(body)}}); err != nil {
		return false, fmt.Errorf("record a check: %w", err)
	}
	r.memory.check = next
	for _, text := range next.Problems {
		if !known || !slices.Contains(last.Problems, text) {
			r.Log.ErrorContext(ctx, "the fleet file does not fit GitHub or AWS", "problem", text)
		}
	}
	if len(next.Problems) == 0 && (!known || len(last.Problems) > 0) {
		r.Log.InfoContext(ctx, "GitHub and AWS have what the fleet file names")
	}
	return !maps.Equal(next.Stops, last.Stops), nil
}

// bounded is the check as a row of the ledger takes it.
func (c Check) bounded() Check {
	for i, text := range c.Problems {
		c.Problems[i] = short(text)
	}
	c.Problems = c.Problems[:min(len(c.Problems), problemsKept)]
	stops := map[string]string{}
	for _, pool := range slices.Sorted(maps.Keys(c.Stops)) {
		if len(stops) < problemsKept {
			stops[pool] = short(c.Stops[pool])
		}
	}
	c.Stops = stops
	return c
}
