package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

func TestStatusSaysWhetherAManagerRunsAndHowOldTheLastLookIs(t *testing.T) {
	ago := func(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.RFC3339Nano) }
	for _, tt := range []struct {
		name    string
		manager bool
		marks   map[string]string
		says    string
		json    string
	}{
		{"before the first start", false, nil, "no manager runs, so nothing is launched or ended: start serve; no full look yet", `"manager": "none"`},
		{"after it died", false, map[string]string{"looked": ago(3 * time.Hour)},
			"no manager runs, so nothing is launched or ended: start serve; last full look 3h", `"looked_seconds_ago": 108`},
		{"while it starts", true, nil, "a manager runs; no full look yet", `"manager": "runs"`},
		{"while it runs", true, map[string]string{"looked": ago(90 * time.Second)}, "a manager runs; last full look 1m3", `"looked_at": "`},
		{"while it hangs", true, map[string]string{"looked": ago(time.Hour)}, "a manager runs and does not look, see its log; last full look 1h", `"manager": "runs"`},
		{"of a simulation, which has a time of its own", true, map[string]string{"looked": "2025-10-14T13:00:00Z", "simulated": "demo"},
			"a manager runs; last full look 0s ago", `"looked_seconds_ago": 0`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := operated(t)
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(filepath.Dir(file), "acme.db"), Fleet: "acme", Hold: tt.manager})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Settle(t.Context(), fleet.Change{Marks: tt.marks}); err != nil {
				t.Fatal(err)
			}
			if code, out, log := run(t, "status", "--config", file); code != cli.ExitOK || !strings.Contains(out, "\n  "+tt.says) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
			if code, out, log := run(t, "status", "-o", "json", "--config", file); code != cli.ExitOK || !strings.Contains(out, tt.json) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
		})
	}
}
