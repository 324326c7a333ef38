package github

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// renewBefore is how long a registration token must still be good for when a
// machine gets a copy: a stock image may take minutes until it uses it.
const renewBefore = 15 * time.Minute

// registrationToken is good for any number of runners of its scope. It is held
// by a function so that printing a Client never prints it.
type registrationToken struct {
	reveal func() string
	until  time.Time
}

// enrol makes the config of a machine that registers by token, encoded as
// GitHub encodes a just-in-time one. GitHub is asked once an hour and scope.
func (c *Client) enrol(ctx context.Context, m fleet.Mint, name string) (string, error) {
	labels := m.Labels.List()
	if len(labels) == 0 {
		return "", fmt.Errorf("enrol runner %s in %s: %w: no labels", name, m.Scope, fleet.ErrConfig)
	}
	token, err := c.registrationToken(ctx, m.Scope)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(fleet.Enrolment{
		Protocol: fleet.EnrolmentProtocol, URL: c.web(m.Scope), Token: token.reveal(), Name: name, Group: m.Group, Labels: labels,
		Ephemeral: !m.Standing,
	})
	if err != nil {
		return "", fmt.Errorf("enrol runner %s in %s: %w", name, m.Scope, err)
	}
	return base64.StdEncoding.EncodeToString(body), nil
}

// Enrolment is a scope's address and a registration token for any runner of it,
// without a name and labels, and until when to use it: renewBefore its end.
func (c *Client) Enrolment(ctx context.Context, s fleet.Scope) (fleet.Enrolment, time.Time, error) {
	token, err := c.registrationToken(ctx, s)
	if err != nil {
		return fleet.Enrolment{}, time.Time{}, err
	}
	e := fleet.Enrolment{Protocol: fleet.EnrolmentProtocol, URL: c.web(s), Token: token.reveal()}
	return e, token.until.Add(-renewBefore), nil
}

// registrationToken returns the scope's token, a new one when the last is good
// for less than renewBefore.
func (c *Client) registrationToken(ctx context.Context, s fleet.Scope) (registrationToken, error) {
	c.mu.Lock()
	have, ok := c.tokens[s]
	c.mu.Unlock()
	if ok && c.now().Before(have.until.Add(-renewBefore)) {
		return have, nil
	}
	k := call{op: fmt.Sprintf("registration token for %s", s), installation: s.Installation}
	api, err := c.scoped(s)
	if err != nil {
		return registrationToken{}, k.wrap(err)
	}
	made, err := createToken(ctx, api, s)
	if err != nil {
		return registrationToken{}, c.fail(ctx, k, err)
	}
	token := made.GetToken()
	if token == "" || made.GetExpiresAt().IsZero() {
		return registrationToken{}, k.unanswered("answer holds no token or no time")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens[s] = registrationToken{reveal: func() string { return token }, until: made.GetExpiresAt().Time}
	return c.tokens[s], nil
}

func createToken(ctx context.Context, api *github.Client, s fleet.Scope) (*github.RegistrationToken, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if s.Repo != "" {
		token, _, err := api.Actions.CreateRegistrationToken(ctx, s.Owner, s.Repo)
		return token, err
	}
	token, _, err := api.Actions.CreateOrganizationRegistrationToken(ctx, s.Owner)
	return token, err
}

// serverPath is where the API of GitHub Enterprise Server is, on its own host.
const serverPath = "/api/v3/"

// onServer reports whether GitHub is an Enterprise Server.
func (c *Client) onServer() bool { return strings.HasSuffix(c.base.Path, serverPath) }

// web is a scope's address for people and runners: github.com beside
// api.github.com, SUB.ghe.com beside api.SUB.ghe.com, and the host itself
// where the API is a path of it.
func (c *Client) web(s fleet.Scope) string {
	u := *c.base
	if above, server := strings.CutSuffix(u.Path, serverPath); server {
		u.Path = above + "/"
	} else {
		u.Host, u.Path = strings.TrimPrefix(u.Host, "api."), "/"
	}
	u.Path += cmp.Or(c.logins.of(s.Installation), s.Owner)
	if s.Repo != "" {
		u.Path += "/" + s.Repo
	}
	return u.String()
}
