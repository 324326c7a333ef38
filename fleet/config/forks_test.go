package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// withForks is the smallest file, with a rule for forks.
func withForks(t *testing.T, rule string) (*File, error) {
	t.Helper()
	text := string(good(t)["minimal.good.yaml"])
	return Parse("f", []byte(strings.Replace(text, "  app_id:", "  forks: "+rule+"\n  app_id:", 1)))
}

func TestARuleForForksIsAWordOrAPool(t *testing.T) {
	for rule, want := range map[string]fleet.Forks{
		"refuse": {Rule: fleet.RefuseForks}, "allow": {Rule: fleet.AllowForks}, "pool arm64": {Rule: fleet.PoolForks, Pool: "arm64"},
	} {
		f, err := withForks(t, rule)
		if diff := cmp.Diff(want, f.Fleet().Forks); err != nil || diff != "" {
			t.Errorf("%s (-want +got):\n%s\nerror %v", rule, diff, err)
		}
	}
	for rule, want := range map[string]string{
		"refused":    "must be refuse, allow or pool NAME; did you mean refuse?",
		"refuse all": "must be refuse, allow or pool NAME",
		"pool":       "must be refuse, allow or pool NAME; name one of the pools",
		"pool Arm64": "must be refuse, allow or pool NAME; name one of the pools",
		"pool x64":   "there is no pool x64",
		"true":       "must be text, not true or false",
	} {
		if _, err := withForks(t, rule); err == nil || !strings.Contains(err.Error(), "github.forks: "+want) {
			t.Errorf("%s: error %v", rule, err)
		}
	}
}

func TestForksOfListedPublicRepositoriesAreWarnedOfWhereTheyAreAllowed(t *testing.T) {
	text := string(good(t)["minimal.good.yaml"])
	for rule, want := range map[string]bool{"allow": true, "refuse": false, "pool arm64": false} {
		github := "  forks: " + rule + "\n  allow: [{login: acme, id: 1, public: [site]}]\n  app_id:"
		f, err := Parse("f", []byte(strings.Replace(text, "  app_id:", github, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(Problems(f.Warnings()).Error(), "anybody who can open a pull request"); got != want {
			t.Errorf("%s: warned %v", rule, got)
		}
	}
}
