package github

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

const (
	// A repository's runners are all in group 1.
	repositoryGroup int64 = 1
	// groupsEvery is how often a name that is not found is looked up again.
	groupsEvery = time.Minute
	// openFor is how long it is believed whether a group lets public
	// repositories in.
	openFor = 30 * time.Minute
)

// groups are the runner groups of one organisation, as last read.
type groups struct {
	turn   chan struct{} // one reader at a time; the others wait for its answer
	doubt  atomic.Bool   // GitHub refused what we made of them
	readAt time.Time
	ids    map[string]int64
	usual  int64          // of the default group; 0 if there is none
	open   map[int64]bool // of those that let public repositories in
}

// Open reports whether a runner group of an organisation lets public
// repositories in; the empty name is the default group. A repository's runners
// are in no group that others could use. fleet.ErrConfig when there is no such
// group.
func (c *Client) Open(ctx context.Context, s fleet.Scope, name string) (bool, error) {
	if s.Repo != "" {
		return false, nil
	}
	var open bool
	err := c.withGroups(ctx, s, func(g *groups) error {
		id, err := c.find(ctx, s, g, name)
		if err == nil && c.now().Sub(g.readAt) >= openFor {
			if err = c.readGroups(ctx, s, g); err == nil {
				id, err = c.find(ctx, s, g, name)
			}
		}
		open = g.open[id]
		return err
	})
	return open, err
}

// group is the number of a runner group by its name; the empty name is the
// default group.
func (c *Client) group(ctx context.Context, s fleet.Scope, name string) (id int64, err error) {
	if s.Repo != "" {
		return repositoryGroup, nil
	}
	err = c.withGroups(ctx, s, func(g *groups) error {
		id, err = c.find(ctx, s, g, name)
		return err
	})
	return id, err
}

// withGroups does something with a scope's groups when it is its turn.
func (c *Client) withGroups(ctx context.Context, s fleet.Scope, do func(*groups) error) error {
	g := c.groupsOf(s)
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return fmt.Errorf("%w: wait for runner groups: %w", fleet.ErrUnknownOutcome, ctx.Err())
	}
	return do(g)
}

// find is a group's number, read anew if that is due.
func (c *Client) find(ctx context.Context, s fleet.Scope, g *groups, name string) (int64, error) {
	id := g.id(name)
	fresh := !g.readAt.IsZero() && c.now().Sub(g.readAt) < groupsEvery
	if (id == 0 || g.doubt.Load()) && !fresh {
		if err := c.readGroups(ctx, s, g); err != nil {
			return 0, err
		}
		id = g.id(name)
	}
	if id == 0 {
		names := strings.Join(slices.Sorted(maps.Keys(g.ids)), ", ")
		return 0, fmt.Errorf("%w: no runner group %q in %s; there are: %s", fleet.ErrConfig, name, s, clean(names))
	}
	return id, nil
}

func (g *groups) id(name string) int64 {
	if name == "" {
		return g.usual
	}
	return g.ids[name]
}

func (c *Client) groupsOf(s fleet.Scope) *groups {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, ok := c.groups[s]
	if !ok {
		g = &groups{turn: make(chan struct{}, 1)}
		c.groups[s] = g
	}
	return g
}

// doubtGroups has the groups read again before the next mint, though not more
// often than a minute: a group of the same name may have another number now.
func (c *Client) doubtGroups(s fleet.Scope) {
	if s.Repo == "" {
		c.groupsOf(s).doubt.Store(true)
	}
}

func (c *Client) readGroups(ctx context.Context, s fleet.Scope, g *groups) error {
	k := call{op: fmt.Sprintf("list runner groups of %s", s), installation: s.Installation}
	api, err := c.scoped(s)
	if err != nil {
		return k.wrap(err)
	}
	ids, usual, open := map[string]int64{}, int64(0), map[int64]bool{}
	err = pages(k, func(page github.ListOptions) (*github.Response, error) {
		ctx, cancel := bounded(ctx)
		defer cancel()
		opts := &github.ListOrgRunnerGroupOptions{ListOptions: page}
		list, resp, err := api.Actions.ListOrganizationRunnerGroups(ctx, s.Owner, opts)
		if err != nil {
			return nil, c.fail(ctx, k, err)
		}
		for _, r := range list.RunnerGroups {
			if r.GetName() == "" {
				continue
			}
			ids[r.GetName()] = r.GetID()
			open[r.GetID()] = r.GetAllowsPublicRepositories()
			if r.GetDefault() {
				usual = r.GetID()
			}
		}
		return resp, nil
	})
	if err != nil {
		return err
	}
	g.ids, g.usual, g.open, g.readAt = ids, usual, open, c.now()
	g.doubt.Store(false)
	return nil
}
