package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// lists are the verbs whose JSON programs read.
var lists = []string{
	"jobs", "jobs --all", "machines list", "machines show i-0a", "runners list", "pools", "status", "hours show", "hours next office", "drill list", "drill show spot-1",
}

var key = regexp.MustCompile(`^[a-z][a-z_]*$`)

// walk looks at every key and value of a JSON document. Keys below tags and
// verdicts are those of the thing itself.
func walk(t *testing.T, verb, path string, value any) {
	t.Helper()
	switch v := value.(type) {
	case map[string]any:
		for k, x := range v {
			own := strings.HasSuffix(path, ".tags") || strings.HasSuffix(path, ".verdicts")
			if !own && !key.MatchString(k) {
				t.Errorf("%s: key %s.%s", verb, path, k)
			}
			walk(t, verb, path+"."+k, x)
		}
	case []any:
		for _, x := range v {
			walk(t, verb, path, x)
		}
	case string:
		if strings.HasPrefix(v, "0001-") {
			t.Errorf("%s: %s is a time that is none", verb, path)
		}
	case nil:
		t.Errorf("%s: %s is null", verb, path)
	case float64:
		for _, word := range []string{"status", "state", "kind", "phase", "market", "arch"} {
			if strings.HasSuffix(path, "."+word) {
				t.Errorf("%s: %s is a number", verb, path)
			}
		}
	}
}

func TestListsAsJSONHaveKeysAndWordsThatStay(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "runfleet.yaml")
	ledger := filepath.Join(filepath.Dir(empty), "acme.db")
	if err := os.WriteFile(empty, []byte(strings.ReplaceAll(fleetFile, "LEDGER", ledger)), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: ledger, Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, file := range []string{crowded(t), operated(t), drilled(t), empty} {
		for _, verb := range lists {
			code, out, log := run(t, append(strings.Fields(verb), "-o", "json", "--config", file)...)
			if code != cli.ExitOK {
				if verb != "machines show i-0a" && verb != "drill show spot-1" {
					t.Errorf("%s: exit %d: %s", verb, code, log)
				}
				continue
			}
			var got any
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Errorf("%s: %v", verb, err)
			}
			walk(t, verb, "", got)
		}
	}
}

// A key that is not in the guide is no promise, and one that left is a broken one.
func TestTheGuideNamesEveryKeyOfTheListsAsJSON(t *testing.T) {
	guide := pages(t)[filepath.Join(root, "docs", "operating.md")]
	crowd, drills := crowded(t), drilled(t)
	for _, verb := range lists {
		file := crowd
		if strings.HasPrefix(verb, "drill") {
			file = drills
		}
		_, out, _ := run(t, append(strings.Fields(verb), "-o", "json", "--config", file)...)
		var rows []map[string]any
		if err := json.Unmarshal([]byte(out), &rows); err != nil {
			rows = make([]map[string]any, 1)
			if err := json.Unmarshal([]byte(out), &rows[0]); err != nil {
				t.Fatalf("%s: %v", verb, err)
			}
		}
		name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(verb, " --all"), " office"), " spot-1"), " i-")
		_, row, _ := strings.Cut(guide, "\n| `"+name+"` | ")
		row, _, _ = strings.Cut(row, "\n")
		for _, r := range rows {
			for k := range r {
				if !strings.Contains(row, "`"+k+"`") {
					t.Errorf("%s: the guide does not name %s", verb, k)
				}
			}
		}
	}
}

func TestAJobAsJSON(t *testing.T) {
	_, out, _ := run(t, "jobs", "-o", "json", "--config", crowded(t))
	const want = `[
  {
    "id": 101,
    "attempt": 2,
    "run": 0,
    "repository": "acme/widgets",
    "name": "build\u001b[31m",
    "scope": "acme",
    "labels": [
      "arm64"
    ],
    "status": "running",
    "runner": "rf-acme-i-0a-1",
    "queued_at": "2026-01-05T12:00:00Z",
    "started_at": "2026-01-05T12:03:00Z",
    "waited_seconds": 180
  }
]
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

// GitHub may tell of a job without saying when it was queued.
func TestAJobOfWhichNobodyKnowsSinceWhenItWaits(t *testing.T) {
	file := operated(t)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(filepath.Dir(file), "acme.db"), Fleet: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	j := fleet.Job{Key: fleet.JobKey{ID: 7, Attempt: 1}, Repo: "acme/widgets", Status: fleet.Queued, Class: fleet.Class{Labels: "gpu"}}
	if _, err := s.Record(t.Context(), fleet.Event{At: time.Now(), Job: &j}); err != nil {
		t.Fatal(err)
	}
	code, out, log := run(t, "jobs", "--config", file)
	if code != cli.ExitOK || !regexp.MustCompile(`(?m)^7 +queued +- +acme/widgets`).MatchString(out) {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
}
