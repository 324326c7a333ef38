package github_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

func TestAReleaseIsWhatAScopeIsOfferedAndWhenAVersionEnds(t *testing.T) {
	s := simulate(t, nil)
	end := noon.Add(24 * time.Hour)
	for _, at := range []fleet.Scope{acme, alice} {
		for name, tt := range map[string]struct {
			ends map[string]time.Time
			want fleet.RunnerRelease
		}{
			"without a schedule, as on github.com": {nil, fleet.RunnerRelease{Newest: "2.338.0"}},
			"of another version":                   {map[string]time.Time{"2.300.0": end}, fleet.RunnerRelease{Newest: "2.338.0"}},
			"of this one":                          {map[string]time.Time{"2.336.0": end}, fleet.RunnerRelease{Newest: "2.338.0", EndsAt: end}},
		} {
			s.sim.SetRunners("2.338.0", tt.ends)
			got, err := s.RunnerRelease(t.Context(), at, "2.336.0")
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%s in %s (-want +got):\n%s\nerror %v", name, at, diff, err)
			}
		}
	}
}

func TestOfTwoEndsTheEarlierCounts(t *testing.T) {
	r := rigged(t)
	r.on("GET /orgs/acme/actions/runners/downloads", 200,
		`[{"os":"win","filename":"actions-runner-win-x64-9.0.0.zip"},{"os":"linux","filename":"actions-runner-linux-arm64-2.9.0.tar.gz"},
		  {"os":"linux","filename":"actions-runner-linux-x64-2.10.0.tar.gz"}]`)
	r.on("GET /orgs/acme/actions/runners/deprecations/2.8.0", 200,
		`{"runner_version":"2.8.0","registration_deprecates_at":"2026-12-24T00:00:00Z","runtime_deprecates_at":"2026-12-01T00:00:00Z"}`)
	got, err := r.RunnerRelease(t.Context(), acme, "2.8.0")
	want := fleet.RunnerRelease{Newest: "2.10.0", EndsAt: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("release (-want +got):\n%s\nerror %v", diff, err)
	}
}

func TestWhatIsNoAnswerAboutRunnersIsAnError(t *testing.T) {
	r := rigged(t)
	r.on("GET /orgs/acme/actions/runners/downloads", 200, `[]`)
	if _, err := r.RunnerRelease(t.Context(), acme, "2.8.0"); meaning(err) != "unknown" {
		t.Errorf("nothing offered: %v", err)
	}
	r = rigged(t)
	r.on("GET /orgs/acme/actions/runners/downloads", 404, `{"message":"Not Found"}`)
	if got, err := r.RunnerRelease(t.Context(), acme, "2.8.0"); meaning(err) != "config" {
		t.Errorf("what the App may not see, at github.com: %+v, %v", got, err)
	}
	for status, want := range map[int]string{403: "config", 429: "throttled", 500: "unknown"} {
		r := rigged(t)
		r.on("GET /orgs/acme/actions/runners/downloads", 200, `[{"filename":"actions-runner-linux-x64-2.10.0.tar.gz"}]`)
		r.on("GET /orgs/acme/actions/runners/deprecations/2.8.0", status, `{}`)
		if _, err := r.RunnerRelease(t.Context(), acme, "2.8.0"); meaning(err) != want {
			t.Errorf("%d: %v", status, err)
		}
		if _, err := r.RunnerRelease(t.Context(), acme, "../x"); meaning(err) != "config" {
			t.Errorf("no version: %v", err)
		}
	}
}

func TestAnOpenGroupIsToldFromOthers(t *testing.T) {
	s := simulate(t, nil)
	s.must(s.sim.AddGroup("acme", githubsim.Group{ID: 2, Name: "open"}))
	s.must(s.sim.AddGroup("acme", githubsim.Group{ID: 3, Name: "shut", NoPublic: true}))
	for name, want := range map[string]bool{"": false, "Default": false, "open": true, "shut": false} {
		if got, err := s.Open(t.Context(), acme, name); err != nil || got != want {
			t.Errorf("group %q: %v, error %v", name, got, err)
		}
	}
	if got, err := s.Open(t.Context(), alice, "open"); err != nil || got {
		t.Errorf("a repository's: %v, error %v", got, err)
	}
	if _, err := s.Open(t.Context(), acme, "none"); meaning(err) != "config" {
		t.Errorf("no such group: %v", err)
	}
	if n := s.sim.Calls()["list-runner-groups"]; n != 1 {
		t.Errorf("asked %d times", n)
	}
	s.must(s.sim.AddGroup("acme", githubsim.Group{ID: 3, Name: "shut"}))
	s.run(31 * time.Minute)
	if got, err := s.Open(t.Context(), acme, "shut"); err != nil || !got {
		t.Errorf("opened since: %v, error %v", got, err)
	}
}
