package github

import (
	"context"
	"fmt"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// Pushed is one page, from 1, of the repositories that an installation has, a
// hundred at most, and whether there is a next one. GitHub sorts them by no time.
// Those that are archived or disabled run nothing, and are left out.
func (c *Client) Pushed(ctx context.Context, in fleet.Installation, page int) (repos []fleet.Pushed, more bool, err error) {
	k := call{op: fmt.Sprintf("list repositories of %s", in.Account), installation: in.ID}
	api, err := c.client(in.ID)
	if err != nil {
		return nil, false, k.wrap(err)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	list, resp, err := api.Apps.ListRepos(ctx, &github.ListOptions{Page: page, PerPage: pageSize})
	if err != nil {
		return nil, false, c.fail(ctx, k, err)
	}
	for _, r := range list.Repositories {
		if r.GetArchived() || r.GetDisabled() || checkName(r.GetName()) != nil || r.GetOwner().GetLogin() == "" {
			continue
		}
		repos = append(repos, pushedFrom(r, in.ID))
	}
	return repos, resp.NextPage > page, nil
}

func pushedFrom(r *github.Repository, installation int64) fleet.Pushed {
	owner := r.GetOwner()
	at := fleet.Scope{Installation: installation, Owner: owner.GetLogin()}
	if owner.GetType() != "Organization" {
		at.Repo = r.GetName()
	}
	return fleet.Pushed{
		Repository: fleet.Repository{Scope: at, OwnerID: owner.GetID(), Name: owner.GetLogin() + "/" + r.GetName()},
		At:         r.GetPushedAt().UTC(),
	}
}

// Pushed is Client.Pushed by the App with most calls left. Pages of several Apps
// are of the same repositories where all of them are on the whole account.
func (a *Apps) Pushed(ctx context.Context, in fleet.Installation, page int) (repos []fleet.Pushed, more bool, err error) {
	home := in.ID
	err = a.each(ctx, fleet.Scope{Installation: home, Owner: in.Account}, fleet.CoreCalls, func(c *Client, s fleet.Scope) (err error) {
		in.ID = s.Installation
		repos, more, err = c.Pushed(ctx, in, page)
		return err
	})
	for i := range repos {
		repos[i].Scope.Installation = home
	}
	return repos, more, err
}
