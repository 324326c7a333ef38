package githubsim_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

// told is the webhooks about jobs so far: the App and its installation. They are
// forgotten then. Each must have a GUID of its own.
func (s *sim) told() (all []string) {
	s.t.Helper()
	guids := map[string]bool{}
	for _, h := range s.hooks {
		if h.header.Get("X-Github-Event") != "workflow_job" {
			continue
		}
		var body struct{ Installation struct{ ID int64 } }
		s.must(json.Unmarshal(h.body, &body))
		all = append(all, fmt.Sprintf("App %s by %d", h.header.Get("X-Github-Hook-Installation-Target-Id"), body.Installation.ID))
		guids[h.header.Get("X-Github-Delivery")] = true
	}
	s.hooks = nil
	if len(guids) != len(all) {
		s.t.Errorf("%d GUIDs of %d webhooks", len(guids), len(all))
	}
	slices.Sort(all)
	return all
}

func TestEveryAppWithAWebhookIsToldOfItsAccounts(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) {
		c.MoreApps, c.MoreSecrets = []int64{2, 3}, map[int64]string{2: "another"}
	})
	s.AddInstallation(githubsim.Installation{ID: 17, Account: "acme", App: 2})
	s.AddInstallation(githubsim.Installation{ID: 27, Account: "acme", App: 3})
	for _, tt := range []struct {
		name string
		do   func()
		want []string
	}{
		{"two that are there", func() {}, []string{"App 1 by 7", "App 2 by 17"}},
		{"the other while the first is suspended", func() { s.Suspend(7, true) }, []string{"App 2 by 17"}},
		{"the first once the other is gone", func() { s.Suspend(7, false); s.Uninstall(17) }, []string{"App 1 by 7"}},
		{"the other once the first is gone", func() {
			s.AddInstallation(githubsim.Installation{ID: 18, Account: "acme", App: 2})
			s.Uninstall(7)
		}, []string{"App 2 by 18"}},
	} {
		tt.do()
		s.queued(githubsim.JobSpec{})
		s.run(time.Minute)
		if diff := cmp.Diff(tt.want, s.told()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestDeliveriesAreListedForTheirApp(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) {
		c.MoreApps, c.MoreSecrets, c.Faults.Loss.Rate = []int64{2}, map[int64]string{2: "another"}, 1
	})
	s.AddInstallation(githubsim.Installation{ID: 17, Account: "acme", App: 2})
	s.queued(githubsim.JobSpec{})
	s.run(time.Minute)
	ids := map[string][]int64{}
	for _, app := range []string{"1", "2"} {
		s.token = "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+app+`"}`)) + ".x"
		var list []kept
		s.call("GET", "/app/hook/deliveries", nil, 200, &list)
		for _, d := range list {
			ids[app] = append(ids[app], d.ID)
		}
	}
	if len(ids["1"]) == 0 || len(ids["1"]) != len(ids["2"]) || slices.Equal(ids["1"], ids["2"]) {
		t.Fatalf("deliveries %v", ids)
	}
	s.call("GET", fmt.Sprintf("/app/hook/deliveries/%d", ids["2"][0]), nil, 200, nil)
	s.call("GET", fmt.Sprintf("/app/hook/deliveries/%d", ids["1"][0]), nil, 404, nil)
}
