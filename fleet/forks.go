package fleet

import "slices"

// ForkRule says what becomes of jobs whose run comes from a fork: anybody who
// can open a pull request wrote its code.
type ForkRule string

// The rules. Empty refuses forks of public repositories, which anybody can make,
// and serves those of private ones, which need to be let in first.
const (
	RefuseForks ForkRule = "refuse"
	AllowForks  ForkRule = "allow"
	PoolForks   ForkRule = "pool" // one pool's machines serve them
)

// Forks is the fleet's rule for forks.
type Forks struct {
	Rule ForkRule
	Pool string // of the rule PoolForks, by name
}

// asks reports whether a job may be served only when its origin is known.
func (f Forks) asks(j *Job) bool {
	switch f.Rule {
	case AllowForks:
		return false
	case "":
		return j.Public
	}
	return true
}

// apart reports whether a job is demand of its own: the rule's pool serves it.
func (f Forks) apart(j *Job) bool { return f.Rule == PoolForks && j.Origin == Fork }

// ofForks takes the pools that do not serve forks from a class of fork jobs.
func (v *view) ofForks(c *classView) {
	if c.apart {
		c.pools = slices.DeleteFunc(c.pools, func(i int) bool { return v.pools[i].Name != v.Fleet.Forks.Pool })
	}
}

// admits reports whether a job of a class that pools fit is served; if not, it
// is given its verdict. Where only GitHub knows the job's origin, the next look
// must ask.
func (v *view) admits(c *classView, j *Job) bool {
	switch {
	case j.Public && !v.listed(j):
		v.judge(j, Verdict{Refused, "repository " + j.Repo + " is public and not listed in the fleet file"})
	case !v.Fleet.Forks.asks(j):
		return true
	case j.Origin == "":
		v.judge(j, Verdict{Asking, "GitHub is asked whether its run comes from a fork"})
		v.plan.Origins = append(v.plan.Origins, j.Key)
		v.late(j, c)
	case j.Origin == Fork && v.Fleet.Forks.Rule == "":
		v.judge(j, Verdict{Refused, "its run comes from a fork, and forks of public repositories are refused"})
	case j.Origin == Fork && v.Fleet.Forks.Rule == RefuseForks:
		v.judge(j, Verdict{Refused, "its run comes from a fork, and forks are refused"})
	default:
		return true
	}
	return false
}
