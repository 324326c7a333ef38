package cli

import (
	"context"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

// markSimulated is a mark of a ledger whose times are a simulation's.
const markSimulated = "simulated"

// simulated reports whether a fleet file's ledger is a served demo's.
func simulated(ctx context.Context, f *config.File) bool {
	if f.Serve.Table() != "" || sqlite.Absent(f.Serve.Ledger) {
		return false
	}
	s, err := wire.OpenLedger(ctx, f, nil)
	if err != nil {
		return false // whoever opens it next says what is wrong
	}
	defer s.Close()
	state, err := s.Read(ctx)
	return err == nil && state.Marks[markSimulated] != ""
}

// clock is the time by which a ledger is to be read: of a served demo's, which
// has a time of its own, that of its last full look.
func clock(s fleet.State) time.Time {
	if at := reconcile.LookedAt(s.Marks); s.Marks[markSimulated] != "" && !at.IsZero() {
		return at
	}
	return time.Now()
}

// lastLook is the instant up to which the ledger knows.
func lastLook(s fleet.State) time.Time {
	if at := reconcile.LookedAt(s.Marks); !at.IsZero() {
		return at
	}
	return time.Now()
}
