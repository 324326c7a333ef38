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
	SeenAt  time.Time // the last one
	Missed  int       // full looks in a row that did not show it, since then
	TriedAt time.Time // last removal that GitHub refused
}
