package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

const (
	// pageSize is the most that GitHub lists at once.
	pageSize = 100
	// pageLimit ends a list that does not end by itself. A group holds 10,000
	// runners at most, a scope has few groups.
	pageLimit = 1000
)

// Mint registers a just-in-time runner under a name, and returns its number
// and its config as GitHub encoded it. fleet.ErrTaken follows a lost reply:
// the config of the first call cannot be fetched again. For a pool that
// registers by token the config is an enrolment and there is no number yet.
func (c *Client) Mint(ctx context.Context, m fleet.Mint, name string) (int64, string, error) {
	if m.Registration == fleet.Token {
		config, err := c.enrol(ctx, m, name)
		return 0, config, err
	}
	k := call{
		op:           fmt.Sprintf("mint runner %s in %s", name, m.Scope),
		installation: m.Scope.Installation,
		means:        map[int]error{http.StatusConflict: fleet.ErrTaken},
	}
	labels := m.Labels.List()
	if len(labels) == 0 {
		return 0, "", fmt.Errorf("%s: %w: no labels", k.op, fleet.ErrConfig)
	}
	api, err := c.scoped(m.Scope)
	if err != nil {
		return 0, "", k.wrap(err)
	}
	group, err := c.group(ctx, m.Scope, m.Group)
	if err != nil {
		return 0, "", k.wrap(err)
	}
	made, err := generate(ctx, api, m.Scope, &github.GenerateJITConfigRequest{
		Name: name, RunnerGroupID: group, WorkFolder: github.String("_work"),
		// A just-in-time runner gets no label by itself, not even its
		// system's: github.com registers what is listed here.
		Labels: labels,
	})
	if err != nil {
		old := c.lacks(err)
		err = c.fail(ctx, k, err)
		if errors.Is(err, fleet.ErrConfig) {
			c.doubtGroups(m.Scope)
		}
		if old {
			err = fmt.Errorf("%w (an Enterprise Server before 3.10 has no just-in-time runners: say registration: token)", err)
		}
		return 0, "", err
	}
	id, config := made.GetRunner().GetID(), made.GetEncodedJITConfig()
	if id == 0 || config == "" {
		return 0, "", k.unanswered("answer holds no runner or no config")
	}
	return id, config, nil
}

// lacks reports whether an error may be that of a call which an Enterprise Server
// does not have.
func (c *Client) lacks(err error) bool {
	answer, ok := errors.AsType[*github.ErrorResponse](err)
	return ok && answer.Response != nil && answer.Response.StatusCode == http.StatusNotFound && c.onServer()
}

func generate(ctx context.Context, api *github.Client, s fleet.Scope, req *github.GenerateJITConfigRequest) (*github.JITRunnerConfig, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if s.Repo != "" {
		made, _, err := api.Actions.GenerateRepoJITConfig(ctx, s.Owner, s.Repo, req)
		return made, err
	}
	made, _, err := api.Actions.GenerateOrgJITConfig(ctx, s.Owner, req)
	return made, err
}

// Remove deletes a registration. nil means that GitHub gives it no job any
// more. Busy may lag in lists, so this answer is what an end waits for.
func (c *Client) Remove(ctx context.Context, s fleet.Scope, runnerID int64) error {
	k := call{
		op:           fmt.Sprintf("remove runner %d from %s", runnerID, s),
		installation: s.Installation,
		means: map[int]error{
			http.StatusNotFound:            fleet.ErrAbsent,
			http.StatusUnprocessableEntity: fleet.ErrBusy,
		},
	}
	if runnerID <= 0 {
		// GitHub would answer 404, which reads as "gone".
		return fmt.Errorf("%s: no such number", k.op)
	}
	api, err := c.scoped(s)
	if err != nil {
		return k.wrap(err)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	var resp *github.Response
	if s.Repo != "" {
		resp, err = api.Actions.RemoveRunner(ctx, s.Owner, s.Repo, runnerID)
	} else {
		resp, err = api.Actions.RemoveOrganizationRunner(ctx, s.Owner, runnerID)
	}
	if err != nil {
		return c.fail(ctx, k, err)
	}
	if resp.StatusCode != http.StatusNoContent {
		return k.unanswered(fmt.Sprintf("answer is %d, not 204", resp.StatusCode))
	}
	return nil
}

// Runners lists a scope's registrations whose names begin with prefix: all of
// them or an error. Who is removed while the pages turn may hide a neighbour,
// so one list without a runner proves nothing yet.
func (c *Client) Runners(ctx context.Context, s fleet.Scope, prefix string) ([]fleet.Runner, error) {
	k := call{op: fmt.Sprintf("list runners of %s", s), installation: s.Installation}
	api, err := c.scoped(s)
	if err != nil {
		return nil, k.wrap(err)
	}
	var runners []fleet.Runner
	seen := map[int64]bool{}
	err = pages(k, func(page github.ListOptions) (*github.Response, error) {
		list, resp, err := listRunners(ctx, api, s, page)
		if err != nil {
			return nil, c.fail(ctx, k, err)
		}
		for _, r := range list.Runners {
			if id := r.GetID(); id != 0 && !seen[id] && strings.HasPrefix(r.GetName(), prefix) {
				seen[id] = true
				runners = append(runners, runnerFrom(r, s))
			}
		}
		return resp, nil
	})
	if err != nil {
		return nil, err
	}
	return runners, nil
}

func listRunners(ctx context.Context, api *github.Client, s fleet.Scope, page github.ListOptions) (*github.Runners, *github.Response, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if s.Repo != "" {
		return api.Actions.ListRunners(ctx, s.Owner, s.Repo, &page)
	}
	return api.Actions.ListOrganizationRunners(ctx, s.Owner, &page)
}

// pages reads a list to its end, a page at a time.
func pages(k call, read func(github.ListOptions) (*github.Response, error)) error {
	page := github.ListOptions{Page: 1, PerPage: pageSize}
	for range pageLimit {
		resp, err := read(page)
		if err != nil {
			return err
		}
		switch {
		case resp.NextPage == 0:
			return nil
		case resp.NextPage <= page.Page:
			return fmt.Errorf("%s: page %d is followed by page %d", k.op, page.Page, resp.NextPage)
		}
		page.Page = resp.NextPage
	}
	return fmt.Errorf("%s: more than %d pages", k.op, pageLimit)
}
