package reconcile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWhyAPoolLaunchesNothingIsInTheLedgerAndWrittenOnlyWhenNew(t *testing.T) {
	r := rigged(t)
	marks := func() map[string]string { return ProblemsIn(r.state().Marks) }
	look := func(problem string) {
		r.now = r.now.Add(time.Second)
		r.yard.recipes[0].Problem = problem
		r.look()
	}
	look("")
	if _, told := r.state().Marks[markProblems]; told {
		t.Error("a mark without a problem")
	}
	look("no such image")
	if diff := cmp.Diff(map[string]string{"arm": "no such image"}, marks()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	look(strings.Repeat("long ", 1000))
	if got := marks()["arm"]; len(got) != problemLimit+3 {
		t.Errorf("%d bytes", len(got))
	}
	r.refuse["recipes"] = errOdd
	look("another")
	if got := marks()["arm"]; !strings.HasPrefix(got, "long") {
		t.Errorf("after recipes that were not known: %q", got)
	}
	delete(r.refuse, "recipes")
	look("")
	if got := marks(); len(got) != 0 {
		t.Errorf("problems that are over: %v", got)
	}
}

func TestADryLookWritesNoProblemDown(t *testing.T) {
	r := rigged(t)
	r.yard.recipes[0].Problem = "no such image"
	if s, _, err := r.Plan(t.Context()); err != nil || s.Recipes[0].Problem != "no such image" {
		t.Errorf("recipes %+v, error %v", s.Recipes, err)
	}
	if _, told := r.state().Marks[markProblems]; told {
		t.Error("it wrote")
	}
}

func TestProblemsOfAnotherVersionAreNone(t *testing.T) {
	if got := ProblemsIn(map[string]string{markProblems: "[1]"}); len(got) != 0 {
		t.Errorf("problems %v", got)
	}
}
