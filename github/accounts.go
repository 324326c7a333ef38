package github

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// Scope finds where an organisation's runners are registered: its installation
// of the App. fleet.ErrAbsent if there is none, or if the account is a
// person's, which has runners for each repository only.
func (c *Client) Scope(ctx context.Context, account string) (fleet.Scope, error) {
	k := call{
		op: fmt.Sprintf("find the installation on %s", account), installation: theApp,
		means: map[int]error{http.StatusNotFound: fleet.ErrAbsent},
	}
	if err := checkName(account); err != nil {
		return fleet.Scope{}, k.wrap(err)
	}
	api, err := c.client(theApp)
	if err != nil {
		return fleet.Scope{}, k.wrap(err)
	}
	found, err := findInstallation(ctx, api, account)
	switch {
	case err != nil:
		return fleet.Scope{}, c.fail(ctx, k, err)
	case found.GetID() == 0 || found.GetAccount().GetLogin() == "":
		return fleet.Scope{}, k.unanswered("answer holds no installation or no account")
	case found.SuspendedAt != nil:
		return fleet.Scope{}, fmt.Errorf("%s: %w: installation %d is suspended", k.op, fleet.ErrConfig, found.GetID())
	}
	return fleet.Scope{Installation: found.GetID(), Owner: found.GetAccount().GetLogin()}, nil
}

// Installations lists every account that installed the App. From then on calls
// go to the names that it has.
func (c *Client) Installations(ctx context.Context) ([]fleet.Installation, error) {
	var all []fleet.Installation
	seen := map[int64]bool{}
	err := c.listInstallations(ctx, func(in *github.Installation) {
		told := installationFrom(in)
		if told.ID != 0 && told.AccountID != 0 && told.Account != "" && !seen[told.ID] {
			seen[told.ID] = true
			all = append(all, told)
		}
	})
	if err != nil {
		return nil, err
	}
	c.logins.learn(all)
	return all, nil
}

// listInstallations hands on what each account that installed the App is told by.
func (c *Client) listInstallations(ctx context.Context, take func(*github.Installation)) error {
	k := call{op: "list installations", installation: theApp}
	api, err := c.client(theApp)
	if err != nil {
		return k.wrap(err)
	}
	return pages(k, func(page github.ListOptions) (*github.Response, error) {
		ctx, cancel := bounded(ctx)
		defer cancel()
		list, resp, err := api.Apps.ListInstallations(ctx, &page)
		if err != nil {
			return nil, c.fail(ctx, k, err)
		}
		for _, in := range list {
			take(in)
		}
		return resp, nil
	})
}

func findInstallation(ctx context.Context, api *github.Client, account string) (*github.Installation, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	found, _, err := api.Apps.FindOrganizationInstallation(ctx, account)
	return found, err
}
