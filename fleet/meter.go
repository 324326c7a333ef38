package fleet

import (
	"cmp"
	"time"
)

// GitHub's names of the allowances that the fleet draws on, as the header
// x-ratelimit-resource and GET /rate_limit have them.
const (
	CoreCalls     = "core"
	Registrations = "actions_runner_registration"
)

// Meter is one allowance of an installation, as GitHub's answers last told it.
type Meter struct {
	App          int64  // number of the GitHub App
	Installation int64  // 0: the App itself
	Account      string // login that the installation is on; empty for the App itself
	// Resource is what is counted. Empty stands for every call of the
	// installation: it has a pause and no numbers.
	Resource    string
	Limit       int       // calls an hour
	Remaining   int       // of them, as of SeenAt
	ResetAt     time.Time // all of Limit is there again; by our clock
	PausedUntil time.Time // a secondary limit: GitHub wants no call until then
	SeenAt      time.Time // zero: the App is there, and GitHub told nothing of it yet
}

// Left is how many calls GitHub allows still at an instant.
func (m Meter) Left(at time.Time) int {
	if !at.Before(m.ResetAt) {
		return m.Limit
	}
	return m.Remaining
}

// Compare orders meters by account, installation, App and resource.
func (m Meter) Compare(n Meter) int {
	return cmp.Or(cmp.Compare(m.Account, n.Account), cmp.Compare(m.Installation, n.Installation),
		cmp.Compare(m.App, n.App), cmp.Compare(m.Resource, n.Resource))
}

// Call is what a call to GitHub is for. The most pressing comes first.
type Call int

// The order in which calls give way when little is left.
const (
	Serving      Call = iota // registers a runner: a job waits for it
	Releasing                // removes a registration, or has a run begin again: a machine is paid for, or a person waits
	Housekeeping             // lists, questions about jobs, reading back: a later look will do
)

// String is the call as logs have it.
func (c Call) String() string { return [...]string{"serving", "releasing", "housekeeping"}[c] }

// share is the part of an hour's allowance that a call must leave to those
// before it, as 1/n; 0: it leaves nothing.
func (c Call) share() int { return [...]int{0, 20, 5}[c] }

// Reserve is how many of the meter's calls a call of this kind must leave to
// those before it: a twentieth of the hour's for releasing, a fifth for
// housekeeping, of the part of the hour that is still ahead. So housekeeping
// stops early where an hour is used up fast, and goes on, slower, as the end of
// the hour comes near.
func (m Meter) Reserve(c Call, at time.Time) int {
	ahead := min(m.ResetAt.Sub(at), time.Hour)
	if ahead <= 0 || c.share() == 0 {
		return 0
	}
	return int(time.Duration(m.Limit) * ahead / time.Hour / time.Duration(c.share()))
}

// Meters is all that is known of allowances, at most one of each kind for an
// App's installation.
type Meters []Meter

// Allow reports whether an installation may make a call of a kind that counts
// as a core one, by any of its Apps. What is not known is allowed.
func (ms Meters) Allow(installation int64, c Call, at time.Time) bool {
	free := map[int64]bool{} // by App
	for _, m := range ms {
		if m.Installation != installation {
			continue
		}
		used := m.Resource == CoreCalls && !m.SeenAt.IsZero() && m.Left(at) <= m.Reserve(c, at)
		before, known := free[m.App]
		free[m.App] = (before || !known) && !used && !m.PausedUntil.After(at)
	}
	for _, ok := range free {
		if ok {
			return true
		}
	}
	return len(free) == 0
}

// Apps is how many Apps serve an installation's account, one at least.
func (ms Meters) Apps(installation int64) int {
	seen := map[int64]bool{}
	for _, m := range ms {
		if m.Installation == installation {
			seen[m.App] = true
		}
	}
	return max(1, len(seen))
}

// Registrations is how many runners an installation may register before the
// hour ends, if GitHub told.
func (ms Meters) Registrations(installation int64, at time.Time) (left int, known bool) {
	for _, m := range ms {
		if m.Installation == installation && m.Resource == Registrations {
			left, known = left+m.Left(at), true
		}
	}
	return left, known
}
