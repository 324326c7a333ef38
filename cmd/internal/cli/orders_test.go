package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// Each order is seen in what the next look would do.
func TestTheNextLookObeysEachOrder(t *testing.T) {
	file, ledger, _ := seen(t)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: ledger, Fleet: "acme", Must: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Settle(t.Context(), fleet.Change{Machines: []fleet.Machine{
		{ID: "i-0a", Pool: "arm64", LaunchedAt: time.Now(), State: fleet.Up, SeenAt: time.Now()},
		{ID: "i-0b", Pool: "x64", LaunchedAt: time.Now().Add(-5 * time.Minute), State: fleet.Up, SeenAt: time.Now()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	clerk := fleet.Job{
		Key: fleet.JobKey{ID: 104, Attempt: 1}, Repo: "acme/widgets", Status: fleet.Queued, QueuedAt: time.Now(),
		Class: fleet.Class{Scope: fleet.Scope{Installation: 1, Owner: "acme"}, Labels: fleet.NewLabels("office")},
	}
	if _, err := s.Record(t.Context(), fleet.Event{At: clerk.QueuedAt, Job: &clerk}); err != nil {
		t.Fatal(err)
	}
	const idle = "end i-0b: no job needs it, idle limit of 2m0s is over"
	for _, tt := range []struct{ order, does, doesNot string }{
		{"", idle, "end i-0a"},
		{"machines hold i-0b", "launch 1 of pool arm64", "end i-0b"},
		{"machines release i-0b", idle, "end i-0a"},
		{"machines drain i-0a", "end i-0a: drained by an operator", ""},
		{"machines hold i-0a", "launch", "end i-0a"},
		{"machines release i-0a", idle, "end i-0a"},
		{"machines end i-0a --reason looks-broken", ": looks-broken", ""},
		{"machines release i-0a", idle, "end i-0a"},
		{"pause arm64", "job 102: paused", "launch 1 of pool arm64"},
		{"resume arm64", "launch 1 of pool arm64", "paused"},
		{"pause", "job 102: paused", "launch"},
		{"resume", "launch 1 of pool arm64", "paused"},
		{"hours override closed office --until 3h --reason freeze", "job 104: closed: pool office is closed until ", "launch 1 of pool office"},
		{"hours override open office --until 3h", "launch 1 of pool office", "closed"},
		{"hours override closed --until 3h --reason outage", ": outage)", "launch 1 of pool office"},
		{"", "launch 1 of pool arm64", ""}, // it has no hours
		{"hours override open --until 3h", "launch 1 of pool office", "closed"},
	} {
		if tt.order != "" {
			code, out, log := run(t, append(strings.Fields(tt.order), "--config", file)...)
			if code != cli.ExitOK {
				t.Fatalf("%s: exit %d: %s%s", tt.order, code, out, log)
			}
		}
		code, out, log := run(t, "plan", "--config", file)
		if code != cli.ExitOK || !strings.Contains(out, tt.does) || tt.doesNot != "" && strings.Contains(out, tt.doesNot) {
			t.Errorf("after %q, exit %d: %s%s", tt.order, code, out, log)
		}
	}
}
