package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/github/githubsim"
)

var update = flag.Bool("update", false, "write the golden files anew")

// examined is a GitHub, and the part of a fleet file that names things of it.
type examined struct {
	*simulated
	accounts []fleet.Account
	pools    []fleet.Pool
}

// permitted is the App's usual permissions but for some that are changed;
// an empty level takes one away.
func permitted(change ...string) map[string]string {
	all := map[string]string{"actions": "write", "administration": "write", "metadata": "read", "organization_self_hosted_runners": "write"}
	for i := 0; i < len(change); i += 2 {
		if all[change[i]] = change[i+1]; change[i+1] == "" {
			delete(all, change[i])
		}
	}
	return all
}

func examine(t *testing.T, change func(*githubsim.Config)) *examined {
	x := &examined{simulated: simulate(t, change), accounts: []fleet.Account{{Login: "acme", ID: 1007}}, pools: []fleet.Pool{{Name: "arm64"}}}
	x.must(x.sim.AddGroup("acme", githubsim.Group{ID: 2, Name: "big"}))
	return x
}

// tell is problems as lines: what they stop, where, what and the remedy.
func tell(all []fleet.Problem) string {
	var b strings.Builder
	for _, p := range all {
		what := "warns"
		if p.Stops {
			what = "stops"
		}
		if p.Unsure {
			what = "unsure"
		}
		fmt.Fprintf(&b, "  %s %s: %s; %s\n", what, strings.TrimPrefix(p.Pool+" "+p.Key, " "), p.Text, p.Remedy)
	}
	return b.String()
}

func TestWhatGitHubShowsOfAFileIsJudged(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	may := func(change ...string) func(*githubsim.Config) {
		return func(c *githubsim.Config) { c.Permissions = permitted(change...) }
	}
	second := func(x *examined, permissions map[string]string) {
		x.sim.AddInstallation(githubsim.Installation{ID: 9, Account: "beta", Permissions: permissions})
		x.accounts = append(x.accounts, fleet.Account{Login: "beta", ID: 1009})
	}
	var text strings.Builder
	for _, tt := range []struct {
		name   string
		hub    func(*githubsim.Config)
		change func(*examined)
	}{
		{"all is well", nil, func(x *examined) { x.pools[0].Group = "big" }},
		{"every account is served", nil, func(x *examined) { x.accounts = nil }},
		{"the key is another App's", func(c *githubsim.Config) { c.PublicKey = &other.PublicKey }, nil},
		{"GitHub is down", nil, func(x *examined) { x.sim.SetFaults(githubsim.Faults{Down: []githubsim.Window{{}}}) }},
		{"the App may not register runners", may("organization_self_hosted_runners", ""), func(x *examined) { x.pools[0].Group = "big" }},
		{"the App may not register runners, and a person has some", may("organization_self_hosted_runners", "read"), func(x *examined) { x.accounts = nil }},
		{"the App may not see jobs", may("actions", ""), nil},
		{"the App may see jobs and not re-run them", may("actions", "read"), nil},
		{"one account of two did not accept a permission", nil, func(x *examined) { second(x, permitted("organization_self_hosted_runners", "")) }},
		{"the only account did not accept two", nil, func(x *examined) {
			second(x, permitted("organization_self_hosted_runners", "", "actions", "read"))
			x.accounts = x.accounts[1:]
		}},
		{"the App is nowhere installed", nil, func(x *examined) { x.accounts = nil; x.sim.Uninstall(7); x.sim.Uninstall(8) }},
		{"the only installation is gone", nil, func(x *examined) { x.sim.Uninstall(7) }},
		{"one installation of two is suspended", nil, func(x *examined) { second(x, nil); x.sim.Suspend(7, true) }},
		{"an account is another one by now", nil, func(x *examined) { x.accounts[0].ID = 5 }},
		{"a login without a number is enough", nil, func(x *examined) { x.accounts[0] = fleet.Account{Login: "ACME"} }},
		{"a runner group is nowhere", nil, func(x *examined) { x.pools[0].Group = "huge" }},
		{"a runner group is in one of two accounts", nil, func(x *examined) { second(x, nil); x.pools[0].Group = "big" }},
		{"runner groups cannot be asked for", func(c *githubsim.Config) { c.Limits.Core = -1 }, func(x *examined) { x.pools[0].Group = "big" }},
		{"a standing pool is of an account without the App", nil, func(x *examined) {
			x.pools = append(x.pools, fleet.Pool{Name: "mac", Lifetime: fleet.Standing, Account: "zeta", Group: "big"})
		}},
		{"a standing pool is of a person", nil, func(x *examined) {
			x.pools = append(x.pools, fleet.Pool{Name: "mac", Lifetime: fleet.Standing, Account: "alice"})
		}},
	} {
		x := examine(t, tt.hub)
		if tt.change != nil {
			tt.change(x)
		}
		fmt.Fprintf(&text, "%s\n%s", tt.name, tell(x.Check(t.Context(), x.accounts, x.pools)))
	}
	path := filepath.Join("testdata", "checked.txt")
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestRefusalsOfASignatureAreToldApart(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		status       int
		key          string
		unsure       bool
	}{
		{"another key", `{"message":"A JSON web token could not be decoded"}`, 401, "github.private_key", false},
		{"another App", `{"message":"'Issuer' claim ('iss') must be an Integer"}`, 401, "github.app_id", false},
		{"no such App", `{"message":"Integration not found"}`, 404, "github.app_id", false},
		{"a clock that is fast", `{"message":"'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"}`, 401, "github.private_key", false},
		{"GitHub has trouble", `<html>`, 502, "github.private_key", true},
	} {
		r := rigged(t)
		r.on("GET /app", tt.status, tt.answer)
		got := r.Check(t.Context(), nil, nil)
		if len(got) != 1 || got[0].Key != tt.key || got[0].Unsure != tt.unsure || got[0].Stops == tt.unsure {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestAnAppThatIsNotSentJobsIsTold(t *testing.T) {
	r := rigged(t)
	r.on("GET /app", 200, `{"id":1,"events":["push"]}`)
	r.on("GET /app/installations", 200, `[{"id":7,"account":{"login":"acme","id":1007},"target_type":"Organization"}]`)
	want := "  warns github.webhook_secrets: App 1 is not sent workflow_job, so jobs are not heard of; " +
		"subscribe it to Workflow job on its page at GitHub, Permissions & events\n"
	if diff := cmp.Diff(want, tell(r.Check(t.Context(), nil, nil))); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestACheckCostsTwoCallsAndTwoForEachOrganisationWithAGroup(t *testing.T) {
	x := examine(t, nil)
	count := func() (n int) {
		for _, calls := range maps.All(x.sim.Calls()) {
			n += calls
		}
		return n
	}
	x.Check(t.Context(), x.accounts, x.pools)
	if got := count(); got != 2 {
		t.Errorf("without a group: %d calls: %v", got, x.sim.Calls())
	}
	x.pools = slices.Repeat([]fleet.Pool{{Name: "p", Group: "big"}}, 10)
	x.run(time.Second)
	x.Check(t.Context(), x.accounts, x.pools)
	if got := count(); got != 6 {
		t.Errorf("with one: %d calls: %v", got, x.sim.Calls())
	}
}

func TestWhatAnotherAppLacksIsToldAndStopsNothing(t *testing.T) {
	first, second := rigged(t), rigged(t)
	first.on("GET /app", 200, `{"id":1}`)
	first.on("GET /app/installations", 200, `[{"id":7,"account":{"login":"acme","id":1007},"target_type":"Organization"}]`)
	second.on("GET /app", 200, `{"id":1,"events":["push"],"permissions":{"actions":"write"}}`)
	second.on("GET /app/installations", 200, `[{"id":17,"account":{"login":"acme","id":1007},"target_type":"Organization"}]`)
	want := "  warns github.apps[0].app_id: App 1 has no permission organisation: self-hosted runners, read and write, so no runner can be registered; " +
		"give it on the App's page at GitHub, and have each account accept it\n"
	apps := github.NewApps(first.Client, second.Client)
	if diff := cmp.Diff(want, tell(apps.Check(t.Context(), []fleet.Account{{Login: "acme", ID: 1007}}, nil))); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	unknown := rigged(t)
	unknown.on("GET /app", 401, `{"message":"A JSON web token could not be decoded"}`)
	got := github.NewApps(first.Client, unknown.Client).Check(t.Context(), nil, nil)
	if len(got) != 1 || got[0].Key != "github.apps[0].private_key" || got[0].Stops {
		t.Errorf("a key that is not known: %+v", got)
	}
}

func TestWhatAnotherAppCanDoStopsNothing(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	big := fleet.Pool{Name: "big", Group: "big"}
	none := fleet.Pool{Name: "none", Group: "none"}
	stands := fleet.Pool{Name: "stands", Lifetime: fleet.Standing, Account: "acme"}
	all := []fleet.Pool{{Name: "plain"}, big, none, stands}
	for _, tt := range []struct {
		name string
		do   func(*several)
		want []string // pools that are stopped; the empty one stands for all
	}{
		{"both are well", func(*several) {}, []string{"none"}},
		{"the first is suspended", func(s *several) { s.sim.Suspend(7, true) }, []string{"none"}},
		{"the first is not there", func(s *several) { s.sim.Uninstall(7) }, []string{"none"}},
		{"GitHub does not know the first's key", func(s *several) { s.sim.SetAppKey(1, &stranger.PublicKey) }, []string{"none"}},
		{"the second is suspended", func(s *several) { s.sim.Suspend(17, true) }, []string{"none"}},
		{"GitHub does not know the second's key", func(s *several) { s.sim.SetAppKey(2, &stranger.PublicKey) }, []string{"none"}},
		{"both are suspended", func(s *several) { s.sim.Suspend(7, true); s.sim.Suspend(17, true) }, []string{""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := join(t, githubsim.Limits{})
			s.must(s.sim.AddGroup("acme", githubsim.Group{ID: 2, Name: "big"}))
			tt.do(s)
			stopped := map[string]bool{}
			found := s.apps.Check(t.Context(), []fleet.Account{{Login: "acme", ID: 1007}}, all)
			for _, p := range found {
				if p.Stops {
					stopped[p.Pool] = true
				}
			}
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(stopped))); diff != "" {
				t.Errorf("stopped (-want +got):\n%s\n%s", diff, tell(found))
			}
		})
	}
}
