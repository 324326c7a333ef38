package github

import (
	"context"
	"time"

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

// Runs is Client.Runs by the App with most calls left.
func (a *Apps) Runs(ctx context.Context, of fleet.Repository) (runs []fleet.Run, err error) {
	home := of.Scope
	err = a.each(ctx, home, fleet.CoreCalls, func(c *Client, s fleet.Scope) (err error) {
		of.Scope = s
		runs, err = c.Runs(ctx, of)
		return err
	})
	for i := range runs {
		runs[i].Scope = home
	}
	return runs, err
}

// Run is Client.Run by the App with most calls left.
func (a *Apps) Run(ctx context.Context, of fleet.Repository, id fleet.RunID) (run fleet.Run, err error) {
	home := of.Scope
	err = a.each(ctx, home, fleet.CoreCalls, func(c *Client, s fleet.Scope) (err error) {
		of.Scope = s
		run, err = c.Run(ctx, of, id)
		return err
	})
	if err == nil {
		run.Scope = home
	}
	return run, err
}

// Jobs is Client.Jobs by the App with most calls left.
func (a *Apps) Jobs(ctx context.Context, r fleet.Run) (jobs []fleet.Job, err error) {
	home := r.Scope
	err = a.each(ctx, home, fleet.CoreCalls, func(c *Client, s fleet.Scope) (err error) {
		r.Scope = s
		jobs, err = c.Jobs(ctx, r)
		return err
	})
	for i := range jobs {
		jobs[i].Class.Scope = home
	}
	return jobs, err
}

// Open is Client.Open by the App with most calls left.
func (a *Apps) Open(ctx context.Context, s fleet.Scope, group string) (open bool, err error) {
	err = a.each(ctx, s, fleet.CoreCalls, func(c *Client, s fleet.Scope) (err error) {
		open, err = c.Open(ctx, s, group)
		return err
	})
	return open, err
}

// RunnerRelease is Client.RunnerRelease by the App with most calls left.
func (a *Apps) RunnerRelease(ctx context.Context, s fleet.Scope, version string) (r fleet.RunnerRelease, err error) {
	err = a.each(ctx, s, fleet.CoreCalls, func(c *Client, s fleet.Scope) (err error) {
		r, err = c.RunnerRelease(ctx, s, version)
		return err
	})
	return r, err
}

// Enrolment is Client.Enrolment by the App with most registrations left.
func (a *Apps) Enrolment(ctx context.Context, s fleet.Scope) (e fleet.Enrolment, until time.Time, err error) {
	err = a.each(ctx, s, fleet.Registrations, func(c *Client, s fleet.Scope) (err error) {
		e, until, err = c.Enrolment(ctx, s)
		return err
	})
	return e, until, err
}
