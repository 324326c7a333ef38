package githubsim

import (
	"fmt"
	"slices"
	"strings"
)

// Suspend stops an installation from minting tokens, or lets it again.
func (s *Server) Suspend(id InstallationID, suspended bool) {
	s.do(func() {
		in := s.installation(id)
		if in == nil {
			return
		}
		in.Suspended = suspended
		action := "unsuspend"
		if suspended {
			action = "suspend"
		}
		s.emitInstallation(in, "installation", action)
	})
}

// Uninstall removes the App from an account. Runners that are registered there stay.
func (s *Server) Uninstall(id InstallationID) {
	s.do(func() {
		in := s.installation(id)
		if in == nil {
			return
		}
		s.leave(in)
		for secret, t := range s.tokens {
			if t.in == in {
				delete(s.tokens, secret)
			}
		}
		s.emitInstallation(in, "installation", "deleted")
	})
}

// Rename gives an account another login. The old one leads nowhere.
func (s *Server) Rename(from, to string) error {
	var err error
	s.do(func() {
		in := s.accounts[strings.ToLower(from)]
		if in == nil || s.accounts[strings.ToLower(to)] != nil {
			err = fmt.Errorf("rename %s to %s: there is no such account, or one of that name", from, to)
			return
		}
		var moved []*repository
		for full, r := range s.repositories {
			if r.in == in {
				moved = append(moved, r)
				delete(s.repositories, full)
			}
		}
		if at := s.scopes[strings.ToLower(from)]; at != nil {
			delete(s.scopes, at.key)
			at.key = strings.ToLower(to)
			s.scopes[at.key] = at
		}
		delete(s.accounts, strings.ToLower(from))
		s.accounts[strings.ToLower(to)] = in
		for _, app := range append(slices.Clone(s.cfg.MoreApps), s.cfg.AppID) {
			if on := s.seat(app, in); on != nil && on != in {
				on.Account = to
				s.render(on)
				defer s.emitInstallation(on, "installation_target", "renamed")
			}
		}
		in.Account = to
		s.render(in)
		for _, r := range moved {
			r.body = raw(s.repositoryPayload(r))
			s.repositories[strings.ToLower(r.fullName())] = r
		}
		s.emitInstallation(in, "installation_target", "renamed")
	})
	return err
}

// render makes the parts of payloads that show an account.
func (s *Server) render(in *installation) {
	in.owner = raw(s.userPayload(in.Account, in.AccountID, accountType(in.Installation)))
	if !in.Person {
		in.org = raw(s.organizationPayload(in.Installation))
	}
}

// emitInstallation tells of an installation as it is now.
func (s *Server) emitInstallation(in *installation, name, action string) {
	then := s.installationPayload(in)
	if !slices.Contains(s.senders(), in.App) {
		return
	}
	e := &event{name: name, action: action, app: in.App}
	e.payload = func() map[string]any {
		return map[string]any{"action": action, "installation": then, "account": in.owner, "target_type": accountType(in.Installation)}
	}
	s.emit(e, fmt.Sprintf("installation/%d/%s", in.ID, action))
}
