package github

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v57/github"
)

const (
	// tokenAge is how old a token gets before another is asked for. GitHub's
	// last an hour, so its token endpoint may fail for ten minutes.
	tokenAge = 50 * time.Minute
	// tokenAgain is how often that is tried, and how young a token must be
	// for its refusal to be no matter of tokens.
	tokenAgain = time.Minute
)

// permission is one of the App's, by GitHub's name and level: actions=read.
type permission struct{ name, level string }

// String is the permission as GitHub's header of accepted ones has it.
func (p permission) String() string { return p.name + "=" + p.level }

// needs is what a call of an installation's needs of the App. Registering and
// listing share a token, because who registers may list.
func needs(method, path string) permission {
	at := strings.LastIndex(path, "/actions/")
	if at < 0 {
		return permission{"metadata", "read"}
	}
	owner, subject := path[:at], path[at+len("/actions/"):]
	switch {
	case strings.HasPrefix(subject, "runner") && strings.Contains(owner, "/orgs/"):
		return permission{"organization_self_hosted_runners", "write"}
	case strings.HasPrefix(subject, "runner"):
		return permission{"administration", "write"}
	case method == http.MethodGet || method == http.MethodHead:
		return permission{"actions", "read"}
	}
	return permission{"actions", "write"}
}

// options asks for a token that is good for the permission alone.
func (p permission) options() *github.InstallationTokenOptions {
	var all github.InstallationPermissions
	switch p.name {
	case "organization_self_hosted_runners":
		all.OrganizationSelfHostedRunners = &p.level
	case "administration":
		all.Administration = &p.level
	case "actions":
		all.Actions = &p.level
	default:
		all.Metadata = &p.level
	}
	return &github.InstallationTokenOptions{Permissions: &all}
}

// session is a RoundTripper that signs what an installation asks, each call with
// a token that allows no more than it needs. A token that GitHub does not take
// is replaced, and the call is made again: nothing came of it.
type session struct {
	open func(permission) (*ghinstallation.Transport, error)
	now  func() time.Time

	mu     sync.Mutex
	tokens map[permission]*signer
}

// signer is a token and how old it is.
type signer struct {
	*ghinstallation.Transport
	bornAt time.Time
	next   time.Time // when to ask for another
}

// tokenError is an error of the request before the request.
type tokenError struct {
	needs permission
	err   error
}

// Error is that of the token's request.
func (e *tokenError) Error() string { return "token with " + e.needs.String() + ": " + e.err.Error() }

// Unwrap is the error of the token's request.
func (e *tokenError) Unwrap() error { return e.err }

// RoundTrip signs and sends a request.
func (s *session) RoundTrip(req *http.Request) (*http.Response, error) {
	p := needs(req.Method, req.URL.Path)
	t, err := s.signer(req.Context(), p)
	if err != nil {
		return nil, err
	}
	resp, err := send(t, p, req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || s.now().Sub(t.bornAt) < tokenAgain {
		return resp, err
	}
	again, ok := anew(req)
	if !ok {
		return resp, nil
	}
	if t, err = s.replace(p, t); err != nil {
		return resp, nil
	}
	_, _ = io.Copy(io.Discard, resp.Body) // limits keeps it, and it is short
	_ = resp.Body.Close()
	return send(t, p, again)
}

func send(t *signer, p permission, req *http.Request) (*http.Response, error) {
	resp, err := t.RoundTrip(req)
	var refused *ghinstallation.HTTPError
	if errors.As(err, &refused) {
		return nil, &tokenError{p, err}
	}
	return resp, err
}

// anew is a request that can be sent a second time.
func anew(req *http.Request) (*http.Request, bool) {
	again := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return again, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	again.Body = body
	return again, err == nil
}

// signer is what signs for a permission. A token that is old is replaced before
// it must be; while that fails the old one goes on.
func (s *session) signer(ctx context.Context, p permission) (*signer, error) {
	s.mu.Lock()
	t := s.tokens[p]
	due := t != nil && !s.now().Before(t.next)
	if due {
		t.next = s.now().Add(tokenAgain) // other calls go on with what there is
	}
	s.mu.Unlock()
	if t != nil && !due {
		return t, nil
	}
	if t == nil {
		return s.replace(p, nil)
	}
	made, err := s.make(p)
	if err != nil {
		return nil, err
	}
	if _, err := made.Token(ctx); err != nil {
		return t, nil
	}
	return s.put(p, t, made), nil
}

func (s *session) make(p permission) (*signer, error) {
	t, err := s.open(p)
	if err != nil {
		return nil, err
	}
	at := s.now()
	return &signer{t, at, at.Add(tokenAge)}, nil
}

// replace puts another in the place of a signer that did not do.
func (s *session) replace(p permission, old *signer) (*signer, error) {
	made, err := s.make(p)
	if err != nil {
		return nil, err
	}
	return s.put(p, old, made), nil
}

// put has the first of several that replace a signer win.
func (s *session) put(p permission, old, made *signer) *signer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.tokens[p]; now != old {
		return now
	}
	if s.tokens == nil {
		s.tokens = map[permission]*signer{}
	}
	s.tokens[p] = made
	return made
}
