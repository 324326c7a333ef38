package config

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// Defaults of the parameters, which GitHub's own guides and others' samples use.
const (
	defaultURLParameter   = "gh-url"
	defaultTokenParameter = "gh-token"
)

// parameter is a parameter's name in SSM. What is below /runfleet is the
// fleet's own: its secrets and its owner are there.
var parameter = text{
	pattern: regexp.MustCompile(`^([A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+){1,15})$`),
	want:    "a name such as gh-token or /ci/gh-token",
	max:     1011,
	check: func(s string) string {
		low := strings.ToLower(strings.TrimPrefix(s, "/"))
		switch {
		case strings.HasPrefix(low, "aws"), strings.HasPrefix(low, "ssm"):
			return "must not begin with aws or ssm: AWS keeps these names"
		case strings.HasPrefix(low, "runfleet/"):
			return "must not be below /runfleet"
		}
		return ""
	},
}

func plainKeys() object[fleet.Plain] {
	return object[fleet.Plain]{
		fill: func(p *fleet.Plain) {
			p.URL, p.Token = cmp.Or(p.URL, defaultURLParameter), cmp.Or(p.Token, defaultTokenParameter)
		},
		keys: []key[fleet.Plain]{
			field("url", "Name of the String with the organisation's address.", parameter, func(p *fleet.Plain) *string { return &p.URL }),
			field("token", "Name of the SecureString with a fresh registration token.", parameter, func(p *fleet.Plain) *string { return &p.Token }),
		},
	}
}

// standing are the rules of a standing pool, and of keys that only one has.
func (f *File) standing(path string, p Pool) {
	r := &f.read
	if !p.Stands() {
		if p.Account != "" {
			r.at(path+".account", "only a standing pool has an account", "say lifetime: standing, or leave it out")
		}
		if p.Plain != (fleet.Plain{}) {
			r.at(path+".parameters", "only a standing pool has them", "say lifetime: standing, or leave them out")
		}
		return
	}
	if p.Plain.URL == p.Plain.Token && p.Plain.URL != "" {
		r.at(path+".parameters.token", "must be another name than the address's", "")
	}
	if p.Market != fleet.OnDemand {
		r.at(path+".market", "must be on-demand: a Spot machine cannot be stopped and started", "leave it out, or say on-demand")
	}
	if p.Registration != fleet.Token {
		r.at(path+".registration", "must be token: a runner of jit takes one job", "leave it out, or say token")
	}
	_, said := r.places[path+".account"]
	switch {
	case p.Account == "" && said: // it was refused when it was read
	case p.Account == "" && len(f.GitHub.Allow) == 0:
		r.at(path+".lifetime", "standing runners need an account", "name it by account, and under github.allow")
	case p.Account == "":
		r.at(path+".lifetime", "standing runners need an account, and several are allowed", "name one by account")
	case len(f.GitHub.Allow) > 0 && !f.allows(p.Account):
		r.at(path+".account", "is not under github.allow", "list it there, with its id")
	}
}

// shared reports parameters that pools of two accounts would write by turns.
func (f *File) shared() {
	accounts, places := map[string]string{}, map[string]string{}
	for i, p := range f.Pools {
		for _, said := range [][2]string{{"url", p.Plain.URL}, {"token", p.Plain.Token}} {
			path, name, account := poolPath(i)+".parameters."+said[0], said[1], strings.ToLower(p.Account)
			if !p.Stands() || name == "" || f.read.refused(path) {
				continue
			}
			if other, taken := accounts[name]; taken && other != account {
				f.read.at(path, "same as "+places[name]+", for another account", "give each account its own")
				continue
			}
			accounts[name], places[name] = account, path
		}
	}
}

// refused reports whether a value had a problem when it was read, and so was
// left out.
func (r *reading) refused(path string) bool {
	return slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Path == path })
}

// allows reports whether an account is served by its login.
func (f *File) allows(login string) bool {
	return slices.ContainsFunc(f.GitHub.Allow, func(a fleet.Account) bool { return strings.EqualFold(a.Login, login) })
}

// warnStanding tells of keys that mean nothing for a standing pool.
func (r *reading) warnStanding(path string, p Pool) {
	if _, said := r.places[path+".idle_limit"]; said && p.Stands() {
		r.at(path+".idle_limit", "standing machines stay however long they are idle", "their hours say when they stop")
	}
}
