package github_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/github/githubsim"
)

// several is two Apps at one GitHub: the second is on acme, too, as 17.
type several struct {
	*simulated
	apps *github.Apps
}

func join(t *testing.T, limits githubsim.Limits) *several {
	t.Helper()
	s := simulate(t, func(c *githubsim.Config) { c.MoreApps, c.Limits = []int64{2}, limits })
	s.sim.AddInstallation(githubsim.Installation{ID: 17, Account: "acme", App: 2})
	second := client(t, github.Config{
		AppID: 2, PrivateKeys: [][]byte{privateKey(t)}, Transport: shape(t, githubsim.Transport{Server: s.sim}), Now: func() time.Time { return s.now },
	})
	return &several{s, github.NewApps(s.Client, second)}
}

// used is what was taken of an allowance, by App, as the reconciler sees it.
func (s *several) used(resource string) map[int64]int {
	all := map[int64]int{}
	for _, m := range s.apps.Allowances() {
		if m.Installation == 7 && m.Resource == resource {
			all[m.App] = m.Limit - m.Remaining
		}
	}
	return all
}

func (s *several) mint(name string) error {
	_, _, err := s.apps.Mint(s.t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, name)
	return err
}

func TestAppsShareWhatTheyRegister(t *testing.T) {
	s := join(t, githubsim.Limits{})
	for i := range 20 {
		s.must(s.mint(fmt.Sprint("rf-", i)))
	}
	if diff := cmp.Diff(map[int64]int{1: 10, 2: 10}, s.used(fleet.Registrations)); diff != "" {
		t.Errorf("registrations (-want +got):\n%s", diff)
	}
	if n := s.apps.Allowances().Apps(7); n != 2 {
		t.Errorf("%d Apps serve acme", n)
	}
	left, known := s.apps.Allowances().Registrations(7, s.now)
	if left != 20_000-20 || !known {
		t.Errorf("%d registrations left, %t", left, known)
	}
	all, err := s.apps.Runners(t.Context(), acme, "rf-")
	s.must(err)
	if len(all) != 20 {
		t.Errorf("%d runners", len(all))
	}
	for _, x := range all {
		if x.Scope != acme {
			t.Errorf("runner %s is of %+v", x.Name, x.Scope)
		}
		s.must(s.apps.Remove(t.Context(), acme, x.ID))
	}
}

func TestAnAppThatIsUsedUpLeavesTheRestToTheOther(t *testing.T) {
	s := join(t, githubsim.Limits{Registrations: 3})
	for i := range 6 {
		s.must(s.mint(fmt.Sprint("rf-", i)))
	}
	err := s.mint("rf-6")
	want := fleet.LimitedError{Installation: 7, For: time.Hour, Resource: fleet.Registrations}
	got := limitOf(t, err)
	got.Text = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("limit (-want +got):\n%s", diff)
	}
	if meaning := errors.Is(err, fleet.ErrThrottled); !meaning {
		t.Errorf("error %v", err)
	}
	s.now = s.now.Add(time.Hour)
	s.must(s.mint("rf-6"))
}

func TestEveryCallKeepsTheScopeOfItsClass(t *testing.T) {
	s := join(t, githubsim.Limits{})
	job := s.queued()
	for range 4 { // by both Apps
		seen, err := s.apps.Job(t.Context(), job)
		s.must(err)
		if seen.Class.Scope != acme {
			t.Errorf("scope %+v", seen.Class.Scope)
		}
	}
	if diff := cmp.Diff(map[int64]int{1: 2, 2: 2}, s.used(fleet.CoreCalls)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAnAppThatIsNotThereIsNotUsed(t *testing.T) {
	s := join(t, githubsim.Limits{})
	for range 3 {
		_, err := s.apps.Runners(t.Context(), alice, "")
		s.must(err)
	}
	for _, m := range s.apps.Allowances() {
		if m.App == 2 {
			t.Errorf("meter %+v", m)
		}
	}
}

func TestAnAppThatIsTakenAwayIsNotMissed(t *testing.T) {
	for name, away := range map[string]func(*several){
		"suspended": func(s *several) { s.sim.Suspend(17, true) },
		"deleted":   func(s *several) { s.sim.Uninstall(17) },
	} {
		t.Run(name, func(t *testing.T) {
			s := join(t, githubsim.Limits{})
			s.must(s.mint("rf-0"))
			s.must(s.mint("rf-1"))
			away(s)
			s.now = s.now.Add(5 * time.Minute)
			for i := range 6 {
				s.must(s.mint(fmt.Sprint("rf-again-", i)))
			}
			if got := s.used(fleet.Registrations)[1]; got < 6 {
				t.Errorf("the first App registered %d", got)
			}
		})
	}
}

func TestAJobThatTwoAppsTellOfHasOneHome(t *testing.T) {
	s := join(t, githubsim.Limits{})
	for _, tt := range []struct {
		account, told, want int64
	}{
		{1007, 17, 7}, {0, 17, 7}, {1007, 7, 7}, {1008, 8, 8}, {1007, 99, 7}, {0, 99, 99}, {1099, 99, 99},
	} {
		got, err := s.apps.Home(t.Context(), tt.account, tt.told)
		if got.Installation != tt.want || err != nil {
			t.Errorf("account %d told by %d: %d, %v; want %d", tt.account, tt.told, got.Installation, err, tt.want)
		}
	}
	s.sim.AddInstallation(githubsim.Installation{ID: 18, Account: "zeta", App: 2})
	s.now = s.now.Add(time.Hour)
	if got, err := s.apps.Home(t.Context(), 0, 18); got != (fleet.Scope{Installation: 18, Owner: "zeta"}) || err != nil {
		t.Errorf("where the first App is not: %+v, %v", got, err)
	}
	if _, err := s.apps.Runners(t.Context(), fleet.Scope{Installation: 18, Owner: "zeta"}, ""); err != nil {
		t.Errorf("its runners: %v", err)
	}
}

func TestWithoutAListTheHomeIsNotGuessed(t *testing.T) {
	r := rigged(t)
	r.on("GET /app/installations", 500, `{}`)
	cfg := r.config(t)
	cfg.AppID = 2
	apps := github.NewApps(r.Client, client(t, cfg))
	if got, err := apps.Home(t.Context(), 70, 17); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("%+v, %v", got, err)
	}
	r.on("DELETE /orgs/", 204, "")
	if err := apps.Remove(t.Context(), acme, 11); err != nil {
		t.Errorf("the first App goes on: %v", err)
	}
}
