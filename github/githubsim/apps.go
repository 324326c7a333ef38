package githubsim

import (
	"cmp"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
)

// senders are the Apps that have a webhook.
func (s *Server) senders() []int64 {
	all := []int64{s.cfg.AppID}
	for _, app := range s.cfg.MoreApps {
		if s.cfg.MoreSecrets[app] != "" {
			all = append(all, app)
		}
	}
	return all
}

// secret signs an App's webhooks.
func (s *Server) secret(app int64) string {
	if app == s.cfg.AppID {
		return s.cfg.WebhookSecret
	}
	return s.cfg.MoreSecrets[app]
}

// seat is an App's installation on an account, of which one is known; nil if it is not there.
func (s *Server) seat(app int64, on *installation) *installation {
	i := slices.IndexFunc(s.installations, func(in *installation) bool {
		return in.App == app && strings.EqualFold(in.Account, on.Account)
	})
	if i < 0 {
		return nil
	}
	return s.installations[i]
}

// copies are an event as each App is told of it, under a GUID of its own, with the key that names the series of its
// draws. An App that is suspended on the account or not there is not told. A single App is: nothing else would show
// what comes of deliveries that were on their way.
func (s *Server) copies(e *event, key string) map[string]*event {
	if e.repo == nil {
		e.app = cmp.Or(e.app, s.cfg.AppID)
		return map[string]*event{key: e}
	}
	all := map[string]*event{}
	for _, app := range s.senders() {
		in := s.seat(app, e.repo.in)
		if in == nil || in.Suspended {
			if len(s.cfg.MoreApps) > 0 {
				continue
			}
			in = e.repo.in
		}
		own := *e
		own.app, own.in = app, in.ID
		name := key
		if app != s.cfg.AppID {
			name = fmt.Sprintf("app/%d/%s", app, key)
		}
		all[name] = &own
	}
	return all
}

// SetAppKey has the JWTs of one of several Apps checked by a key of its own from now on.
func (s *Server) SetAppKey(app int64, key *rsa.PublicKey) {
	s.do(func() { s.keys[app] = key })
}

// leave takes an installation from its account, which other Apps may be on.
func (s *Server) leave(in *installation) {
	s.installations = slices.DeleteFunc(s.installations, func(x *installation) bool { return x == in })
	login := strings.ToLower(in.Account)
	if s.accounts[login] != in {
		return
	}
	delete(s.accounts, login)
	i := slices.IndexFunc(s.installations, func(x *installation) bool { return strings.EqualFold(x.Account, in.Account) })
	if i < 0 {
		return
	}
	next := s.installations[i]
	next.groups = in.groups
	s.accounts[login] = next
	for _, r := range s.repositories {
		if r.in == in {
			r.in = next
		}
	}
	for _, at := range s.scopes {
		if at.in == in {
			at.in = next
		}
	}
}

// InstallationOf is an App's installation on an account; 0 if it is not there.
func (s *Server) InstallationOf(app int64, account string) (id InstallationID) {
	s.do(func() {
		if in := s.seat(app, &installation{Installation: Installation{Account: account}}); in != nil {
			id = in.ID
		}
	})
	return id
}
