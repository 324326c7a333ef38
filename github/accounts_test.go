package github_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

func TestAnOrganisationsScopeIsItsInstallation(t *testing.T) {
	s := simulate(t, nil)
	if got, err := s.Scope(t.Context(), "Acme"); got != acme || err != nil {
		t.Errorf("scope %+v, error %v", got, err)
	}
	for account, want := range map[string]error{
		"alice":     fleet.ErrAbsent, // a person
		"nobody":    fleet.ErrAbsent,
		"../acme":   fleet.ErrConfig,
		"acme/site": fleet.ErrConfig,
	} {
		if got, err := s.Scope(t.Context(), account); !errors.Is(err, want) || !strings.Contains(err.Error(), account) {
			t.Errorf("%s: scope %+v, error %v", account, got, err)
		}
	}
	s.sim.Suspend(7, true)
	if got, err := s.Scope(t.Context(), "acme"); !errors.Is(err, fleet.ErrConfig) || !strings.Contains(err.Error(), "suspended") {
		t.Errorf("suspended: scope %+v, error %v", got, err)
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

func TestAnAnswerWithoutAnInstallationIsNone(t *testing.T) {
	r := rigged(t)
	r.mux.HandleFunc("GET /orgs/acme/installation", func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{}`) })
	if got, err := r.Scope(t.Context(), "acme"); !errors.Is(err, fleet.ErrUnknownOutcome) {
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
