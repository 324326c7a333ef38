package github_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/github/githubsim"
)

// enrolment mints for a token pool and decodes what the machine gets.
func enrolment(t *testing.T, c *github.Client, s fleet.Scope, name string) (e fleet.Enrolment) {
	t.Helper()
	id, config, err := c.Mint(t.Context(), fleet.Mint{Scope: s, Group: "Default", Labels: "arm64,linux", Registration: fleet.Token}, name)
	if err != nil || id != 0 {
		t.Fatalf("runner %d, error %v", id, err)
	}
	body, err := base64.StdEncoding.DecodeString(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestATokenServesItsScopeUntilAQuarterOfAnHourBeforeItsEnd(t *testing.T) {
	r, made := rigged(t), 0
	answer := func(w http.ResponseWriter, _ *http.Request) {
		made++
		reply(w, 201, fmt.Sprintf(`{"token":"T%d","expires_at":%q}`, made, r.now.Add(time.Hour).Format(time.RFC3339)))
	}
	r.mux.HandleFunc("POST /orgs/acme/actions/runners/registration-token", answer)
	r.mux.HandleFunc("POST /repos/alice/tools/actions/runners/registration-token", answer)
	for _, tt := range []struct {
		after time.Duration
		scope fleet.Scope
		want  string
	}{
		{0, acme, "T1"}, {45*time.Minute - time.Second, acme, "T1"}, {time.Minute, alice, "T2"}, {45 * time.Minute, acme, "T3"}, {46 * time.Minute, acme, "T3"},
	} {
		r.now = noon.Add(tt.after)
		if got := enrolment(t, r.Client, tt.scope, "rf-1").Token; got != tt.want {
			t.Errorf("after %s: %s, want %s", tt.after, got, tt.want)
		}
	}
	if text := fmt.Sprintf("%+v %#v", r.Client, r.Client); strings.Contains(text, "T1") || strings.Contains(r.log.String(), "T1") {
		t.Error("the token is printed")
	}
}

func TestAnEnrolmentIsAllThatAMachineNeeds(t *testing.T) {
	for base, want := range map[string]string{
		"":                            "https://github.com/acme",
		"https://api.sub.ghe.com":     "https://sub.ghe.com/acme",
		"https://ghes.example/api/v3": "https://ghes.example/acme",
	} {
		r := rigged(t)
		r.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/access_tokens") {
				reply(w, 201, fmt.Sprintf(`{"token":"ghs_x","expires_at":%q}`, time.Now().Add(time.Hour).Format(time.RFC3339)))
				return
			}
			reply(w, 201, fmt.Sprintf(`{"token":"T","expires_at":%q}`, r.now.Add(time.Hour).Format(time.RFC3339)))
		})
		cfg := r.config(t)
		cfg.BaseURL = base
		got := enrolment(t, client(t, cfg), acme, "rf-f-i-1-1")
		if diff := cmp.Diff(fleet.Enrolment{
			Protocol: 1, URL: want, Token: "T", Name: "rf-f-i-1-1", Group: "Default", Labels: []string{"arm64", "linux"}, Ephemeral: true,
		}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", base, diff)
		}
		if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, "\"T\"") || strings.Contains(text, " T ") {
			t.Errorf("the token is printed: %s", text)
		}
	}
}

func TestARunnerOfTheSimulatedGitHubRegistersByToken(t *testing.T) {
	s := simulate(t, nil)
	e := enrolment(t, s.Client, acme, "rf-f-i-1-1")
	id, err := s.sim.Register(e.Token, githubsim.Registration{Name: e.Name, Group: e.Group, Labels: e.Labels, Ephemeral: e.Ephemeral})
	s.must(err)
	s.must(s.sim.Listen(id))
	list, err := s.Runners(t.Context(), acme, "rf-")
	if err != nil || len(list) != 1 || list[0].Name != "rf-f-i-1-1" || !list[0].Online {
		t.Errorf("runners: %+v, error %v", list, err)
	}
}

func TestAnEnrolmentWithoutANameIsForAnyRunner(t *testing.T) {
	s := simulate(t, nil)
	e, until, err := s.Enrolment(t.Context(), acme)
	s.must(err)
	if want := s.now.Add(45 * time.Minute); !until.Equal(want) || e.URL != "https://github.com/acme" || e.Name != "" {
		t.Errorf("%s until %s, want %s", e, until, want)
	}
	if _, err := s.sim.Register(e.Token, githubsim.Registration{Name: "gh-g2-runner-i-1", Labels: []string{"arm64"}}); err != nil {
		t.Error(err)
	}
	again, _, err := s.Enrolment(t.Context(), acme)
	if err != nil || again.Token != e.Token {
		t.Errorf("another token, error %v", err)
	}
}
