package integration_test

import (
	"os"
	"strings"
	"testing"
)

// The first start as docs/setup.md has it: a plan before there is a ledger, and
// then serve.
func TestTheFirstStartIsAPlanAndThenServe(t *testing.T) {
	t.Parallel()
	s := newSite(t, "fresh")
	file := s.write("ledger", armPool)
	before, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	code, out := s.verb(file, "plan")
	for _, want := range []string{"no ledger is at ", "0 jobs, 0 machines, 0 runners, 0 open intents (plan 1)\nnothing to do\n"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, and not %q:\n%s", code, want, out)
		}
	}
	if after, err := os.ReadDir(s.dir); err != nil || len(after) != len(before) {
		t.Errorf("it made files: %v, before %v, error %v", after, before, err)
	}
	s.serve(file)
	s.tells(file, "plan", "0 jobs, 0 machines")
	if _, out := s.verb(file, "plan"); strings.Contains(out, "no ledger") {
		t.Errorf("beside serve:\n%s", out)
	}
}
