package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// configFlag gives a verb the flag that names the fleet file.
func configFlag(c *cobra.Command) *string {
	path := new(string)
	c.Flags().StringVar(path, "config", cmp.Or(os.Getenv("RUNFLEET_CONFIG"), "runfleet.yaml"), "the fleet file; RUNFLEET_CONFIG names another standard")
	return path
}

// usage marks an error as the caller's to mend. Problems of a fleet file stand a
// line each, so that editors find the places.
func usage(err error) error {
	if all := (config.Problems)(nil); errors.As(err, &all) {
		err = fmt.Errorf("the fleet file is refused:\n%w", err)
	}
	return misuse{err}
}

// misuse is an error of the caller's, in its own words.
type misuse struct{ error }

func (m misuse) Unwrap() []error { return []error{errUsage, m.error} }

// withLedger reads the fleet file and opens its ledger for a verb. The ledger
// must be there: only serve makes one.
func withLedger(ctx context.Context, path string, do func(*config.File, *sqlite.Store) error) error {
	f, err := wire.ReadFile(path)
	if err != nil {
		return usage(err)
	}
	s, err := openLedger(ctx, f)
	if err != nil {
		return fmt.Errorf("%w (fleet file %s)", err, path)
	}
	defer s.Close()
	return do(f, s)
}

// openLedger opens a ledger for a verb. The orders of a served demo's hold by the
// demo's clock.
func openLedger(ctx context.Context, f *config.File) (*sqlite.Store, error) {
	s, err := wire.OpenLedger(ctx, f, nil)
	if err != nil {
		return nil, err
	}
	state, err := s.Read(ctx)
	if err != nil || state.Marks[markSimulated] == "" {
		return s, nil // what is wrong the verb says
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	at := clock(state)
	return wire.OpenLedger(ctx, f, func() time.Time { return at })
}
