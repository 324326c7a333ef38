package world

import (
	"slices"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awssim"
)

// A burst of 1,000 jobs against a cloud without limits: real time until the
// last machine is launched, webhooks and decisions included.
func BenchmarkBurst(b *testing.B) {
	f, types := onePool(fleet.OnDemand)
	f.Pools[0].Max = 2000
	job := Job{After: time.Second, Duration: time.Minute, Labels: labels["linux-arm64"]}
	script := slices.Repeat([]Job{job}, 1000)
	for b.Loop() {
		w, err := New(b.Context(), Config{
			Seed: 1, Begin: begin(), Fleet: f, Types: types, Script: script, Limits: awssim.Limits{Unlimited: true},
			GitHub: githubsim.Faults{DelayMin: time.Millisecond, DelayMax: 2 * time.Millisecond},
			Wrap:   func(r *reconcile.Reconciler) { r.MintsPerMinute = 100_000 },
		})
		if err != nil {
			b.Fatal(err)
		}
		w.plan()
		for w.AWS.Launched() < len(script) {
			if err := w.Step(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		w.Close()
	}
}

// A queue of 1,000 jobs under the limits that GitHub really has: how many
// runners are registered in a minute of the simulated time.
func BenchmarkMinting(b *testing.B) {
	f, types := onePool(fleet.OnDemand)
	f.Pools[0].Max = 2000
	job := Job{After: time.Second, Duration: time.Hour, Labels: labels["linux-arm64"]}
	script := slices.Repeat([]Job{job}, 1000)
	minted, took := 0, time.Duration(0)
	for b.Loop() {
		w, err := New(b.Context(), Config{
			Seed: 1, Begin: begin(), Fleet: f, Types: types, Script: script, Limits: awssim.Limits{Unlimited: true},
		})
		if err != nil {
			b.Fatal(err)
		}
		w.plan()
		for len(w.GitHub.Runners()) < len(script) {
			if err := w.Step(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		minted, took = minted+w.GitHub.Calls()["generate-jitconfig"], took+w.Now().Sub(begin())
		w.Close()
	}
	b.ReportMetric(float64(minted)/took.Minutes(), "mints/min")
}
