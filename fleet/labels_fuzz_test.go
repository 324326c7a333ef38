package fleet_test

import (
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

// Label sets come from whoever may write a workflow.
func FuzzLabels(f *testing.F) {
	f.Add("self-hosted\nLinux\nARM64", "arm64")
	f.Add("a,b\n%2c\n\n ", ",")
	f.Add(strings.Repeat("x\n", 200), "\x00\u202e")
	f.Fuzz(func(t *testing.T, some, more string) {
		a := fleet.NewLabels(strings.Split(some, "\n")...)
		all := fleet.NewLabels(append(strings.Split(some, "\n"), more)...)
		if got := fleet.NewLabels(a.List()...); got != a {
			t.Errorf("%q is not canonical: %q", a, got)
		}
		if len(a.List()) != a.Len() {
			t.Errorf("%q has %d labels, Len says %d", a, len(a.List()), a.Len())
		}
		if !all.Holds(a) {
			t.Errorf("%q does not hold %q", all, a)
		}
		if a.Holds(all) != (a == all) {
			t.Errorf("%q holds %q: %v", a, all, a.Holds(all))
		}
		if (fleet.Pool{Labels: a}).Fits("") {
			t.Error("an empty set fits")
		}
	})
}
