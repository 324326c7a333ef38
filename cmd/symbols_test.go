package cmd_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// unwanted is what no program links. One reference to a template method makes
// the linker keep every method of the SDK: the program triples. An import alone
// does no harm, so the test looks at what is linked.
var unwanted = []string{"text/template.(*Template).Execute"}

// bootstrapUnwanted is what the program that AWS Lambda runs is built without.
var bootstrapUnwanted = append([]string{
	"modernc.org/", "github.com/spf13/cobra", "runfleet/github/githubsim", "runfleet/provision/awssim", "runfleet/cmd/internal/world", "runfleet/cmd/internal/cli",
}, unwanted...)

// linked builds a program and checks its symbols.
func linked(t *testing.T, name string, unwanted []string, flags ...string) (program string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	program = filepath.Join(t.TempDir(), name)
	args := append(append([]string{"build", "-o", program}, flags...), "./"+name)
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), "go", "tool", "nm", program).Output()
	if err != nil {
		t.Fatalf("nm: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		for _, u := range unwanted {
			if strings.Contains(line, u) {
				t.Fatalf("linked into %s: %s", name, strings.TrimSpace(line))
			}
		}
	}
	return program
}

func TestNoTemplateMethodIsLinked(t *testing.T) {
	for _, name := range []string{"runfleet", "runfleet-agent"} {
		linked(t, name, unwanted)
	}
}

// bootstrapLimit is how many bytes the bundle for AWS Lambda may have.
const bootstrapLimit = 10 << 20

func TestTheBootstrapIsSmall(t *testing.T) {
	linked(t, "runfleet", bootstrapUnwanted, "-tags", "lambda")
	// What is shipped has no symbols, so they could not be checked in it.
	shipped := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda", "-trimpath", "-ldflags", "-s -w", "-o", shipped, "./runfleet")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	text, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	var bundle bytes.Buffer
	z := zip.NewWriter(&bundle)
	w, err := z.Create("bootstrap")
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d in the bundle", len(text), bundle.Len())
	if bundle.Len() > bootstrapLimit {
		t.Errorf("the bundle has %d bytes, the limit is %d", bundle.Len(), bootstrapLimit)
	}
}
