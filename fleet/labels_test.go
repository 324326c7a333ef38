package fleet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

func TestLabelsHaveOneForm(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []string
		want fleet.Labels
		list []string
	}{
		{"no labels are the empty set", nil, "", nil},
		{"null items of GitHub's are dropped", []string{"", " "}, "", nil},
		{"labels are sorted", []string{"b", "a"}, "a,b", []string{"a", "b"}},
		{"case does not matter", []string{"Linux", "ARM64"}, "arm64,linux", []string{"arm64", "linux"}},
		{"a repeated label counts once", []string{"a", "A", "a"}, "a", []string{"a"}},
		{"space around a label is dropped", []string{" a "}, "a", []string{"a"}},
		{"a comma inside a label parts nothing", []string{"a,b"}, "a%2cb", []string{"a,b"}},
		{"a percent sign inside a label is kept", []string{"a%2cb"}, "a%252cb", []string{"a%2cb"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := fleet.NewLabels(tt.in...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("form (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.list, got.List()); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			if got.Len() != len(tt.list) {
				t.Errorf("Len is %d, want %d", got.Len(), len(tt.list))
			}
		})
	}
}

func TestAPoolFits(t *testing.T) {
	for _, tt := range []struct {
		name  string
		exact bool
		job   fleet.Labels
		want  bool
	}{
		{"a job that names all of its labels", false, arm, true},
		{"a job that names some of its labels", false, arms, true},
		{"a job that names them in another case", false, fleet.NewLabels("ARM64"), true},
		{"a job that names them in another order", false, fleet.NewLabels("linux", "arm64", "self-hosted"), true},
		{"no job that names one label more", false, fleet.NewLabels("self-hosted", "linux", "arm64", "gpu"), false},
		{"no job that names a label it lacks", false, fleet.NewLabels("arm64", "gpu"), false},
		{"no job that names a part of a label", false, fleet.NewLabels("arm6"), false},
		{"no job that names no label", false, "", false},
		{"a job that names exactly its labels, if exact", true, arm, true},
		{"a job that names them in another order and case, if exact", true, fleet.NewLabels("Linux", "ARM64", "Self-Hosted"), true},
		{"no job that names fewer, if exact", true, arms, false},
		{"no job that names one more, if exact", true, fleet.NewLabels("self-hosted", "linux", "arm64", "gpu"), false},
		{"no job that names no label, if exact", true, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := (fleet.Pool{Labels: arm, Exact: tt.exact}).Fits(tt.job); got != tt.want {
				t.Errorf("Fits(%q) is %v", tt.job, got)
			}
		})
	}
}

func TestHoldsIsASubsetTest(t *testing.T) {
	word := rapid.SliceOf(rapid.StringMatching(`[a-c%,]{0,2}`))
	rapid.Check(t, func(r *rapid.T) {
		a, b := fleet.NewLabels(word.Draw(r, "a")...), fleet.NewLabels(word.Draw(r, "b")...)
		have := map[string]bool{}
		for _, l := range a.List() {
			have[l] = true
		}
		want := true
		for _, l := range b.List() {
			want = want && have[l]
		}
		if a.Holds(b) != want {
			r.Fatalf("%q.Holds(%q) is %v", a, b, !want)
		}
		if again := fleet.NewLabels(a.List()...); again != a {
			r.Fatalf("%q became %q", a, again)
		}
	})
}

func TestRunnerNamesAreReadBack(t *testing.T) {
	for _, tt := range []struct {
		name, runner string
		machine      fleet.MachineID
		try          int
		ok           bool
	}{
		{"a name of this fleet", "rf-f-i-0abc-2", "i-0abc", 2, true},
		{"a name of a fleet whose name begins alike", "rf-fx-i-0abc-2", "", 0, false},
		{"a name of a fleet whose name goes on like an instance", "rf-f-i-x-i-0abc-2", "", 0, false},
		{"a name without a try", "rf-f-i-0abc", "", 0, false},
		{"a try of zero", "rf-f-i-0abc-0", "", 0, false},
		{"a try that is no number", "rf-f-i-0abc-x", "", 0, false},
		{"a name without an instance", "rf-f-i--1", "", 0, false},
		{"the beginning only", "rf-f-i-", "", 0, false},
		{"a runner of somebody else", "laptop", "", 0, false},
		{"no name", "", "", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, try, ok := fleet.ParseRunnerName("f", tt.runner)
			if m != tt.machine || try != tt.try || ok != tt.ok {
				t.Errorf("got %q %d %v", m, try, ok)
			}
		})
	}
	long := fleet.RunnerName(strings.Repeat("f", 32), "i-0123456789abcdef0", 99)
	if len(long) > 64 {
		t.Errorf("%d characters: %s", len(long), long)
	}
}
