package world

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// scant plays thirty jobs within an hour on an installation that GitHub allows
// so many calls an hour, and returns the log too.
func scant(t *testing.T, core int) (Summary, string) {
	t.Helper()
	f, types := onePool(fleet.OnDemand)
	var log bytes.Buffer
	c := Config{
		Seed: 1, Fleet: f, Types: types, Allowed: githubsim.Limits{Core: core},
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	for i := range 30 {
		c.Script = append(c.Script, Job{
			Run: i + 1, After: time.Duration(i) * 2 * time.Minute, Duration: 3 * time.Minute, Labels: []string{"self-hosted", "linux", "arm64"},
		})
	}
	return play(t, c), log.String()
}

func TestAScantAllowanceServesJobsAndHousekeepingGivesWay(t *testing.T) {
	const core = 30
	plenty, _ := scant(t, 0)
	scanty, log := scant(t, core)
	if !plenty.Good() || !scanty.Good() || scanty.Jobs.Completed != 30 || scanty.Wait.Max > plenty.Wait.Max {
		t.Errorf("with plenty %+v, with little %+v", plenty, scanty)
	}
	if strings.Contains(log, "API rate limit exceeded") {
		t.Errorf("GitHub refused something:\n%s", log)
	}
	// An hour and a bit, of which housekeeping leaves a fifth.
	lists := func(s Summary) int {
		return s.APICalls["github"]["list-runners"] + s.APICalls["github"]["list-repositories"]
	}
	if most, n := 2*core, lists(scanty); n < core/2 || n > most || lists(plenty) <= most {
		t.Errorf("%d lists with little, %d with plenty", n, lists(plenty))
	}
}
