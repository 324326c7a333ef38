package github

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// Scope is where an organisation's runners are registered: the installation that
// it is known by, and its name of today. It is found by its number, or by its login
// while that is 0. fleet.ErrAbsent if no App is there, or if the account is a
// person's, which has runners for each repository only.
func (a *Apps) Scope(ctx context.Context, account fleet.Account) (fleet.Scope, error) {
	k := call{op: fmt.Sprintf("find the installation on %s", account.Login), installation: theApp}
	var home fleet.Installation
	var refused error
	open := false
	for _, s := range a.all {
		if err := s.fresh(ctx); errors.Is(err, fleet.ErrConfig) {
			refused = err
			continue
		} else if err != nil {
			return fleet.Scope{}, k.wrap(err)
		}
		in := s.find(account)
		if home.ID == 0 {
			home = in
		}
		if open = in.ID != 0 && !in.Suspended; open {
			break // what the others are on changes nothing
		}
	}
	switch {
	case home.ID == 0 && refused != nil:
		return fleet.Scope{}, k.wrap(refused)
	case home.ID == 0:
		return fleet.Scope{}, fmt.Errorf("%s: %w", k.op, fleet.ErrAbsent)
	case home.Person:
		return fleet.Scope{}, fmt.Errorf("%s: %w: it is a person's account", k.op, fleet.ErrAbsent)
	case !open:
		return fleet.Scope{}, fmt.Errorf("%s: %w: installation %d is suspended", k.op, fleet.ErrConfig, home.ID)
	}
	return fleet.Scope{Installation: home.ID, Owner: home.Account}, nil
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
