package cli

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

func adoptCommand() *cobra.Command {
	var fresh bool
	c := &cobra.Command{
		Use:   "adopt",
		Short: "Make this ledger the fleet's owner, in place of another that is lost",
		Long: `Makes this ledger the fleet's owner. Stop the other manager first, if it still
runs: it notices within seconds and stops by itself, but what GitHub told it
until then stays in its own ledger. Where none is left, --new makes one.`,
		Args: cobra.NoArgs,
	}
	at := placeFlags(c)
	c.Flags().BoolVar(&fresh, "new", false, "make the ledger, which must not be there")
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := at.read()
		if err != nil {
			return err
		}
		if f.Serve.Table() != "" {
			return adoptTable(c, f, fresh)
		}
		switch missing := sqlite.Exists(f.Serve.Ledger); {
		case fresh && missing == nil:
			return fmt.Errorf("%w: --new is for a ledger that is lost, and one is at %s", errUsage, f.Serve.Ledger)
		case !fresh && sqlite.Absent(f.Serve.Ledger):
			return fmt.Errorf("open ledger %s: %w (fleet file %s); if it is lost, adopt --new makes one", f.Serve.Ledger, missing, at.file)
		case !fresh && missing != nil:
			return fmt.Errorf("open ledger %s: %w (fleet file %s)", f.Serve.Ledger, missing, at.file)
		}
		return adopt(c, f)
	}
	return c
}

func adopt(c *cobra.Command, f *config.File) error {
	parts, err := wire.Open(c.Context(), f, wire.Role{Manage: true}, slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil)))
	if err != nil {
		return err
	}
	defer parts.Store.Close()
	if err := parts.Tokens.Adopt(c.Context(), parts.Store.ID()); err != nil {
		_, failed := parts.Store.Discard(c.Context())
		return errors.Join(err, failed)
	}
	return tellOwned(c, f, parts.Store.ID())
}

// adoptTable makes the ledger of functions the owner. They found it themselves
// when they first began.
func adoptTable(c *cobra.Command, f *config.File, fresh bool) error {
	if fresh {
		return fmt.Errorf("%w: --new makes a file; in a table the functions make their ledger by themselves", errUsage)
	}
	o, err := wire.OpenOwner(c.Context(), f)
	if err != nil {
		return err
	}
	if err := o.Tokens.Adopt(c.Context(), o.Ledger); err != nil {
		return err
	}
	return tellOwned(c, f, o.Ledger)
}

func tellOwned(c *cobra.Command, f *config.File, ledger string) error {
	_, err := fmt.Fprintf(c.OutOrStdout(), "ledger %s owns fleet %s now\n", ledger, f.Name)
	return err
}
