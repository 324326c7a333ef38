package fleet_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestWhatBecomesOfJobsByTheOriginOfTheirRun(t *testing.T) {
	const (
		asks    = "asking: GitHub is asked whether its run comes from a fork"
		serves  = "launching: pool arm, spot"
		refuses = "refused: its run comes from a fork, and forks are refused"
	)
	for _, tt := range []struct {
		name   string
		rule   fleet.ForkRule
		public bool
		origin fleet.Origin
		want   string
	}{
		{"without a rule a private repository's are served", "", false, "", serves},
		{"and its forks'", "", false, fleet.Fork, serves},
		{"a public one's must be known", "", true, "", asks},
		{"its own are served", "", true, fleet.Own, serves},
		{"its forks' are refused", "", true, fleet.Fork, "refused: its run comes from a fork, and forks of public repositories are refused"},
		{"where forks are allowed GitHub is not asked", fleet.AllowForks, true, "", serves},
		{"where they are refused it is", fleet.RefuseForks, false, "", asks},
		{"and they are", fleet.RefuseForks, false, fleet.Fork, refuses},
		{"and its own are served", fleet.RefuseForks, false, fleet.Own, serves},
		{"where a pool serves them GitHub is asked", fleet.PoolForks, false, "", asks},
		{"and the pool does", fleet.PoolForks, false, fleet.Fork, "launching: pool forks, spot"},
		{"and its own go on as before", fleet.PoolForks, false, fleet.Own, serves},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, j := base(), queued(1, arm, 50)
			s.Fleet.Pools = append(s.Fleet.Pools, fleet.Pool{Name: "forks", Labels: arm, Priority: -1, Max: 3})
			s.Recipes = append(s.Recipes, fleet.Recipe{Pool: "forks", Template: "lt-3:1", Offers: []fleet.Offer{spotA}})
			s.Fleet.Forks = fleet.Forks{Rule: tt.rule}
			if tt.rule == fleet.PoolForks {
				s.Fleet.Forks.Pool = "forks"
			}
			s.Fleet.Accounts = []fleet.Account{{ID: 1, Login: "acme", Public: []string{"w"}}}
			j.OwnerID, j.Public, j.Origin = 1, tt.public, tt.origin
			wait(&s, j)
			p := fleet.Decide(s)
			if got := p.Verdicts[0].Verdict.String(); got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
			if asked := slices.Contains(p.Origins, j.Key); asked != (tt.want == asks) {
				t.Errorf("asked %v", p.Origins)
			}
		})
	}
}

func TestForksAndOwnJobsOfOneClassAreDemandApart(t *testing.T) {
	s := base()
	s.Fleet.Pools = append(s.Fleet.Pools, fleet.Pool{Name: "forks", Labels: arm, Priority: -1, Max: 3})
	s.Recipes = append(s.Recipes, fleet.Recipe{Pool: "forks", Template: "lt-3:1", Offers: []fleet.Offer{spotA}})
	s.Fleet.Forks = fleet.Forks{Rule: fleet.PoolForks, Pool: "forks"}
	for i, origin := range []fleet.Origin{fleet.Own, fleet.Fork, fleet.Own, fleet.Fork} {
		j := queued(i+1, arm, 50-i)
		j.Origin = origin
		wait(&s, j)
	}
	foreign := queued(5, x64, 9)
	foreign.Origin = fleet.Fork
	wait(&s, foreign)
	want := []string{
		"launch 2 arm spot", "launch 2 forks spot",
		"job 1 launching", "job 2 launching", "job 3 launching", "job 4 launching", "job 5 refused",
	}
	if diff := cmp.Diff(want, said(fleet.Decide(s))); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestAJobWhoseOriginGitHubDoesNotTellIsAlertedOf(t *testing.T) {
	s := base()
	s.Fleet.Forks.Rule = fleet.RefuseForks
	wait(&s, queued(1, arm, 601))
	if diff := cmp.Diff([]string{"job 1 of acme/w waits longer than 10m0s"}, fleet.Decide(s).Alerts); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
}
