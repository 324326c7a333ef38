package world

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

// forked plays a day of ten jobs, of which every other comes from a fork, and is
// how many jobs of each kind ran.
func forked(t *testing.T, rule fleet.Forks, wrap func(*reconcile.Reconciler)) (own, forks int, w *World) {
	t.Helper()
	f, types := onePool(fleet.OnDemand)
	guest := f.Pools[0]
	guest.Name, guest.Labels = "guests", fleet.NewLabels("self-hosted", "linux", "guest")
	f.Pools, types["guests"] = append(f.Pools, guest), types["arm64"]
	f.Forks = rule
	script := spread(10)
	for i := range script {
		if script[i].Fork = i%2 == 1; script[i].Fork {
			script[i].Labels = []string{"self-hosted", "linux", "guest"}
		}
	}
	w, err := New(t.Context(), Config{Seed: 1, Begin: begin(), Fleet: f, Types: types, Script: script, Wrap: wrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Run(t.Context(), 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	for _, o := range w.GitHub.Outcomes() {
		switch {
		case o.Started.IsZero():
		case strings.Contains(strings.Join(o.Labels, " "), "guest"):
			forks++
		default:
			own++
		}
	}
	return own, forks, w
}

func TestForksAreServedAsTheFileSays(t *testing.T) {
	for name, tt := range map[string]struct {
		rule  fleet.Forks
		forks int
		runs  int // that GitHub was asked about
	}{
		"without a rule, in a private repository": {fleet.Forks{}, 5, 0},
		"where they are allowed":                  {fleet.Forks{Rule: fleet.AllowForks}, 5, 0},
		"where they are refused":                  {fleet.Forks{Rule: fleet.RefuseForks}, 0, 10},
		"where a pool serves them":                {fleet.Forks{Rule: fleet.PoolForks, Pool: "guests"}, 5, 10},
		"where a pool of other labels does":       {fleet.Forks{Rule: fleet.PoolForks, Pool: "arm64"}, 0, 10},
	} {
		t.Run(name, func(t *testing.T) {
			own, forks, w := forked(t, tt.rule, nil)
			if asked := w.GitHub.Calls()["get-run"]; own != 5 || forks != tt.forks || asked != tt.runs {
				t.Errorf("%d own jobs ran, %d of forks; %d runs asked about", own, forks, asked)
			}
			state, err := w.Store.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range state.Jobs {
				if j.Origin != fleet.Fork || j.Verdict.Code != fleet.Refused || !strings.HasPrefix(j.Verdict.Detail, "its run comes from a fork") {
					t.Errorf("job %d of %q: %s", j.Key.ID, j.Origin, j.Verdict)
				}
			}
		})
	}
}

// trusting takes every run for the repository's own.
type trusting struct{ reconcile.Search }

func (t trusting) Run(ctx context.Context, of fleet.Repository, id fleet.RunID) (fleet.Run, error) {
	r, err := t.Search.Run(ctx, of, id)
	r.Origin = fleet.Own
	return r, err
}

func TestAForkThatIsTakenForTheRepositorysOwnIsCaught(t *testing.T) {
	_, forks, _ := forked(t, fleet.Forks{Rule: fleet.RefuseForks}, func(r *reconcile.Reconciler) { r.Search = trusting{r.Search} })
	if forks == 0 {
		t.Error("no fork was served")
	}
}
