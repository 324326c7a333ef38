package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// asking are the verbs that need a ledger and make none. Three of them go
// without one that serve would make.
var asking = []string{
	"status", "jobs", "explain 101", "pools", "plan", "adopt", "backup COPY", "runners list",
	"machines list", "machines show i-0a", "machines drain i-0a", "machines hold i-0a", "machines end i-0a", "machines release i-0a", "pause", "resume",
	"hours show", "hours next office", "hours override closed --until 1h", "hours resume",
}

// listed are the names in a folder.
func listed(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAVerbAtAWrongLedgerSaysSoAndMakesNothing(t *testing.T) {
	clouds(t) // none of them is asked before the ledger is found
	theirs := filepath.Join(t.TempDir(), "theirs.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: theirs, Fleet: "umbrella"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		data       []byte // nil: no file is there
		says       string
	}{
		{"no file", "acme.db", nil, "no ledger is at DIR/acme.db; serve makes it at its first start, or name another file under serve.ledger"},
		{"an empty file", "acme.db", []byte{}, "no ledger is at DIR/acme.db; serve makes it at its first start"},
		{"a folder that is missing", "none/acme.db", nil, "stat DIR/none: no such file or directory; make the folder, or name another file"},
		{"a folder", ".", nil, "DIR is a folder; name another file under serve.ledger"},
		{"a text", "acme.db", []byte("hello, this is no ledger"), "DIR/acme.db is no SQLite file"},
		{"another fleet's", "acme.db", other, `it is fleet "umbrella"'s, the fleet file names "acme"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(t.TempDir(), "runfleet.yaml")
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(fleetFile, "LEDGER", filepath.Join(dir, tt.path))), 0o600); err != nil {
				t.Fatal(err)
			}
			if tt.data != nil {
				if err := os.WriteFile(filepath.Join(dir, "acme.db"), tt.data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := listed(t, dir)
			for _, verb := range asking {
				if slices.Contains([]string{"plan", "hours show", "hours next office"}, verb) && strings.HasPrefix(tt.says, "no ledger") {
					continue
				}
				args := strings.Fields(strings.ReplaceAll(verb, "COPY", filepath.Join(dir, "copy.db")))
				code, out, log := run(t, append(args, "--config", file)...)
				if code != cli.ExitFailed || out != "" || !strings.Contains(log, strings.ReplaceAll(tt.says, "DIR", dir)) {
					t.Errorf("%s: exit %d: %s%s", verb, code, out, log)
				}
			}
			if diff := cmp.Diff(before, listed(t, dir)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}
