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

// markAhead is a mark of a ledger whose manager was told of a clock of the
// fleet's own: how far that is ahead.
const markAhead = "clock-ahead"

// ledgerMarks are those of a fleet file's ledger; none of a table, where neither is.
func ledgerMarks(ctx context.Context, f *config.File) map[string]string {
	if f.Serve.Table() != "" || sqlite.Absent(f.Serve.Ledger) {
		return nil
	}
	s, err := wire.OpenLedger(ctx, f, nil)
	if err != nil {
		return nil // whoever opens it next says what is wrong
	}
	defer s.Close()
	state, err := s.Read(ctx)
	if err != nil {
		return nil
	}
	return state.Marks
}

// ahead is how far the fleet's clock is ahead of the host's, by its ledger's
// marks.
func ahead(marks map[string]string) time.Duration {
	d, err := time.ParseDuration(marks[markAhead])
	if err != nil {
		return 0 // there is no mark
	}
	return d
}

// keepAhead has a ledger know how far its manager's clock is ahead.
func keepAhead(ctx context.Context, s *sqlite.Store, known map[string]string, d time.Duration) error {
	if ahead(known) == d {
		return nil
	}
	text := ""
	if d != 0 {
		text = d.String()
	}
	return s.Settle(ctx, fleet.Change{Marks: map[string]string{markAhead: text}})
}

// clock is the time by which a ledger is to be read: of a served demo's, which
// has a time of its own, that of its last full look; else by its manager's clock.
func clock(s fleet.State) time.Time {
	if at := reconcile.LookedAt(s.Marks); s.Marks[markSimulated] != "" && !at.IsZero() {
		return at
	}
	return time.Now().Add(ahead(s.Marks))
}

// lastLook is the instant up to which the ledger knows.
func lastLook(s fleet.State) time.Time {
	if at := reconcile.LookedAt(s.Marks); !at.IsZero() {
		return at
	}
	return clock(s)
}
