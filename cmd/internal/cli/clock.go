package cli

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// markSimulated is a mark of a ledger whose times are a simulation's.
const markSimulated = "simulated"

// looked is when the last full look was; zero if there was none.
func looked(s fleet.State) time.Time {
	at, err := time.Parse(time.RFC3339Nano, s.Marks["looked"])
	if err != nil {
		return time.Time{}
	}
	return at
}

// clock is the time by which a ledger is to be read: of a served demo's, which
// has a time of its own, that of its last full look.
func clock(s fleet.State) time.Time {
	if at := looked(s); s.Marks[markSimulated] != "" && !at.IsZero() {
		return at
	}
	return time.Now()
}

// lastLook is the instant up to which the ledger knows.
func lastLook(s fleet.State) time.Time {
	if at := looked(s); !at.IsZero() {
		return at
	}
	return time.Now()
}
