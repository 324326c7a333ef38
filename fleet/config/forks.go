package config

import (
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// forks is the rule for jobs that come from forks: one word, or pool and a name.
type forks struct{}

const forksForm = "must be refuse, allow or pool NAME"

func (forks) read(c cursor, v *fleet.Forks) {
	s, ok := c.text()
	if !ok {
		return
	}
	rule, pool, of := strings.Cut(s, " ")
	switch fleet.ForkRule(rule) {
	case fleet.RefuseForks, fleet.AllowForks:
		if of {
			c.problem(forksForm, "")
			return
		}
	case fleet.PoolForks:
		if wrong, _ := name.wrong(pool); wrong != "" {
			c.problem(forksForm, "name one of the pools")
			return
		}
	default:
		c.problem(forksForm, didYouMean(nearest(s, []string{string(fleet.RefuseForks), string(fleet.AllowForks)})))
		return
	}
	*v = fleet.Forks{Rule: fleet.ForkRule(rule), Pool: pool}
}

func (forks) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": "^(refuse|allow|pool [a-z][a-z0-9-]*)$"}
}

func (forks) show(v fleet.Forks) any {
	switch v.Rule {
	case "":
		return nil
	case fleet.PoolForks:
		return "pool " + v.Pool
	}
	return string(v.Rule)
}

// forks checks that the pool that serves forks is one of the file's.
func (f *File) forks() {
	of := f.GitHub.Forks
	if of.Rule == fleet.PoolForks && !slices.ContainsFunc(f.Pools, func(p Pool) bool { return p.Name == of.Pool }) {
		f.read.at("github.forks", "there is no pool "+of.Pool, "")
	}
}

// warnForks tells of code that anybody may run on the fleet's machines.
func (f *File) warnForks(r *reading) {
	public := slices.ContainsFunc(f.GitHub.Allow, func(a fleet.Account) bool { return len(a.Public) > 0 })
	if public && f.GitHub.Forks.Rule == fleet.AllowForks {
		r.at("github.forks", "anybody who can open a pull request in a listed public repository runs code on the fleet's machines", "refuse forks, or give them a pool")
	}
}
