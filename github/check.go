package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// askedMost is how many organisations are asked for their runner groups.
const askedMost = 50

// grant is an account that installed the App, with what it granted.
type grant struct {
	fleet.Installation
	permissions map[string]string // nil: GitHub did not tell
	page        string            // where its owner looks at the installation
}

// shown is what GitHub showed of the App. What was not answered has its error.
type shown struct {
	app         int64
	permissions map[string]string // that the App asks for; nil: GitHub did not tell
	events      []string          // that it is sent; nil: likewise
	refused     error             // of the question who the App is
	grants      []grant
	unlisted    error               // of the list of installations
	groups      map[string][]string // names of runner groups, by the account in small letters
	ungrouped   map[string]error
}

// Check asks GitHub whether the App is who the key says, may do what the fleet
// needs, and is installed on the accounts that are served (all that installed
// it, if none is named), and whether the pools' runner groups are there. It is
// two calls (a page more for each 100 installations), and two for each
// organisation, of fifty at most, where a pool names a group: its token and its
// groups.
func (c *Client) Check(ctx context.Context, accounts []fleet.Account, pools []fleet.Pool) []fleet.Problem {
	s := shown{app: c.app, groups: map[string][]string{}, ungrouped: map[string]error{}}
	if s.refused = c.askApp(ctx, &s); s.refused != nil {
		return judge(accounts, pools, s)
	}
	if s.unlisted = c.askGrants(ctx, &s); s.unlisted != nil || !slices.ContainsFunc(pools, named) {
		return judge(accounts, pools, s)
	}
	for _, g := range s.served(accounts) {
		if g.Person || g.Suspended || !grants(g.permissions, runners) || len(s.groups)+len(s.ungrouped) >= askedMost {
			continue
		}
		login := strings.ToLower(g.Account)
		names, err := c.groupNames(ctx, fleet.Scope{Installation: g.ID, Owner: g.Account})
		if err != nil {
			s.ungrouped[login] = err
			continue
		}
		s.groups[login] = names
	}
	return judge(accounts, pools, s)
}

// Check is Client.Check of the first App. Of each other one it tells whether
// GitHub knows its key and what it may do, in two calls: it need not be on every
// account, nor hear of jobs, and what it lacks the others can do. So nothing of
// the first App stops a pool that another can register runners for: that one is
// then asked about pools too.
func (a *Apps) Check(ctx context.Context, accounts []fleet.Account, pools []fleet.Pool) []fleet.Problem {
	all := a.Client.Check(ctx, accounts, pools)
	for _, s := range a.all[1:] {
		var of []fleet.Pool
		if stopped := slices.ContainsFunc(all, stops); stopped {
			of = pools
		}
		found := s.Client.Check(ctx, accounts, of)
		if whole := slices.ContainsFunc(all, stopsAll); whole && !slices.ContainsFunc(found, stopsAll) {
			all = append(all, slices.DeleteFunc(slices.Clone(found), func(p fleet.Problem) bool { return p.Pool == "" })...)
		}
		for j, p := range all {
			all[j].Stops = p.Stops && slices.ContainsFunc(found, func(x fleet.Problem) bool { return stopsAll(x) || stops(x) && x.Pool == p.Pool })
		}
		for _, p := range found {
			if p.Key == "github.app_id" || p.Key == "github.private_key" {
				p.Key, p.Stops = fmt.Sprintf("github.apps[%d]%s", s.place, strings.TrimPrefix(p.Key, "github")), false
				all = append(all, p)
			}
		}
	}
	return all
}

// stops reports whether a problem stops some pool.
func stops(p fleet.Problem) bool { return p.Stops }

// stopsAll reports whether a problem stops every pool.
func stopsAll(p fleet.Problem) bool { return p.Stops && p.Pool == "" }

// named reports whether a pool names a runner group.
func named(p fleet.Pool) bool { return p.Group != "" }

// unsigned is GitHub's refusal of a signature, in its words.
type unsigned struct {
	status int
	text   string
}

// Error is GitHub's text.
func (e *unsigned) Error() string { return fmt.Sprintf("%d %s", e.status, e.text) }

func (c *Client) askApp(ctx context.Context, s *shown) error {
	k := call{op: fmt.Sprintf("ask who App %d is", c.app), installation: theApp}
	api, err := c.client(theApp)
	if err != nil {
		return k.wrap(err)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	app, _, err := api.Apps.Get(ctx, "")
	if answer := (*github.ErrorResponse)(nil); errors.As(err, &answer) && answer.Response != nil {
		if status := answer.Response.StatusCode; status == http.StatusUnauthorized || status == http.StatusNotFound {
			return &unsigned{status, clean(said(answer))}
		}
	}
	if err != nil {
		return c.fail(ctx, k, err)
	}
	s.permissions, s.events = levels(app.Permissions), app.Events
	return nil
}

func (c *Client) askGrants(ctx context.Context, s *shown) error {
	return c.listInstallations(ctx, func(in *github.Installation) {
		s.grants = append(s.grants, grant{
			Installation: installationFrom(in), permissions: levels(in.Permissions), page: clean(in.GetHTMLURL()),
		})
	})
}

// groupNames reads the names of an organisation's runner groups.
func (c *Client) groupNames(ctx context.Context, s fleet.Scope) (names []string, err error) {
	err = c.withGroups(ctx, s, func(g *groups) error {
		if err := c.readGroups(ctx, s, g); err != nil {
			return err
		}
		names = slices.Sorted(maps.Keys(g.ids))
		return nil
	})
	return names, err
}

// levels are permissions by GitHub's names; nil for none told.
func levels(p *github.InstallationPermissions) map[string]string {
	if p == nil {
		return nil
	}
	all := map[string]string{}
	text, err := json.Marshal(p)
	if err != nil || json.Unmarshal(text, &all) != nil {
		return nil
	}
	return all
}
