package fleet_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestVersionsOfTheRunnerAreOrderedByTheirNumbers(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"2.9.0", "2.10.0", true}, {"2.10.0", "2.9.0", false}, {"2.337.0", "2.337.0", false}, {"2.337.0", "2.337.1", true},
		{"2.337.0", "3.0.0", true}, {"", "2.337.0", true}, {"2.337.0", "latest", false},
	} {
		if got := fleet.OlderRunner(tt.a, tt.b); got != tt.want {
			t.Errorf("%q older than %q: %v", tt.a, tt.b, got)
		}
	}
}

func TestWhenGitHubServesAVersionNoMore(t *testing.T) {
	since := map[string]time.Time{"2.335.0": noon.Add(-90 * 24 * time.Hour), "2.336.0": noon.Add(-20 * 24 * time.Hour), "2.337.0": noon}
	for _, tt := range []struct {
		name    string
		version string
		told    time.Time
		want    time.Time
		why     string
	}{
		{"the newest goes on", "2.337.0", time.Time{}, time.Time{}, ""},
		{"the one before has thirty days", "2.336.0", time.Time{}, noon.Add(fleet.RunnerFor), "GitHub serves a runner for 30 days after the next one, and 2.337.0 was first offered on 2026-01-05"},
		{"an older one counts from the next one, not from the newest", "2.335.0", time.Time{}, noon.Add(10 * 24 * time.Hour), "GitHub serves a runner for 30 days after the next one, and 2.336.0 was first offered on 2025-12-16"},
		{"GitHub's own schedule wins", "2.335.0", noon.Add(time.Hour), noon.Add(time.Hour), "GitHub says so"},
		{"below the oldest one nothing helps", "2.328.0", noon.Add(time.Hour), time.Unix(0, 0), "GitHub takes no runner older than 2.329.0"},
		{"without a version in the file nothing is known", "", time.Time{}, time.Time{}, ""},
	} {
		end, why := fleet.RunnerEnd(tt.version, fleet.RunnerRelease{Newest: "2.337.0", EndsAt: tt.told}, since)
		if !end.Equal(tt.want) || why != tt.why {
			t.Errorf("%s: %s, %q", tt.name, end, why)
		}
	}
}

func TestAReleaseThatIsNotOfferedYetEndsNothing(t *testing.T) {
	for name, seen := range map[string]map[string]time.Time{
		"nobody was asked":                      nil,
		"an older one is offered":               {"2.333.0": noon},
		"an Enterprise Server has but this one": {"2.334.0": noon},
	} {
		if end, why := fleet.RunnerEnd("2.334.0", fleet.RunnerRelease{}, seen); !end.IsZero() {
			t.Errorf("%s: %s, %q", name, end, why)
		}
	}
}

func TestAVersionThatWasOldWhenTheFleetBeganCountsFromWhenTheNextOneCameOut(t *testing.T) {
	began := map[string]time.Time{"2.337.0": time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)}
	for version, want := range map[string]time.Time{
		"2.335.0": time.Date(2026, 8, 19, 0, 0, 0, 0, time.UTC),
		"2.336.0": began["2.337.0"].Add(fleet.RunnerFor), // nobody knows better
		"2.337.0": {},
	} {
		if end, why := fleet.RunnerEnd(version, fleet.RunnerRelease{}, began); !end.Equal(want) {
			t.Errorf("%s: %s, %q", version, end, why)
		}
	}
}
