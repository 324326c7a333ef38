package fleet

import (
	"cmp"
	"slices"
	"time"
)

// foundSpan is what the limit of launches for found jobs counts in.
const foundSpan = time.Minute

// settleFound counts what is left for jobs that a search found. The rows tell of
// launches, so the limit holds whatever process comes after.
func (v *view) settleFound() {
	v.found = cmp.Or(v.Fleet.Limits.FoundPerMinute, DefaultFound)
	for i := range v.State.Jobs {
		if j := &v.State.Jobs[i]; j.Found && v.At.Sub(j.LaunchedAt) < foundSpan {
			v.found--
			if until := j.LaunchedAt.Add(foundSpan); v.foundAgain.IsZero() || until.Before(v.foundAgain) {
				v.foundAgain = until
			}
		}
	}
}

// paceFound is the jobs that may be launched for, first in their order: of those
// that a search found, as many as the limit leaves. The others come to the end.
func (v *view) paceFound(c *classView, open []*Job) []*Job {
	paced := map[*Job]bool{}
	for _, j := range open {
		switch {
		case !j.Found || v.doubt(j) > 0:
		case v.found > 0:
			v.found--
		default:
			paced[j] = true
		}
	}
	if len(paced) == 0 {
		return open
	}
	c.why = Verdict{Paced, "launches for jobs that GitHub did not announce are used up for a minute"}
	v.wake(later(v.foundAgain, v.At.Add(time.Second)))
	slices.SortStableFunc(open, func(a, b *Job) int {
		switch {
		case paced[a] == paced[b]:
			return 0
		case paced[b]:
			return -1
		}
		return 1
	})
	return open[:len(open)-len(paced)]
}
