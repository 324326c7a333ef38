package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
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

// everything asks for all that a fleet asks of an account, and says what was
// refused.
func (s *several) everything(job fleet.Job) (refused []string) {
	ctx := s.t.Context()
	home, err := s.apps.Home(ctx, 1007, acme.Installation)
	s.must(err)
	acme := fleet.Scope{Installation: home.Installation, Owner: acme.Owner}
	job.Class.Scope = acme
	note := func(call string, err error) {
		if err != nil {
			refused = append(refused, call+": "+err.Error())
		}
	}
	at := fleet.Repository{Scope: acme, Name: "acme/widgets"}
	id, _, err := s.apps.Mint(ctx, fleet.Mint{Scope: acme, Labels: "linux"}, fmt.Sprint("rf-", s.now.UnixNano()))
	note("mint", err)
	_, err = s.apps.Runners(ctx, acme, "rf-")
	note("runners", err)
	note("remove", s.apps.Remove(ctx, acme, id))
	_, err = s.apps.Job(ctx, job)
	note("job", err)
	runs, err := s.apps.Runs(ctx, at)
	note("runs", err)
	for _, r := range runs {
		one, err := s.apps.Run(ctx, at, r.ID)
		note("run", err)
		jobs, err := s.apps.Jobs(ctx, r)
		note("jobs", err)
		for _, j := range jobs {
			if r.Scope != acme || one.Scope != acme || j.Class.Scope != acme {
				refused = append(refused, fmt.Sprintf("scopes %+v, %+v, %+v", r.Scope, one.Scope, j.Class.Scope))
			}
		}
	}
	_, err = s.apps.Open(ctx, acme, "Default")
	note("group", err)
	_, err = s.apps.RunnerRelease(ctx, acme, "2.330.0")
	note("release", err)
	_, _, err = s.apps.Enrolment(ctx, acme)
	note("enrolment", err)
	return refused
}

func TestWhileOneAppIsShutTheOtherDoesAll(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, shut := range map[string]func(*several){
		"neither is":                            func(*several) {},
		"the first is suspended":                func(s *several) { s.sim.Suspend(7, true) },
		"the first is deleted":                  func(s *several) { s.sim.Uninstall(7) },
		"GitHub does not know the first's key":  func(s *several) { s.sim.SetAppKey(1, &stranger.PublicKey) },
		"the second is suspended":               func(s *several) { s.sim.Suspend(17, true) },
		"the second is deleted":                 func(s *several) { s.sim.Uninstall(17) },
		"GitHub does not know the second's key": func(s *several) { s.sim.SetAppKey(2, &stranger.PublicKey) },
	} {
		for _, known := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, used before: %t", name, known), func(t *testing.T) {
				s := join(t, githubsim.Limits{})
				job := s.queued()
				if known {
					if got := s.everything(job); len(got) > 0 {
						t.Fatalf("at first: %q", got)
					}
				}
				shut(s)
				for range 5 { // from one list of installations to the next
					s.now = s.now.Add(4 * time.Minute)
					if got := s.everything(job); len(got) > 0 {
						t.Errorf("refused: %s", strings.Join(got, "\n"))
					}
				}
			})
		}
	}
}

func TestTheHomeOfAnAccountStandsWhileItsAppIsShut(t *testing.T) {
	s := join(t, githubsim.Limits{})
	homes := func() (got [2]fleet.Scope) {
		for i, told := range []int64{7, 17} {
			at, err := s.apps.Home(t.Context(), 0, told)
			s.must(err)
			got[i] = at
		}
		return got
	}
	for _, tt := range []struct {
		name string
		do   func()
		want int64
		now  string // what the account is called
	}{
		{"both are open", func() {}, 7, "acme"},
		{"the first is suspended", func() { s.sim.Suspend(7, true) }, 7, "acme"},
		{"a call found out", func() { s.must(s.mint("rf-0")) }, 7, "acme"},
		{"it is open again", func() { s.sim.Suspend(7, false) }, 7, "acme"},
		{"the account is renamed, and known by its number", func() { s.must(s.sim.Rename("acme", "acme-two")) }, 7, "acme-two"},
		{"the first is gone", func() { s.sim.Uninstall(7) }, 17, "acme-two"},
		{"it is there again, under another number", func() {
			s.sim.AddInstallation(githubsim.Installation{ID: 9, Account: "acme-two"})
		}, 9, "acme-two"},
	} {
		tt.do()
		s.now = s.now.Add(11 * time.Minute)
		at := fleet.Scope{Installation: tt.want, Owner: tt.now}
		if diff := cmp.Diff([2]fleet.Scope{at, at}, homes()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWhatOneAppMayNotSeeIsNotHeldForAbsentWhileTheOtherCannotSay(t *testing.T) {
	for name, tt := range map[string]struct {
		other int    // status of the other App's answer
		text  string // of it
		want  error
	}{
		"neither sees it":        {404, `{"message":"Not Found"}`, fleet.ErrAbsent},
		"the other is limited":   {429, `{}`, fleet.ErrUnknownOutcome},
		"the other is suspended": {403, `{"message":"This installation has been suspended"}`, fleet.ErrUnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			first, other := rigged(t), rigged(t)
			for i, r := range []*rig{first, other} {
				r.on("GET /app/installations", 200, fmt.Sprintf(`[{"id":%d,"account":{"login":"acme","id":70}}]`, 7+10*i))
			}
			first.on("GET /repos/acme/w/actions/jobs/5", 404, `{"message":"Not Found"}`)
			other.on("GET /repos/acme/w/actions/jobs/5", tt.other, tt.text)
			apps := github.NewApps(first.Client, other.Client)
			_, err := apps.Job(t.Context(), fleet.Job{Key: fleet.JobKey{ID: 5}, Repo: "acme/w", Class: fleet.Class{Scope: acme}})
			if !errors.Is(err, tt.want) || tt.want != fleet.ErrAbsent && errors.Is(err, fleet.ErrAbsent) {
				t.Errorf("error %v", err)
			}
			var limit *fleet.LimitedError
			if errors.As(err, &limit) {
				t.Errorf("the App that answered is held for limited: %v", err)
			}
		})
	}
}

func TestWhatOneAppMayNotDoWaitsForTheOtherThatIsLimited(t *testing.T) {
	refused, limited := rigged(t), rigged(t)
	for i, r := range []*rig{refused, limited} {
		r.on("GET /app/installations", 200, fmt.Sprintf(`[{"id":%d,"account":{"login":"acme","id":70}}]`, 7+10*i))
		r.on("GET /orgs/acme/actions/runner-groups", 200, `{"runner_groups":[{"id":1,"name":"Default","default":true}]}`)
	}
	for _, call := range []string{"GET /orgs/acme/actions/runners", "POST /orgs/acme/actions/runners/generate-jitconfig"} {
		refused.on(call, 403, `{"message":"Resource not accessible by integration"}`)
		limited.on(call, 429, `{}`)
	}
	for name, apps := range map[string]*github.Apps{
		"the first may not":  github.NewApps(refused.Client, limited.Client),
		"the second may not": github.NewApps(limited.Client, refused.Client),
	} {
		_, err := apps.Runners(t.Context(), acme, "rf-")
		if !errors.Is(err, fleet.ErrUnknownOutcome) || errors.Is(err, fleet.ErrConfig) {
			t.Errorf("%s: list: error %v", name, err)
		}
		_, _, err = apps.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, "rf-1")
		if got := limitOf(t, err); got.Installation != acme.Installation || got.Resource != fleet.Registrations || errors.Is(err, fleet.ErrConfig) {
			t.Errorf("%s: mint: error %v", name, err)
		}
	}
}

func TestInstallationsAreThoseOfEveryApp(t *testing.T) {
	var status [2]int // of the lists
	var each []*github.Client
	for i := range status {
		r := rigged(t)
		r.mux.HandleFunc("GET /app/installations", func(w http.ResponseWriter, _ *http.Request) {
			reply(w, status[i], fmt.Sprintf(`[{"id":%d,"account":{"login":"acme","id":70}}]`, 7+10*i))
		})
		each = append(each, r.Client)
	}
	apps := github.NewApps(each[0], each[1])
	ask := func() (ids []int64, err error) {
		all, err := apps.Installations(t.Context())
		for _, in := range all {
			ids = append(ids, in.ID)
		}
		return ids, err
	}
	for _, tt := range []struct {
		name   string
		status [2]int
		want   error
	}{
		{"both answer", [2]int{200, 200}, nil},
		{"the first is not answered", [2]int{500, 200}, fleet.ErrUnknownOutcome},
		{"GitHub does not know the first, whose list stands", [2]int{401, 200}, nil},
		{"GitHub knows neither", [2]int{401, 401}, fleet.ErrConfig},
		{"GitHub does not know one, and does not answer of the other", [2]int{401, 500}, fleet.ErrUnknownOutcome},
	} {
		status = tt.status
		ids, err := ask()
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v", tt.name, err)
		}
		if diff := cmp.Diff([]int64{7, 17}, ids); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
