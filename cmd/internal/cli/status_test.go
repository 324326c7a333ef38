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

// ago is an instant some seconds ago, as a mark has it.
func ago(seconds int) string {
	return time.Now().Add(-time.Duration(seconds) * time.Second).UTC().Format(time.RFC3339Nano)
}

func TestStatusSaysWhetherAManagerRunsAndHowOldTheLastLookIs(t *testing.T) {
	for _, tt := range []struct {
		name    string
		manager bool
		marks   map[string]string
		says    string
		json    string
	}{
		{"before the first start", false, nil, "no manager runs, so nothing is launched or ended: start serve; no full look yet", `"manager": "none"`},
		{"after it died", false, map[string]string{"looked": ago(3 * 3600)},
			"no manager runs, so nothing is launched or ended: start serve; last full look 3h", `"looked_seconds_ago": 108`},
		{"while it starts", true, nil, "a manager runs; no full look yet", `"manager": "runs"`},
		{"while it runs", true, map[string]string{"looked": ago(90)}, "a manager runs; last full look 1m3", `"looked_at": "`},
		{"while it hangs", true, map[string]string{"looked": ago(3600)}, "a manager runs and does not look, see its log; last full look 1h", `"manager": "runs"`},
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

func TestStatusShowsWhatGitHubAllowsEachInstallation(t *testing.T) {
	file := operated(t)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(filepath.Dir(file), "acme.db"), Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const mark = `[{"App":3,"Installation":0,"Resource":"core","Limit":5000,"Remaining":4990,"ResetAt":"2025-10-14T13:30:00Z","SeenAt":"2025-10-14T12:59:00Z"},
		{"App":3,"Installation":7,"Account":"acme","Resource":"","PausedUntil":"2025-10-14T13:01:00Z","SeenAt":"2025-10-14T12:59:00Z"},
		{"App":3,"Installation":7,"Account":"acme","Resource":"actions_runner_registration","Limit":10000,"Remaining":9876,"ResetAt":"2025-10-14T13:30:00Z","SeenAt":"2025-10-14T12:59:00Z"},
		{"App":3,"Installation":7,"Account":"acme","Resource":"core","Limit":5000,"Remaining":12,"ResetAt":"2025-10-14T12:30:00Z","SeenAt":"2025-10-14T12:59:00Z"},
		{"App":3,"Installation":8,"Resource":"","PausedUntil":"2025-10-14T12:01:00Z","SeenAt":"2025-10-14T12:59:00Z"},
		{"App":4,"Installation":7,"Resource":"core"},
		{"App":3,"Installation":9,"Resource":"search","Limit":30,"Remaining":30,"ResetAt":"2025-10-14T12:01:00Z","SeenAt":"2025-10-14T12:59:00Z"}]`
	err = s.Settle(t.Context(), fleet.Change{Marks: map[string]string{"looked": "2025-10-14T13:00:00Z", "simulated": "demo", "allowances": mark}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `
  GitHub allows the App itself 4,990 of 5,000 calls until 2025-10-14 13:30:00
  GitHub wants a pause of acme until 2025-10-14 13:01:00
  GitHub allows acme 9,876 of 10,000 registrations until 2025-10-14 13:30:00
  GitHub allows acme 5,000 of 5,000 calls
  GitHub allows installation 9 30 of 30 search
`
	if code, out, log := run(t, "status", "--config", file); code != cli.ExitOK || !strings.Contains(out, want) {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
	const paused = `    {
      "app": 3,
      "installation": 7,
      "account": "acme",
      "resource": "all",
      "paused_until": "2025-10-14T13:01:00Z",
      "seen_at": "2025-10-14T12:59:00Z"
    },
    {
      "app": 3,
      "installation": 7,
      "account": "acme",
      "resource": "actions_runner_registration",
      "limit": 10000,
      "left": 9876,
      "resets_at": "2025-10-14T13:30:00Z",
      "seen_at": "2025-10-14T12:59:00Z"
    },`
	if code, out, log := run(t, "status", "-o", "json", "--config", file); code != cli.ExitOK || !strings.Contains(out, paused) {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
}
