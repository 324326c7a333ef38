package cli

import (
	"maps"
	"slices"

	"github.com/runfleet/runfleet/fleet/reconcile"
)

// problemView is why a pool can launch nothing; see the other views.
type problemView struct {
	Pool    string `json:"pool"`
	Problem string `json:"problem"`
}

func viewProblems(marks map[string]string) []problemView {
	all, out := reconcile.ProblemsIn(marks), []problemView{}
	for _, pool := range slices.Sorted(maps.Keys(all)) {
		out = append(out, problemView{pool, all[pool]})
	}
	return out
}
