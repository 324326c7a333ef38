package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// serves reports whether the fleet serves a class at all, and says why not.
func (v *view) serves(c *classView) bool {
	if !v.Fleet.allows(c.jobs[0]) {
		c.why = Verdict{Refused, v.stranger(c.Scope.Owner)}
		return false
	}
	if s, shut := v.setbacks[InstallationKey(c.Scope.Installation)]; shut {
		c.why = Verdict{Refused, s.Detail}
		return false
	}
	if c.apart && len(c.pools) == 0 {
		c.why = Verdict{Refused, "its run comes from a fork, and pool " + v.Fleet.Forks.Pool + ", which serves forks, does not hold its labels"}
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
	c.jobs = slices.DeleteFunc(c.jobs, func(j *Job) bool { return !v.admits(c, j) })
	return len(c.jobs) > 0
}

// stranger says why an account is not served. One of a login that the fleet file
// has is another's now, or GitHub did not tell its number yet.
func (v *view) stranger(login string) string {
	i := slices.IndexFunc(v.Fleet.Accounts, func(a Account) bool { return strings.EqualFold(a.Login, login) })
	switch {
	case i < 0:
		return "account " + login + " is not in the fleet file"
	case v.Fleet.Accounts[i].ID == 0:
		return "the number of account " + login + " is not known yet"
	}
	return fmt.Sprintf("account %s is not the one that the fleet file means, whose number is %d", login, v.Fleet.Accounts[i].ID)
}

// is reports whether a job is of the account. One whose number is not known is
// nobody's.
func (a Account) is(j *Job) bool { return a.ID != 0 && a.ID == j.OwnerID }

// listed matches names without regard to case, as GitHub does.
func (v *view) listed(j *Job) bool {
	name := repoName(j.Repo)
	return slices.ContainsFunc(v.Fleet.Accounts, func(a Account) bool {
		return a.is(j) && slices.ContainsFunc(a.Public, func(p string) bool { return strings.EqualFold(p, name) })
	})
}

func repoName(full string) string {
	_, name, _ := strings.Cut(full, "/")
	return name
}
