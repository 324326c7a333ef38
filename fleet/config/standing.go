package config

import (
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// standing are the rules of a standing pool, and of keys that only one has.
func (f *File) standing(path string, p Pool) {
	r := &f.read
	if !p.Stands() {
		if p.Account != "" {
			r.at(path+".account", "only a standing pool has an account", "say lifetime: standing, or leave it out")
		}
		return
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
