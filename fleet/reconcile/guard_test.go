package reconcile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// guards makes the fleet start a version of the runner, where GitHub offers one.
func (r *rig) guards(version string, offered fleet.RunnerRelease) {
	pools := r.Fleet()
	pools.Runner = version
	r.Fleet = func() fleet.Fleet { return pools }
	r.Guards, r.hub.release = &r.hub, offered
}

// asks is how often GitHub was asked for something since the last time.
func (r *rig) asks(verb string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.calls {
		if strings.HasPrefix(line, verb+" ") {
			n++
		}
	}
	r.calls = nil
	return n
}

// alerts is what a person is told now.
func (r *rig) alerts() []string {
	r.t.Helper()
	_, plan, err := r.Plan(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return plan.Alerts
}

// verdict is that of the only job.
func (r *rig) verdict() string {
	r.t.Helper()
	jobs := r.state().Jobs
	if len(jobs) != 1 {
		r.t.Fatalf("%d jobs", len(jobs))
	}
	return jobs[0].Verdict.String()
}

func TestAVersionThatGitHubDoesNotServeIsNeverLaunched(t *testing.T) {
	const refusal = "set-back: pool arm: GitHub does not serve runner "
	for _, tt := range []struct {
		name    string
		version string
		offered fleet.RunnerRelease
		want    string
	}{
		{"the newest is", "2.337.0", fleet.RunnerRelease{Newest: "2.337.0"}, "launching: pool arm, spot"},
		{"one before it is, for thirty days", "2.336.0", fleet.RunnerRelease{Newest: "2.337.0"}, "launching: pool arm, spot"},
		{"one below the oldest is not", "2.328.0", fleet.RunnerRelease{Newest: "2.337.0"}, refusal + "2.328.0: GitHub takes no runner older than 2.329.0"},
		{"one that GitHub has ended is not", "2.336.0", fleet.RunnerRelease{Newest: "2.337.0", EndsAt: noon}, refusal + "2.336.0: GitHub says so"},
		{"one of a GitHub that has no list is", "2.336.0", fleet.RunnerRelease{}, "launching: pool arm, spot"},
		{"one that such a GitHub has ended is not", "2.336.0", fleet.RunnerRelease{EndsAt: noon}, refusal + "2.336.0: GitHub says so"},
		{"images that hold one of their own are not judged", "", fleet.RunnerRelease{Newest: "2.337.0", EndsAt: noon}, "launching: pool arm, spot"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.guards(tt.version, tt.offered)
			r.queue(1, acme)
			r.look()
			if got := r.verdict(); got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
			if n, served := len(r.launches()), strings.HasPrefix(tt.want, "launching"); (n == 1) != served {
				t.Errorf("%d launches", n)
			}
		})
	}
}

func TestAGitHubWithoutAListOfRunnersIsAskedOnceAnHour(t *testing.T) {
	r := rigged(t)
	r.guards("2.336.0", fleet.RunnerRelease{})
	r.queue(1, acme)
	r.refuse["launch"] = fleet.ErrThrottled
	r.play(59 * time.Minute)
	if n := r.asks("release"); n != 1 {
		t.Errorf("asked %d times within the hour", n)
	}
	if got := strings.Join(r.alerts(), "\n"); strings.Contains(got, "2.336.0") {
		t.Errorf("told %q", got)
	}
	if m := runnerOf(r.state().Marks); m.Version != "2.336.0" || len(m.Releases) > 0 {
		t.Errorf("noted %+v", m)
	}
}

func TestAnOldVersionEndsThirtyDaysAfterTheNextWhoeverSawThat(t *testing.T) {
	r := rigged(t)
	r.guards("2.336.0", fleet.RunnerRelease{Newest: "2.336.0"})
	r.queue(1, zeta)
	r.refuse["launch"] = fleet.ErrThrottled
	r.look()
	r.hub.release.Newest = "2.337.0"
	look := func(at time.Time) {
		r.anew()
		r.now = at
		done := r.hub.jobs[1]
		done.QueuedAt = at
		done.Key.ID = fleet.JobID(at.Unix())
		r.hears(fleet.Event{ID: at.String(), At: at, Job: &done})
		r.look()
	}
	released := noon.Add(time.Hour)
	look(released)
	if got := strings.Join(r.alerts(), "\n"); strings.Contains(got, "2.336.0") {
		t.Errorf("a month before: %q", got)
	}
	end := released.Add(fleet.RunnerFor)
	look(end.Add(-fleet.RunnerNotice - time.Hour))
	if got := strings.Join(r.alerts(), "\n"); strings.Contains(got, "2.336.0") {
		t.Errorf("more than the notice before: %q", got)
	}
	look(end.Add(-fleet.RunnerNotice))
	want := "GitHub serves runner 2.336.0 until 2026-02-04: GitHub serves a runner for 30 days after the next one, and 2.337.0 was first offered on 2026-01-05; name a newer one under machine.runner, such as 2.337.0"
	if got := strings.Join(r.alerts(), "\n"); !strings.Contains(got, want) {
		t.Errorf("at the notice: %q", got)
	}
	r.Guards = nil // it holds though nobody is asked
	look(end)
	for _, j := range r.state().Jobs {
		if j.QueuedAt.Equal(end) && !strings.Contains(j.Verdict.Detail, "GitHub does not serve runner 2.336.0") {
			t.Errorf("at the end: %s", j.Verdict)
		}
	}
	r.guards("2.337.0", fleet.RunnerRelease{Newest: "2.337.0"})
	r.launches()
	delete(r.refuse, "launch")
	look(end.Add(time.Minute))
	if len(r.launches()) == 0 {
		t.Error("a newer one in the file is not launched")
	}
}

func TestAGroupThatLetsPublicRepositoriesInIsToldUnlessSomeAreListed(t *testing.T) {
	const told = "the runner group of pool arm in acme lets public repositories in, and github.allow lists none there: GitHub may give its machines a job of one"
	for name, tt := range map[string]struct {
		open     bool
		accounts []fleet.Account
		want     []string
	}{
		"a group that is shut":                  {false, nil, nil},
		"an open one":                           {true, nil, []string{told}},
		"an open one, and no public repository": {true, []fleet.Account{{ID: 12, Login: "acme"}}, []string{told}},
		"an open one for those that are listed": {true, []fleet.Account{{ID: 12, Login: "Acme", Public: []string{"site"}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			r.guards("", fleet.RunnerRelease{})
			pools := r.Fleet()
			pools.Accounts = tt.accounts
			r.Fleet = func() fleet.Fleet { return pools }
			r.hub.open = tt.open
			j := hidden(1, acme, arm)
			j.Found, r.due = false, r.now
			r.hears(fleet.Event{ID: "d", At: r.now, Job: &j})
			r.look()
			if diff := cmp.Diff(tt.want, r.alerts()); diff != "" {
				t.Errorf("alerts (-want +got):\n%s", diff)
			}
			if len(r.launches()) != 1 {
				t.Error("the guard holds a launch back")
			}
			r.hub.open = false
			r.play(guardFor + time.Minute)
			if got := strings.Join(r.alerts(), "\n"); strings.Contains(got, told) {
				t.Errorf("three hours after it was shut: %q", got)
			}
		})
	}
}

func TestGuardsAskOnceAnHourWhoeverComesUpAgain(t *testing.T) {
	r := rigged(t)
	r.guards("2.337.0", fleet.RunnerRelease{Newest: "2.337.0"})
	r.queue(1, acme)
	r.look()
	for range 5 {
		r.anew()
		r.play(10 * time.Minute)
	}
	if n := r.asks("release"); n != 1 {
		t.Errorf("asked %d times in fifty minutes", n)
	}
	r.guards("2.338.0", fleet.RunnerRelease{Newest: "2.338.0"})
	r.anew()
	r.look()
	if n := r.asks("release"); n != 1 {
		t.Errorf("asked %d times about another version", n)
	}
}

func TestAGuardThatIsNotAnsweredHoldsNothingBackAndIsAskedAgainSoon(t *testing.T) {
	r := rigged(t)
	r.guards("2.337.0", fleet.RunnerRelease{Newest: "2.337.0"})
	r.refuse["release"], r.refuse["group"] = fleet.ErrUnknownOutcome, fleet.ErrUnknownOutcome
	r.queue(1, acme)
	r.look()
	if len(r.launches()) != 1 {
		t.Error("nothing was launched")
	}
	r.asks("")
	r.play(11 * time.Minute)
	if n := r.asks("release"); n != 2 {
		t.Errorf("asked %d times in ten minutes", n)
	}
}

func TestOfManyScopesSomeAreLookedAtInTurns(t *testing.T) {
	var homes []fleet.Scope
	for i := range 50 {
		homes = append(homes, fleet.Scope{Installation: int64(i), Owner: "a"})
	}
	seen := map[fleet.Scope]bool{}
	for hour := range 50 {
		some := someOf(homes, noon.Add(time.Duration(hour)*time.Hour))
		if len(some) != guardScopes {
			t.Fatalf("%d scopes", len(some))
		}
		for _, at := range some {
			seen[at] = true
		}
	}
	if len(seen) != 50 {
		t.Errorf("%d scopes seen", len(seen))
	}
}
