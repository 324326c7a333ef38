package integration_test

import (
	"slices"
	"testing"
	"time"
)

// coldBound is how long a sandbox may take from its start until it asks for work,
// with all that it reads and makes before that.
const coldBound = 100 * time.Millisecond

// It runs alone, before the tests that run beside each other; on a machine that is
// busy otherwise the quickest of several is what the program itself takes.
func TestASandboxIsReadyAtOnce(t *testing.T) {
	d := newDeployment(t, "cold", lambdaPool)
	for _, f := range []*function{d.webhook, d.intake, d.look, d.tick} {
		until(t, soon, f.name+" is ready again and again", func() string {
			if _, _, cold := f.story(); len(cold) < 10 {
				f.restart()
				return "not yet"
			}
			return ""
		})
		_, _, cold := f.story()
		slices.Sort(cold)
		t.Logf("%s: ready after %s at best, %s at the median of %d", f.name, cold[0], cold[len(cold)/2], len(cold))
		if cold[0] > coldBound {
			t.Errorf("%s: the bound is %s", f.name, coldBound)
		}
	}
}
