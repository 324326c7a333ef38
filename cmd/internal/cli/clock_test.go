package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// untilNoon is the time from now to the next noon of a weekday in New York.
func untilNoon(t *testing.T, day time.Weekday) time.Duration {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().In(zone)
	noon := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, zone)
	for noon.Weekday() != day || !noon.After(now) {
		noon = noon.AddDate(0, 0, 1)
	}
	return noon.Sub(now)
}

// A manager whose clock is not the host's says so in its ledger.
func TestVerbsGoByTheClockOfTheManagersLedger(t *testing.T) {
	file, ledger, _ := seen(t)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: ledger, Fleet: "acme", Must: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	j := fleet.Job{
		Key: fleet.JobKey{ID: 104, Attempt: 1}, Repo: "acme/widgets", Status: fleet.Queued, QueuedAt: time.Now(),
		Class: fleet.Class{Scope: fleet.Scope{Installation: 1, Owner: "acme"}, Labels: fleet.NewLabels("office")},
	}
	if _, err := s.Record(t.Context(), fleet.Event{At: time.Now(), Job: &j}); err != nil {
		t.Fatal(err)
	}
	shift := func(to time.Weekday) time.Duration {
		ahead := untilNoon(t, to)
		if err := s.Settle(t.Context(), fleet.Change{Marks: map[string]string{"clock-ahead": ahead.String()}}); err != nil {
			t.Fatal(err)
		}
		return ahead
	}
	says := func(verb string, wants ...string) {
		t.Helper()
		code, out, log := run(t, append(strings.Fields(verb), "--config", file)...)
		for _, want := range wants {
			if code != cli.ExitOK || !strings.Contains(out, want) {
				t.Errorf("%s: exit %d, and not %q:\n%s%s", verb, code, want, out, log)
			}
		}
	}
	shift(time.Tuesday)
	says("hours show", "open until Tue 20:00 America/New_York")
	says("hours next office -n 1", "Tue ", "12h")
	says("plan", "launch 1 of pool office", "job 104: launching")
	ahead := shift(time.Sunday)
	says("hours show", "closed until Mon 08:00 America/New_York")
	says("plan", "job 104: closed: pool office is closed until Mon 08:00")
	says("hours override open office --until 3h --reason rehearsal", "ordered")
	says("hours show", "open until Sun 15:00 America/New_York (")
	for _, o := range state(t, ledger).Orders {
		if off := o.At.Sub(time.Now().Add(ahead)).Abs(); off > time.Minute {
			t.Errorf("order %s is %s off the manager's clock", o.ID, off)
		}
	}
}
