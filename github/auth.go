package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

const (
	// publicAPI is where github.com answers.
	publicAPI = "https://api.github.com"
	// callLimit bounds one request, the token request before it included. A
	// mint takes about a second, a failing one was seen to take eleven.
	callLimit = 30 * time.Second
	// theApp stands for the App itself among the installations.
	theApp int64 = 0
)

// Config is what a Client needs. AppID and PrivateKeys are required.
type Config struct {
	AppID       int64
	PrivateKeys [][]byte          // RSA, in PEM form, as GitHub hands them out; two while rotating
	BaseURL     string            // empty: https://api.github.com; https://HOST/api/v3 of GitHub Enterprise Server
	Transport   http.RoundTripper // nil: net/http's default
	Now         func() time.Time  // nil: time.Now
	Log         *slog.Logger      // nil: silence
	// Decode makes an event of a webhook's body. It reports false for what
	// concerns no fleet. Only Lost needs it; nil: the App sends us no webhooks.
	Decode func(event, guid string, body []byte, at time.Time) (fleet.Event, bool, error)
}

// Client speaks to GitHub as one App. It is safe for concurrent use.
type Client struct {
	base      *url.URL // ends with a slash, as go-github wants it
	transport http.RoundTripper
	now       func() time.Time
	log       *slog.Logger
	decode    func(event, guid string, body []byte, at time.Time) (fleet.Event, bool, error)
	keys      keys

	mu      sync.Mutex
	clients map[int64]*github.Client // by installation; theApp signs with the App's key
	groups  map[fleet.Scope]*groups
	tokens  map[fleet.Scope]registrationToken

	app    int64
	meters meters
	lists  lists
	logins logins

	reading sync.Mutex     // guards what follows; one read-back at a time
	walk    *walk          // a list of deliveries that one call could not finish
	read    map[int64]read // by attempt, what calls returned that since has not passed
}

// New makes a Client. It calls nothing.
func New(cfg Config) (*Client, error) {
	if cfg.AppID <= 0 {
		return nil, fmt.Errorf("GitHub App id %d: want a positive number", cfg.AppID)
	}
	base, err := baseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		app: cfg.AppID, base: base, transport: cfg.Transport, now: cfg.Now, log: cfg.Log, decode: cfg.Decode,
		clients: map[int64]*github.Client{},
		groups:  map[fleet.Scope]*groups{},
		tokens:  map[fleet.Scope]registrationToken{},
		read:    map[int64]read{},
	}
	if c.transport == nil {
		c.transport = http.DefaultTransport
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.keys.log = c.log
	if err := c.keys.check(cfg.AppID, cfg.PrivateKeys); err != nil {
		return nil, err
	}
	return c, nil
}

func baseURL(s string) (*url.URL, error) {
	if s == "" {
		s = publicAPI
	}
	u, err := url.Parse(strings.TrimRight(s, "/") + "/")
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("GitHub base URL: want https://host or https://host/path")
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// client returns the go-github client of an installation, or of the App itself.
func (c *Client) client(installation int64) (*github.Client, error) {
	return c.dial(installation, "")
}

// dial is client for an account's installation, whose tokens a session keeps.
func (c *Client) dial(installation int64, account string) (*github.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if api, ok := c.clients[installation]; ok {
		return api, nil
	}
	below := &limits{
		next: c.transport, of: fleet.Meter{App: c.app, Installation: installation, Account: account}, meters: &c.meters, now: c.now,
	}
	signed, err := c.signed(below)
	if err != nil {
		return nil, err
	}
	var top http.RoundTripper = signed
	if installation != theApp {
		top = &session{now: c.now, open: func(p permission) (*ghinstallation.Transport, error) {
			// ghinstallation writes to the App's transport when it renews a
			// token, so two tokens that shared one would race.
			app, err := c.signed(below)
			if err != nil {
				return nil, err
			}
			t := ghinstallation.NewFromAppsTransport(app, installation)
			t.InstallationTokenOptions = p.options()
			return t, nil
		}}
	}
	top = &relist{next: top, kept: &c.lists, installation: installation}
	if installation != theApp {
		top = &renamed{next: top, logins: &c.logins, installation: installation, below: c.base.Path}
	}
	api := github.NewClient(&http.Client{Transport: top, CheckRedirect: redirect})
	api.BaseURL, api.UserAgent = c.base, "runfleet"
	c.clients[installation] = api
	return api, nil
}

// signed is a RoundTripper that signs with the App's key.
func (c *Client) signed(below http.RoundTripper) (*ghinstallation.AppsTransport, error) {
	app, err := c.keys.sign(below)
	if err != nil {
		return nil, err
	}
	app.BaseURL = strings.TrimRight(c.base.String(), "/")
	return app, nil
}

// redirect follows GitHub to the new name of a repository. It stays on the
// host, because the transport signs whatever it sends; and it keeps the
// method, because net/http turns a redirected DELETE into a GET whose success
// would read as "deleted".
func redirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	same := next.URL.Scheme == first.URL.Scheme && next.URL.Host == first.URL.Host && next.Method == first.Method
	if !same || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	return nil
}

// scoped returns the client that may act for a scope.
func (c *Client) scoped(s fleet.Scope) (*github.Client, error) {
	if s.Installation <= 0 {
		return nil, fmt.Errorf("%w: no installation of the App is known", fleet.ErrConfig)
	}
	if err := checkName(s.Owner); err != nil {
		return nil, err
	}
	if s.Repo != "" {
		if err := checkName(s.Repo); err != nil {
			return nil, err
		}
	}
	return c.dial(s.Installation, s.Owner)
}

// checkName refuses what must not enter a path: v57 does not escape owners
// and repositories, and two dots would climb out of it.
func checkName(s string) error {
	plain := s != "" && s != "." && s != ".." && strings.IndexFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		return !letter && !('0' <= r && r <= '9') && !strings.ContainsRune("_.-", r)
	}) < 0
	if !plain {
		return fmt.Errorf("%w: %q is no name of an account or repository", fleet.ErrConfig, s)
	}
	return nil
}

// bounded gives one request its deadline.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callLimit)
}
