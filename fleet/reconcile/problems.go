package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// markProblems is the mark of why pools can launch nothing.
const markProblems = "problems"

// What the mark holds at most: a row of the ledger takes about a thousand short
// ones.
const (
	problemsKept = 200
	problemLimit = 600 // bytes of one
)

// tellProblems keeps in the ledger why pools can launch nothing, for people who
// ask beside the manager. It writes, and logs, only what is new.
func (r *Reconciler) tellProblems(ctx context.Context, s *fleet.Snapshot) error {
	now, before := map[string]string{}, ProblemsIn(s.State.Marks)
	for _, x := range s.Recipes {
		if x.Problem != "" && len(now) < problemsKept {
			now[x.Pool] = short(x.Problem)
		}
	}
	if maps.Equal(now, before) {
		return nil
	}
	for pool, text := range now {
		if before[pool] != text {
			r.Log.ErrorContext(ctx, "a pool can launch nothing", "pool", pool, "problem", text)
		}
	}
	for pool := range before {
		if now[pool] == "" {
			r.Log.InfoContext(ctx, "a pool can launch again", "pool", pool)
		}
	}
	data, err := json.Marshal(now)
	if err != nil {
		return err
	}
	s.State.Marks = maps.Clone(s.State.Marks)
	if s.State.Marks == nil {
		s.State.Marks = map[string]string{}
	}
	s.State.Marks[markProblems] = string(data)
	return r.Ledger.Settle(ctx, fleet.Change{Marks: map[string]string{markProblems: string(data)}})
}

func short(text string) string {
	if len(text) <= problemLimit {
		return text
	}
	return strings.ToValidUTF8(text[:problemLimit], "") + "..."
}

// ProblemsIn is why pools can launch nothing, by their names, as the last look
// wrote it into a ledger's marks. It is empty if all can.
func ProblemsIn(marks map[string]string) map[string]string {
	var all map[string]string
	if json.Unmarshal([]byte(marks[markProblems]), &all) != nil {
		return nil // of another version, or never told
	}
	return all
}
