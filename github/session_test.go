package github_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

func TestEachCallSignsWithATokenThatAllowsNoMoreThanItNeeds(t *testing.T) {
	const (
		org    = `{"permissions":{"organization_self_hosted_runners":"write"}}`
		repo   = `{"permissions":{"administration":"write"}}`
		asking = `{"permissions":{"actions":"read"}}`
		rerun  = `{"permissions":{"actions":"write"}}`
	)
	for name, tt := range map[string]struct {
		do   func(*rig, context.Context) error
		want []string
	}{
		"a runner of a repository":    {func(r *rig, c context.Context) error { return r.calls()["mint"](c) }, []string{repo}},
		"a repository's runners":      {func(r *rig, c context.Context) error { return r.calls()["runners"](c) }, []string{repo}},
		"a runner of an organisation": {func(r *rig, c context.Context) error { return r.Remove(c, acme, 11) }, []string{org}},
		"an organisation's runners": {func(r *rig, c context.Context) error {
			_, err := r.Runners(c, acme, "")
			return err
		}, []string{org}},
		"a registration token": {func(r *rig, c context.Context) error {
			_, _, err := r.Enrolment(c, acme)
			return err
		}, []string{org}},
		"a job":             {func(r *rig, c context.Context) error { return r.calls()["job"](c) }, []string{asking}},
		"a run begun again": {func(r *rig, c context.Context) error { return r.calls()["rerun"](c) }, []string{asking, rerun}},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			r.on("GET /repos/alice/tools/actions/runs/9", 200, `{"id":9,"run_attempt":1,"status":"completed"}`)
			_ = tt.do(r, t.Context())
			_ = tt.do(r, t.Context()) // asks for no other token
			if diff := cmp.Diff(tt.want, r.wire.wanted); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPermissionThatTheAppWasNotGrantedIsNamed(t *testing.T) {
	s := simulate(t, func(c *githubsim.Config) {
		c.Permissions = map[string]string{"metadata": "read", "actions": "read", "organization_self_hosted_runners": "write"}
	})
	s.minted(acme, "rf-1")
	_, err := s.Job(t.Context(), s.queued())
	s.must(err)
	_, _, err = s.Mint(t.Context(), fleet.Mint{Scope: alice, Labels: "linux"}, "rf-2")
	const want = "mint runner rf-2 in alice/tools: configuration refused: token for installation 8 with administration=write: " +
		"422 The permissions requested are not granted to this installation."
	if !errors.Is(err, fleet.ErrConfig) || err.Error() != want {
		t.Errorf("error %v", err)
	}
}

func TestALongTokenArrivesWhole(t *testing.T) {
	r := rigged(t)
	long := "ghs_1_" + strings.Repeat("eyJhbGciOi", 60) + ".payload-_." + strings.Repeat("c2lnbmF0dXJl", 9)
	r.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case strings.HasSuffix(req.URL.Path, "/access_tokens"):
			reply(w, 201, fmt.Sprintf(`{"token":%q,"expires_at":%q}`, long, time.Now().Add(time.Hour).Format(time.RFC3339)))
		case req.Header.Get("Authorization") == "token "+long:
			reply(w, 204, "")
		default:
			reply(w, 401, `{}`)
		}
	})
	if err := r.Remove(t.Context(), acme, 11); err != nil {
		t.Error(err)
	}
}

// taking has GitHub take only the tokens from the n-th on.
func (r *rig) taking(n int) {
	r.mux.HandleFunc("/orgs/", func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.wire.mu.Lock()
		defer r.wire.mu.Unlock()
		switch {
		case r.wire.tokens < n:
			reply(w, 401, `{"message":"Bad credentials"}`)
		case req.Method == http.MethodPost && !strings.Contains(string(body), "rf-1"):
			reply(w, 422, `{"message":"the body did not come again"}`)
		case req.Method == http.MethodPost:
			reply(w, 201, `{"runner":{"id":5},"encoded_jit_config":"e30="}`)
		case strings.HasSuffix(req.URL.Path, "runner-groups"):
			reply(w, 200, `{"total_count":1,"runner_groups":[{"id":1,"name":"Default","default":true}]}`)
		default:
			w.WriteHeader(204)
		}
	})
}

func TestARevokedTokenIsReplacedAndTheCallMadeAgain(t *testing.T) {
	r := rigged(t)
	r.taking(1)
	mint := func() error {
		_, _, err := r.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, "rf-1")
		return err
	}
	if err := mint(); err != nil {
		t.Fatal(err)
	}
	r.now = noon.Add(2 * time.Minute)
	other := rigged(t) // a GitHub that wants a second token
	other.wire, r.wire.handler = r.wire, other.mux
	other.taking(2)
	if err := mint(); err != nil {
		t.Errorf("with a token that was revoked: %v", err)
	}
	if r.wire.tokens != 2 {
		t.Errorf("%d token requests, want 2", r.wire.tokens)
	}
}

func TestATokenThatIsRefusedAtOnceIsNotReplaced(t *testing.T) {
	r := rigged(t)
	r.taking(99)
	err := r.Remove(t.Context(), acme, 11)
	if diff := cmp.Diff("remove runner 11 from acme: 401 Bad credentials", fmt.Sprint(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	r.now = noon.Add(2 * time.Minute)
	_ = r.Remove(t.Context(), acme, 11)
	if len(r.wire.asked) != 3 || r.wire.tokens != 2 {
		t.Errorf("%d calls, %d token requests; want 3 and 2", len(r.wire.asked), r.wire.tokens)
	}
}

func TestATokenIsRenewedTenMinutesEarly(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration
		down  bool // the token endpoint, then
		want  int  // token requests in all
	}{
		"a young one goes on":                             {49 * time.Minute, false, 1},
		"an old one is replaced":                          {50 * time.Minute, false, 2},
		"if that fails the old one goes on for a minute":  {50 * time.Minute, true, 2},
		"an old one is replaced once for calls at a time": {55 * time.Minute, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			r.on("DELETE /orgs/", 204, "")
			if err := r.Remove(t.Context(), acme, 11); err != nil {
				t.Fatal(err)
			}
			r.now = noon.Add(tt.after)
			if tt.down {
				before := r.wire.handler
				r.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					if strings.HasSuffix(req.URL.Path, "/access_tokens") {
						reply(w, 503, `{}`)
						return
					}
					before.ServeHTTP(w, req)
				})
			}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if err := r.Remove(t.Context(), acme, 11); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if r.wire.tokens != tt.want {
				t.Errorf("%d token requests, want %d", r.wire.tokens, tt.want)
			}
		})
	}
}

func TestNoTokenReachesTheLog(t *testing.T) {
	r := rigged(t)
	r.on("/", 403, `{"message":"no: ghs_7 ghs_8"}`, "X-Accepted-GitHub-Permissions", "actions=read")
	for _, do := range r.calls() {
		if err := do(t.Context()); err == nil || strings.Contains(err.Error(), "ghs_") {
			t.Errorf("error %v", err)
		}
	}
	if text := r.log.String(); strings.Contains(text, "ghs_") || strings.Contains(text, "Bearer") || !slices.Contains(strings.Fields(text), "needs=\"actions=read\"") {
		t.Errorf("log: %s", text)
	}
}
