package fleet

import (
	"slices"
	"strings"
)

// serves reports whether the fleet serves a class at all, and says why not.
func (v *view) serves(c *classView) bool {
	if !v.allowed(c.jobs[0]) {
		c.why = Verdict{Refused, "account " + c.Scope.Owner + " is not in the fleet file"}
		return false
	}
	if len(c.pools) == 0 {
		c.why = Verdict{NoPool, "no pool holds its labels"}
		if v.holdsLabels(c) {
			c.why.Detail = "the pool that holds its labels stands for another account"
		}
		if c.Labels == "" {
			c.why.Detail = "it names no label, and GitHub does not tell its runner group"
		}
		return false
	}
	c.jobs = slices.DeleteFunc(c.jobs, func(j *Job) bool {
		if !j.Public || v.listed(j) {
			return false
		}
		v.judge(j, Verdict{Refused, "repository " + j.Repo + " is public and not listed in the fleet file"})
		return true
	})
	return len(c.jobs) > 0
}

// allowed matches accounts by id: a login can be registered again by others.
func (v *view) allowed(j *Job) bool {
	return len(v.Fleet.Accounts) == 0 || slices.ContainsFunc(v.Fleet.Accounts, func(a Account) bool {
		return a.ID == j.OwnerID
	})
}

// listed matches names without regard to case, as GitHub does.
func (v *view) listed(j *Job) bool {
	name := repoName(j.Repo)
	return slices.ContainsFunc(v.Fleet.Accounts, func(a Account) bool {
		return a.ID == j.OwnerID && slices.ContainsFunc(a.Public, func(p string) bool { return strings.EqualFold(p, name) })
	})
}

func repoName(full string) string {
	_, name, _ := strings.Cut(full, "/")
	return name
}
