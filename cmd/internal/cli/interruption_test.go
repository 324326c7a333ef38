package cli_test

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/cmd/internal/world"
)

func TestTheDemoTellsOneInterruptionFromNoticeToGreen(t *testing.T) {
	code, out, log := run(t, "demo", "--exit", "--json", "--speed", "100000", "--quiet")
	var s struct{ Interruption *world.Interruption }
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != cli.ExitOK || s.Interruption == nil {
		t.Fatalf("exit %d, error %v: %s%s", code, err, out, log)
	}
	i := *s.Interruption
	if d := i.Interrupted.Sub(i.Notice); d < time.Minute || d > 15*time.Minute {
		t.Errorf("interrupted %s after the notice", d) // two minutes, and what GitHub takes to see it
	}
	if i.Rerun.Before(i.Interrupted) || !i.Began.After(i.Rerun) || !i.Done.After(i.Began) {
		t.Errorf("not in order: %+v", i)
	}
	if i.Job == 0 || i.Again == 0 || i.Job == i.Again || i.Machine == "" || i.On == "" || i.Machine == i.On || i.Market == "" || i.Conclusion != "success" {
		t.Errorf("interruption %+v", i)
	}
	code, out, log = run(t, "demo", "--exit", "--speed", "100000", "--quiet")
	if code != cli.ExitOK {
		t.Fatalf("exit %d: %s", code, log)
	}
	// A paced demo promises outcomes, not identical times; and GitHub may give the
	// job to another machine that is free just then.
	const clock = `\d\d:\d\d:\d\d`
	if told := regexp.MustCompile(`(?m)^Spot gave i-\w+ notice at ` + clock + ` while job \d+ ran on it\. It was interrupted at ` + clock +
		`, run again as \d+ at ` + clock + `, and ended as success at ` + clock + ` on i-\w+ on (demand|Spot): \w+ from notice to green\.$`); !told.MatchString(out) {
		t.Errorf("not told in\n%s", out)
	}
}
