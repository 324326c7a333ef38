package github

import (
	"context"

	"github.com/runfleet/runfleet/fleet"
)

// Mint is Client.Mint by the App with most registrations left.
func (a *Apps) Mint(ctx context.Context, m fleet.Mint, name string) (id int64, config string, err error) {
	err = a.each(ctx, m.Scope, fleet.Registrations, func(c *Client, s fleet.Scope) (err error) {
		m.Scope = s
		id, config, err = c.Mint(ctx, m, name)
		return err
	})
	return id, config, err
}

// Remove is Client.Remove by the App with most calls left.
func (a *Apps) Remove(ctx context.Context, s fleet.Scope, runnerID int64) error {
	return a.each(ctx, s, fleet.CoreCalls, func(c *Client, s fleet.Scope) error { return c.Remove(ctx, s, runnerID) })
}

// Runners is Client.Runners by the App with most calls left.
func (a *Apps) Runners(ctx context.Context, s fleet.Scope, prefix string) (list []fleet.Runner, err error) {
	err = a.each(ctx, s, fleet.CoreCalls, func(c *Client, s fleet.Scope) (err error) {
		list, err = c.Runners(ctx, s, prefix)
		return err
	})
	for i := range list {
		list[i].Scope = s
	}
	return list, err
}

// Job is Client.Job by the App with most calls left.
func (a *Apps) Job(ctx context.Context, j fleet.Job) (now fleet.Job, err error) {
	home := j.Class.Scope
	err = a.each(ctx, home, fleet.CoreCalls, func(c *Client, s fleet.Scope) (err error) {
		j.Class.Scope = s
		now, err = c.Job(ctx, j)
		return err
	})
	if err == nil {
		now.Class.Scope = home
	}
	return now, err
}

// Rerun is Client.Rerun by the App with most calls left.
func (a *Apps) Rerun(ctx context.Context, r fleet.Rerun) error {
	return a.each(ctx, r.Scope, fleet.CoreCalls, func(c *Client, s fleet.Scope) error {
		r.Scope = s
		return c.Rerun(ctx, r)
	})
}
