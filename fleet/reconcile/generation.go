package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// ErrStale means that this manager's fleet file is older than one that the
// ledger has seen: nothing was committed, and nothing will be until the
// manager reads the file again.
var ErrStale = errors.New("the fleet file is older than the ledger has seen")

// Marks of fleet files that managers keep in the ledger.
const (
	markFile       = "file"        // generation that the last plan went by
	markFileBefore = "file-before" // those before it, and when each was followed
)

// oldFor is how long a generation that another followed is known to be old, where
// no source tells. It is longer than a process goes on that a deployment has
// replaced: later, who has it was given it anew.
const oldFor = 3 * time.Minute

// sourceOf is where a generation's file is kept.
func sourceOf(generation string) string {
	source, _, _ := strings.Cut(generation, "/")
	return source
}

// generation is what a plan must write so that the ledger knows the fleet file
// it was made by. ErrStale if the file is not the newest; nothing if the
// ledger knows it.
func (r *Reconciler) generation(ctx context.Context, s fleet.Snapshot) (map[string]string, error) {
	seen := s.State.Marks[markFile]
	if r.Generation == "" || seen == r.Generation {
		return nil, nil
	}
	at := r.Now()
	before := followed(s.State.Marks[markFileBefore], at)
	if r.Current != nil {
		now, err := r.Current(ctx)
		if err != nil {
			return nil, fmt.Errorf("fleet file: %w", err)
		}
		if now != r.Generation {
			return nil, ErrStale
		}
	}
	// The ledger was read before the source: whoever wrote another generation had
	// seen it there by then, so what the same source has now is newer.
	shared := r.Current != nil && sourceOf(seen) == sourceOf(r.Generation)
	if _, old := before[r.Generation]; old && !shared {
		return nil, ErrStale
	}
	delete(before, r.Generation)
	if seen != "" {
		before[seen] = at
	}
	r.Log.InfoContext(ctx, "fleet file taken over", "generation", r.Generation, "before", seen)
	return map[string]string{markFile: r.Generation, markFileBefore: written(before)}, nil
}

// followed reads the generations that others followed lately.
func followed(text string, at time.Time) map[string]time.Time {
	all := map[string]time.Time{}
	for _, one := range strings.Fields(text) {
		id, when, _ := strings.Cut(one, "@")
		if t := instant(when); at.Sub(t) < oldFor {
			all[id] = t
		}
	}
	return all
}

func written(all map[string]time.Time) string {
	var words []string
	for id, t := range all {
		words = append(words, id+"@"+stamp(t))
	}
	return strings.Join(words, " ")
}
