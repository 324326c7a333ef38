package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// runnerFile is what GitHub calls a release of the runner for Linux.
var runnerFile = regexp.MustCompile(`^actions-runner-linux-(?:x64|arm64)-([0-9]+\.[0-9]+\.[0-9]+)\.tar\.gz$`)

// RunnerRelease is the runner that GitHub offers a scope now, and when it ends a
// version, if it tells. It takes two requests. Either is answered 404 where there
// is no such list: the first on a GitHub Enterprise Server that has none, the
// second where there is no schedule, as on github.com. GitHub releases
// progressively, so a scope may be offered an older one than another.
func (c *Client) RunnerRelease(ctx context.Context, s fleet.Scope, version string) (fleet.RunnerRelease, error) {
	k := call{op: fmt.Sprintf("ask for runners for %s", s), installation: s.Installation}
	api, err := c.scoped(s)
	if err != nil {
		return fleet.RunnerRelease{}, k.wrap(err)
	}
	var r fleet.RunnerRelease
	if r.Newest, err = c.newest(ctx, k, api, s); err != nil {
		return fleet.RunnerRelease{}, err
	}
	r.EndsAt, err = c.endOf(ctx, api, s, version)
	return r, err
}

// newest is the newest version for Linux that a scope is offered; empty where
// there is no list.
func (c *Client) newest(ctx context.Context, k call, api *github.Client, s fleet.Scope) (newest string, err error) {
	if c.onServer() { // elsewhere it is there, and 404 says that the App may not see it
		k.means = map[int]error{http.StatusNotFound: fleet.ErrAbsent}
	}
	files, err := offered(ctx, api, s)
	if err != nil {
		if err = c.fail(ctx, k, err); errors.Is(err, fleet.ErrAbsent) {
			return "", nil
		}
		return "", err
	}
	for _, f := range files {
		if m := runnerFile.FindStringSubmatch(f.GetFilename()); m != nil && fleet.OlderRunner(newest, m[1]) {
			newest = m[1]
		}
	}
	if newest == "" {
		return "", k.unanswered("answer holds no runner for Linux")
	}
	return newest, nil
}

func offered(ctx context.Context, api *github.Client, s fleet.Scope) ([]*github.RunnerApplicationDownload, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if s.Repo != "" {
		files, _, err := api.Actions.ListRunnerApplicationDownloads(ctx, s.Owner, s.Repo)
		return files, err
	}
	files, _, err := api.Actions.ListOrganizationRunnerApplicationDownloads(ctx, s.Owner)
	return files, err
}

// endOf is when GitHub ends a version: the earlier of the ends of registrations
// and of jobs; zero if it tells none. v57 does not have the call.
func (c *Client) endOf(ctx context.Context, api *github.Client, s fleet.Scope, version string) (time.Time, error) {
	k := call{op: fmt.Sprintf("ask when runner %s ends", version), installation: s.Installation}
	if !runnerVersion.MatchString(version) {
		return time.Time{}, fmt.Errorf("%s: %w: it is no version", k.op, fleet.ErrConfig)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	at := "orgs/" + s.Owner
	if s.Repo != "" {
		at = "repos/" + s.Owner + "/" + s.Repo
	}
	req, err := api.NewRequest(http.MethodGet, at+"/actions/runners/deprecations/"+version, nil)
	if err != nil {
		return time.Time{}, k.wrap(err)
	}
	var told struct {
		Registration *time.Time `json:"registration_deprecates_at"`
		Runtime      *time.Time `json:"runtime_deprecates_at"`
	}
	resp, err := api.Do(ctx, req, &told)
	if resp != nil && resp.StatusCode == http.StatusNotFound {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, c.fail(ctx, k, err)
	}
	var end time.Time
	for _, t := range []*time.Time{told.Registration, told.Runtime} {
		if t != nil && (end.IsZero() || t.Before(end)) {
			end = t.UTC()
		}
	}
	return end, nil
}

var runnerVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
