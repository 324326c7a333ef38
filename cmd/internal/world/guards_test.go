package world

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/github/githubsim"
)

// ending plays three hours in which GitHub ends the fleet's version of the runner
// after half an hour: two jobs before that is known, and one after.
func ending(t *testing.T, wrap func(*reconcile.Reconciler)) *World {
	t.Helper()
	f, types := onePool(fleet.OnDemand)
	f.Runner = "2.336.0"
	script := spread(2)
	script = append(script, Job{Run: 3, After: 2 * time.Hour, Duration: time.Minute, Labels: script[0].Labels})
	w, err := New(t.Context(), Config{
		Seed: 1, Begin: begin(), Fleet: f, Types: types, Script: script, Wrap: wrap,
		Moments: []Moment{{After: 10 * time.Minute, Do: func(w *World) {
			w.GitHub.SetRunners("2.338.0", map[string]time.Time{"2.336.0": begin().Add(30 * time.Minute)})
			w.restart()
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Run(t.Context(), 3*time.Hour); err != nil && !strings.Contains(err.Error(), "nobody was told") {
		t.Fatal(err)
	}
	return w
}

func TestNoMachineIsLaunchedWithAVersionThatGitHubEnded(t *testing.T) {
	w := ending(t, nil)
	state, err := w.Store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := "set-back: pool arm64: GitHub does not serve runner 2.336.0: GitHub says so"
	if len(state.Jobs) != 1 || state.Jobs[0].Verdict.String() != want || w.AWS.Launched() != 2 {
		t.Errorf("%d machines launched, jobs %+v", w.AWS.Launched(), state.Jobs)
	}
	for text := range w.alarms.told {
		if strings.HasPrefix(text, "GitHub does not serve runner 2.336.0: GitHub says so; nothing is launched until") {
			return
		}
	}
	t.Errorf("told %v", w.alarms.told)
}

// current takes GitHub to serve every version.
type current struct{ guards }

type guards = reconcile.Guards

func (c current) RunnerRelease(ctx context.Context, s fleet.Scope, version string) (fleet.RunnerRelease, error) {
	r, err := c.guards.RunnerRelease(ctx, s, version)
	r.EndsAt = time.Time{}
	return r, err
}

func TestALaunchOfAVersionThatGitHubEndedIsCaught(t *testing.T) {
	w := ending(t, func(r *reconcile.Reconciler) { r.Guards = current{r.Guards} })
	if n := w.AWS.Launched(); n != 3 {
		t.Errorf("%d machines launched", n)
	}
}

func TestAnOpenRunnerGroupIsToldOf(t *testing.T) {
	f, types := onePool(fleet.OnDemand)
	w, err := New(t.Context(), Config{
		Seed: 1, Begin: begin(), Fleet: f, Types: types, Script: spread(1),
		Moments: []Moment{{Do: func(w *World) {
			if err := w.GitHub.AddGroup(organisation, githubsim.Group{ID: 1, Name: "Default"}); err != nil {
				t.Error(err)
			}
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Run(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	for text := range w.alarms.told {
		if strings.HasPrefix(text, "the runner group of pool arm64 in acme lets public repositories in") {
			return
		}
	}
	t.Errorf("told %v", w.alarms.told)
}
