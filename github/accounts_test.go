package github_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/github/githubsim"
)

func TestAnOrganisationsScopeIsItsInstallation(t *testing.T) {
	s := join(t, githubsim.Limits{})
	for _, tt := range []struct {
		name    string
		do      func()
		account fleet.Account
		want    fleet.Scope
		err     error
		text    string // in it
	}{
		{"by its login", nil, fleet.Account{Login: "Acme"}, acme, nil, ""},
		{"by its number, whatever the login is", nil, fleet.Account{Login: "elsewhere", ID: 1007}, acme, nil, ""},
		{"not by a login whose number is another", nil, fleet.Account{Login: "acme", ID: 99}, fleet.Scope{}, fleet.ErrAbsent, "acme"},
		{"none of a person", nil, fleet.Account{Login: "alice"}, fleet.Scope{}, fleet.ErrAbsent, "person"},
		{"none where no App is", nil, fleet.Account{Login: "nobody"}, fleet.Scope{}, fleet.ErrAbsent, "nobody"},
		{"while the first App is suspended", func() { s.sim.Suspend(7, true) }, fleet.Account{Login: "acme"}, acme, nil, ""},
		{"not while both are", func() { s.sim.Suspend(17, true) }, fleet.Account{Login: "acme"}, fleet.Scope{}, fleet.ErrConfig, "suspended"},
		{"under its new name", func() { s.sim.Suspend(7, false); s.must(s.sim.Rename("acme", "acme-two")) }, fleet.Account{Login: "acme", ID: 1007},
			fleet.Scope{Installation: 7, Owner: "acme-two"}, nil, ""},
		{"by the App that is left", func() { s.sim.Uninstall(7); s.sim.Suspend(17, false) }, fleet.Account{Login: "acme", ID: 1007},
			fleet.Scope{Installation: 17, Owner: "acme-two"}, nil, ""},
	} {
		if tt.do != nil {
			tt.do()
			s.now = s.now.Add(time.Minute)
		}
		got, err := s.apps.Scope(t.Context(), tt.account)
		if got != tt.want || !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: scope %+v, error %v", tt.name, got, err)
		}
	}
}

func TestAllInstallationsAreListed(t *testing.T) {
	s := simulate(t, nil)
	want := []fleet.Installation{{ID: 7, Account: "acme", AccountID: 1007, Suspended: true}, {ID: 8, Account: "alice", AccountID: 1008, Person: true}}
	for i := range 120 { // two pages
		id := int64(100 + i)
		in := githubsim.Installation{ID: githubsim.InstallationID(id), Account: fmt.Sprint("org-", i)}
		s.sim.AddInstallation(in)
		want = append(want, fleet.Installation{ID: id, Account: in.Account, AccountID: 1000 + id})
	}
	s.sim.Suspend(7, true)
	got, err := s.Installations(t.Context())
	s.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("installations (-want +got):\n%s", diff)
	}
	r := rigged(t)
	r.on("GET /app/installations", 500, `{}`)
	if _, err := r.Installations(t.Context()); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("error %v", err)
	}
}

func TestAScopeIsNotGuessedWhileAListIsNotKnown(t *testing.T) {
	first, other := rigged(t), rigged(t)
	first.on("GET /app/installations", 500, `{}`)
	other.on("GET /app/installations", 200, `[{"id":17,"account":{"login":"acme","id":70}}]`)
	apps := github.NewApps(first.Client, other.Client)
	for range 2 { // the second answer is that of the first, a minute long
		if got, err := apps.Scope(t.Context(), fleet.Account{Login: "acme"}); !errors.Is(err, fleet.ErrUnknownOutcome) {
			t.Errorf("scope %+v, error %v", got, err)
		}
	}
	if n := len(first.wire.asked); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAScopeIsKnownByTheFirstAppThoughTheListOfAnotherIsNot(t *testing.T) {
	first, other := rigged(t), rigged(t)
	first.on("GET /app/installations", 200, `[{"id":7,"account":{"login":"acme","id":70}}]`)
	other.on("GET /app/installations", 500, `{}`)
	got, err := github.NewApps(first.Client, other.Client).Scope(t.Context(), fleet.Account{Login: "acme"})
	if got != acme || err != nil {
		t.Errorf("scope %+v, error %v", got, err)
	}
}

func TestAStandingRunnerRegistersOnceAndServesManyJobs(t *testing.T) {
	s := simulate(t, nil)
	_, config, err := s.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "arm64,linux", Registration: fleet.Token, Standing: true}, "rf-f-i-1-1")
	s.must(err)
	body, err := base64.StdEncoding.DecodeString(config)
	s.must(err)
	var e fleet.Enrolment
	s.must(json.Unmarshal(body, &e))
	if e.Ephemeral {
		t.Fatalf("enrolment %v is for one job", e)
	}
	id, err := s.sim.Register(e.Token, githubsim.Registration{Name: e.Name, Group: e.Group, Labels: e.Labels, Ephemeral: e.Ephemeral})
	s.must(err)
	for range 2 { // stopped and started in between
		s.must(s.sim.Listen(id))
		for range 2 {
			s.queued()
			s.run(10 * time.Minute)
		}
		s.sim.Shutdown(id)
	}
	done := 0
	for _, o := range s.sim.Outcomes() {
		if o.Conclusion == "success" {
			done++
		}
	}
	list, err := s.Runners(t.Context(), acme, "rf-")
	if err != nil || done != 4 || len(list) != 1 || list[0].Online || list[0].Busy {
		t.Errorf("%d jobs done, runners %+v, error %v", done, list, err)
	}
}
