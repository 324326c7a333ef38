package fleet

import "time"

// Runner is a registration at GitHub, as the full looks saw it.
type Runner struct {
	Name    string
	ID      int64
	Scope   Scope
	Online  bool
	Busy    bool
	FirstAt time.Time // the first full look that showed it
	BusyAt  time.Time // the first one since which all showed it busy; zero while it is not
	SeenAt  time.Time // the last one
	// OnlineAt is the last full look that showed it online; zero before.
	OnlineAt time.Time
	Missed   int       // full looks in a row that did not show it, since then
	TriedAt  time.Time // last removal that GitHub refused
}

// busySince is BusyAt, as well as a row of an older ledger knows it.
func (r *Runner) busySince() time.Time {
	if r.BusyAt.IsZero() {
		return r.SeenAt
	}
	return r.BusyAt
}
