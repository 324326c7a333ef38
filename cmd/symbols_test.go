package cmd_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// One reference to a template method makes the linker keep every method of
// the SDK: the program triples. An import alone does no harm, so the test
// looks at what is linked.
func TestNoTemplateMethodIsLinked(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	for _, name := range []string{"runfleet", "runfleet-agent"} {
		program := filepath.Join(t.TempDir(), name)
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./"+name).CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
		out, err := exec.CommandContext(t.Context(), "go", "tool", "nm", program).Output()
		if err != nil {
			t.Fatalf("nm: %v", err)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "text/template.(*Template).Execute") {
				t.Errorf("linked into %s: %s", name, strings.TrimSpace(line))
			}
		}
	}
}
