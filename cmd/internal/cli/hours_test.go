package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/cli"
)

func TestHoursCanBeCheckedBeforeTheFirstStart(t *testing.T) {
	dir := t.TempDir()
	file, ledger := filepath.Join(dir, "runfleet.yaml"), filepath.Join(dir, "acme.db")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(fleetFile, "LEDGER", ledger)), 0o600); err != nil {
		t.Fatal(err)
	}
	before := listed(t, dir)
	for _, tt := range []struct{ args, says, log string }{
		{"hours show", "America/New_York", "no ledger is at " + ledger + " yet, serve makes it: these are the hours of the fleet file, without orders\n"},
		{"hours show -o json", `"pool": "office"`, "no ledger is at " + ledger + " yet, serve makes it: these are the hours of the fleet file, without orders\n"},
		{"hours next office -n 2", "12h", "no ledger is at " + ledger + " yet, serve makes it: these are the hours of the fleet file, without orders\n"},
	} {
		code, out, log := run(t, append(strings.Fields(tt.args), "--config", file)...)
		if code != cli.ExitOK || !strings.Contains(out, tt.says) || log != tt.log {
			t.Errorf("%s: exit %d: %s%s", tt.args, code, out, log)
		}
	}
	if diff := cmp.Diff(before, listed(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}
