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
)

// configFlag gives a verb the flag that names the fleet file.
func configFlag(c *cobra.Command) *string {
	path := new(string)
	configVar(c, path)
	return path
}

func configVar(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "config", cmp.Or(os.Getenv("RUNFLEET_CONFIG"), "runfleet.yaml"), "the fleet file; RUNFLEET_CONFIG names another standard")
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

// places is what a verb was told of where things are.
type places struct {
	file   string // the fleet file
	ledger string // empty: where the fleet file says
}

// placeFlags gives a verb the flags that name the fleet file and its ledger.
func placeFlags(c *cobra.Command) *places {
	p := &places{}
	configVar(c, &p.file)
	c.Flags().StringVar(&p.ledger, "ledger", tableNamed(), "the ledger, if not the one of the fleet file: a file, or dynamodb:TABLE; RUNFLEET_TABLE names a table, too")
	return p
}

// tableNamed is the ledger that the environment names; empty: none.
func tableNamed() string {
	if name := os.Getenv("RUNFLEET_TABLE"); name != "" {
		return config.InTable(name)
	}
	return ""
}

// read reads the fleet file, and puts the ledger's place into it.
func (p *places) read() (*config.File, error) {
	f, err := wire.ReadFile(p.file)
	if err != nil {
		return nil, usage(err)
	}
	if p.ledger != "" {
		if err := config.CheckLedger(p.ledger); err != nil {
			return nil, fmt.Errorf("%w: --ledger or RUNFLEET_TABLE: %w", errUsage, err)
		}
		f.Serve.Ledger = p.ledger
	}
	return f, nil
}

// withLedger reads the fleet file and opens its ledger for a verb. The ledger
// must be there: only a manager makes one.
func withLedger(ctx context.Context, p *places, do func(*config.File, *wire.Ledger) error) error {
	f, err := p.read()
	if err != nil {
		return err
	}
	l, err := openLedger(ctx, f)
	if err != nil {
		return fmt.Errorf("%w (fleet file %s)", err, p.file)
	}
	defer l.Close()
	return do(f, l)
}

// openLedger opens a ledger for a verb. Where the fleet has a clock of its own, as
// a served demo's has, orders hold by that.
func openLedger(ctx context.Context, f *config.File) (*wire.Ledger, error) {
	l, err := wire.OpenLedger(ctx, f, nil)
	if err != nil || l.File == nil {
		return l, err
	}
	state, err := l.Read(ctx)
	if err != nil || state.Marks[markSimulated] == "" && ahead(state.Marks) == 0 {
		return l, nil // what is wrong the verb says
	}
	if err := l.Close(); err != nil {
		return nil, err
	}
	return wire.OpenLedger(ctx, f, func() time.Time { return clock(state) })
}
