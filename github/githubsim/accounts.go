package githubsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// InstallationID is GitHub's number of an installation of the App.
type InstallationID int64

// Installation is an account that has the App installed.
type Installation struct {
	ID        InstallationID
	Account   string // login
	AccountID int64  // if zero, that of the account as it is there, or else 1000 + ID
	Person    bool   // a person's account has no runners of its own, only those of its repositories
	Suspended bool   // mints no tokens
	App       int64  // of several; the first one if zero
	// Permissions are what its owner granted the App; all that the App asks for if nil.
	Permissions map[string]string
}

// Group is a runner group of an organisation. Every organisation has "Default", number 1, without asking, which
// public repositories may not use, as GitHub makes it.
type Group struct {
	ID           int64
	Name         string
	Repositories []string // names; all of the organisation if empty
	NoPublic     bool     // public repositories may not use it
}

func (g *Group) serves(r *repository) bool {
	if g.NoPublic && !r.Private {
		return false
	}
	if len(g.Repositories) == 0 {
		return true
	}
	for _, name := range g.Repositories {
		if strings.EqualFold(name, r.Name) {
			return true
		}
	}
	return false
}

// Repository is a repository of an account.
type Repository struct {
	ID       int64 // counted up if zero
	Owner    string
	Name     string
	Private  bool
	Fork     bool
	Archived bool
}

type installation struct {
	Installation
	created time.Time
	groups  []*Group
	owner   json.RawMessage // a simple user
	org     json.RawMessage // as webhooks show it; nil for a person

	core, registration window
	points             map[string]*window // by operation
}

type repository struct {
	Repository
	in     *installation
	body   json.RawMessage
	pushed time.Time // zero: not since it was made
}

func (r *repository) fullName() string { return r.in.Account + "/" + r.Name }

// AddInstallation makes an account that has the App installed, or has one more App on an account.
func (s *Server) AddInstallation(in Installation) {
	s.do(func() {
		if of := s.accounts[strings.ToLower(in.Account)]; of != nil {
			in.AccountID = cmp.Or(in.AccountID, of.AccountID)
		}
		in.AccountID = cmp.Or(in.AccountID, 1000+int64(in.ID))
		if in.Permissions == nil {
			in.Permissions = s.cfg.Permissions
		}
		known := &installation{Installation: in, created: s.cfg.Now(), points: map[string]*window{}}
		if !in.Person {
			known.groups = []*Group{{ID: 1, Name: "Default", NoPublic: true}}
		}
		s.render(known)
		s.installations = append(s.installations, known)
		known.App = cmp.Or(in.App, s.cfg.AppID)
		if s.accounts[strings.ToLower(in.Account)] == nil {
			s.accounts[strings.ToLower(in.Account)] = known
		}
	})
}

// AddGroup gives an organisation one more runner group, or changes one.
func (s *Server) AddGroup(account string, g Group) error {
	var err error
	s.do(func() {
		in := s.accounts[strings.ToLower(account)]
		if in == nil || in.Person {
			err = fmt.Errorf("add group %s: no organisation %s", g.Name, account)
			return
		}
		for _, known := range in.groups {
			if known.ID == g.ID {
				*known = g
				return
			}
		}
		in.groups = append(in.groups, &g)
	})
	return err
}

// AddRepository makes a repository in an account that has the App installed.
func (s *Server) AddRepository(r Repository) error {
	var err error
	s.do(func() {
		in := s.accounts[strings.ToLower(r.Owner)]
		if in == nil {
			err = fmt.Errorf("add repository %s: no installation for %s", r.Name, r.Owner)
			return
		}
		s.lastRepository++
		r.ID = cmp.Or(r.ID, 500_000+s.lastRepository)
		known := &repository{Repository: r, in: in}
		known.body = raw(s.repositoryPayload(known))
		s.repositories[strings.ToLower(known.fullName())] = known
	})
	return err
}

func (s *Server) installation(id InstallationID) *installation {
	for _, in := range s.installations {
		if in.ID == id {
			return in
		}
	}
	return nil
}

func accountType(in Installation) string {
	if in.Person {
		return "User"
	}
	return "Organization"
}

// raw renders a part that is the same in many payloads once.
func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain maps and strings always render
	}
	return b
}
