package githubsim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-cmp/cmp"
	gogithub "github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/github/githubsim"
)

// inProcess checks what a real client sends and gets.
func inProcess(s *sim) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body == nil {
			r.Body = http.NoBody
		}
		w := httptest.NewRecorder()
		checked(s.t, s.Server).ServeHTTP(w, r)
		out := w.Result()
		out.Request = r
		return out, nil
	})
}

// clients are go-github as an installation and as the App.
func clients(t *testing.T) (s *sim, installation, app *gogithub.Client) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const appID = 12345
	s = newSimWith(t, func(c *githubsim.Config) { c.AppID, c.PublicKey = appID, &key.PublicKey })
	signer := ghinstallation.NewRSASigner(jwt.SigningMethodRS256, key)
	asApp, err := ghinstallation.NewAppsTransportWithOptions(inProcess(s), appID, ghinstallation.WithSigner(signer))
	if err != nil {
		t.Fatal(err)
	}
	return s, gogithub.NewClient(&http.Client{Transport: ghinstallation.NewFromAppsTransport(asApp, 7)}),
		gogithub.NewClient(&http.Client{Transport: asApp})
}

func TestGoGitHubTakesARunnerThroughItsLife(t *testing.T) {
	s, client, _ := clients(t)
	ctx := t.Context()
	groups, _, err := client.Actions.ListOrganizationRunnerGroups(ctx, "acme", nil)
	s.must(err)
	minted, _, err := client.Actions.GenerateOrgJITConfig(ctx, "acme", &gogithub.GenerateJITConfigRequest{
		Name: "one", RunnerGroupID: groups.RunnerGroups[0].GetID(), Labels: []string{"self-hosted", "linux"},
	})
	s.must(err)
	_, err = s.Connect(minted.GetEncodedJITConfig())
	s.must(err)
	id := s.queued(githubsim.JobSpec{})
	s.run(time.Minute)
	job, _, err := client.Actions.GetWorkflowJobByID(ctx, "acme", "widgets", int64(id))
	s.must(err)
	if job.GetStatus() != "in_progress" || job.GetRunnerID() != minted.Runner.GetID() || job.GetRunnerGroupName() != "Default" {
		t.Errorf("job: %v", job)
	}
	_, err = client.Actions.RemoveOrganizationRunner(ctx, "acme", minted.Runner.GetID())
	var refused *gogithub.ErrorResponse
	if !errors.As(err, &refused) || refused.Response.StatusCode != 422 {
		t.Errorf("delete while busy: %v", err)
	}
	s.run(time.Hour)
	left, _, err := client.Actions.ListOrganizationRunners(ctx, "acme", &gogithub.ListOptions{PerPage: 100})
	s.must(err)
	if left.TotalCount != 0 {
		t.Errorf("%d runners are left", left.TotalCount)
	}
}

func TestGoGitHubMeetsLimitsAsFromGitHub(t *testing.T) {
	s, client, _ := clients(t)
	s.SetFaults(githubsim.Faults{TooMany: githubsim.Chance{Rate: 1}})
	_, _, err := client.Actions.ListRunnerApplicationDownloads(t.Context(), "acme", "widgets")
	// The minting of the token is refused first, and ghinstallation hides the answer in a text.
	if err == nil {
		t.Fatal("no error")
	}
	s.SetFaults(githubsim.Faults{})
	limits, _, err := client.RateLimit.Get(t.Context())
	s.must(err)
	if diff := cmp.Diff(10_000, limits.ActionsRunnerRegistration.Limit); diff != "" {
		t.Errorf("limit (-want +got):\n%s", diff)
	}
	for range 900 {
		_, _, err = client.Actions.ListOrganizationRunnerApplicationDownloads(t.Context(), "acme")
		s.must(err)
	}
	_, _, err = client.Actions.ListOrganizationRunnerApplicationDownloads(t.Context(), "acme")
	var secondary *gogithub.AbuseRateLimitError
	if !errors.As(err, &secondary) || secondary.GetRetryAfter() != time.Minute {
		t.Errorf("secondary limit: %v", err)
	}
}

func TestGoGitHubReadsAndResendsDeliveries(t *testing.T) {
	s, _, app := clients(t)
	s.answers = func(hook) (int, error) { return 500, nil }
	for range 3 {
		s.Ping()
	}
	s.run(time.Minute)
	var seen []*gogithub.HookDelivery
	options := &gogithub.ListCursorOptions{PerPage: 2}
	for {
		page, resp, err := app.Apps.ListHookDeliveries(t.Context(), options)
		s.must(err)
		seen = append(seen, page...)
		if resp.Cursor == "" {
			break
		}
		options.Cursor = resp.Cursor
	}
	if len(seen) != 3 || seen[0].GetStatusCode() != 500 {
		t.Fatalf("deliveries: %v", seen)
	}
	full, _, err := app.Apps.GetHookDelivery(t.Context(), seen[0].GetID())
	s.must(err)
	if _, err := full.ParseRequestPayload(); err != nil {
		t.Errorf("payload: %v", err)
	}
	_, _, err = app.Apps.RedeliverHookDelivery(t.Context(), seen[0].GetID())
	var accepted *gogithub.AcceptedError
	if !errors.As(err, &accepted) {
		t.Errorf("redeliver: %v", err)
	}
}

func TestWhoseTokensAreRefused(t *testing.T) {
	s, _, app := clients(t)
	now := time.Now()
	wrong, err := rsa.GenerateKey(rand.Reader, 2048)
	s.must(err)
	installations, _, err := app.Apps.ListInstallations(t.Context(), nil)
	s.must(err)
	if len(installations) != 2 {
		t.Errorf("%d installations", len(installations))
	}
	signed := func(issuer string, expires time.Time) string {
		text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
			Issuer: issuer, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		}).SignedString(wrong)
		s.must(err)
		return text
	}
	for name, token := range map[string]string{
		"another key": signed("12345", now.Add(time.Minute)), "no JWT": "nonsense", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			s.token = token
			s.call("GET", "/app", nil, 401, nil)
			s.call("GET", "/orgs/acme/actions/runners", nil, 401, nil)
		})
	}
	theirs := newSimWith(t, func(c *githubsim.Config) { c.AppID, c.PublicKey = 12345, &wrong.PublicKey })
	for name, token := range map[string]string{
		"another App": signed("1", now.Add(time.Minute)), "over": signed("12345", now.Add(-time.Minute)),
		"valid for an hour": signed("12345", now.Add(time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			theirs.token = token
			theirs.call("GET", "/app", nil, 401, nil)
		})
	}
}

func TestATokenLastsAnHourOfTheProcessAndASuspensionStopsIt(t *testing.T) {
	clock := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := newSim(t, func(c *githubsim.Config) { c.TokenNow = func() time.Time { return clock } })
	const path = "/orgs/acme/actions/runners"
	if n := len(s.token); n < 480 || n > 560 {
		t.Errorf("token has %d characters", n)
	}
	s.run(30 * 24 * time.Hour) // GitHub's time does not matter
	s.call("GET", path, nil, 200, nil)
	s.Suspend(7, true)
	s.call("GET", path, nil, 403, nil)
	s.asApp("POST", "/app/installations/7/access_tokens", 403, nil)
	s.Suspend(7, false)
	clock = clock.Add(time.Hour)
	s.call("GET", path, nil, 401, nil)
}

func TestAPublicRepositoryIsSeenAsOne(t *testing.T) {
	s, client, _ := clients(t)
	repo, _, err := client.Repositories.Get(t.Context(), "acme", "site")
	s.must(err)
	if repo.GetPrivate() || repo.GetVisibility() != "public" || repo.GetOwner().GetType() != "Organization" {
		t.Errorf("repository: %v", repo)
	}
	id := s.queued(githubsim.JobSpec{Repo: "acme/site", Event: "pull_request", Fork: "stranger/site"})
	run, _, err := client.Actions.GetWorkflowRunByID(t.Context(), "acme", "site", int64(s.outcome(id).Run))
	s.must(err)
	if run.GetEvent() != "pull_request" || run.GetHeadRepository().GetFullName() != "stranger/site" {
		t.Errorf("run: %v", run)
	}
}
