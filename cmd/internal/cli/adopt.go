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
	path := configFlag(c)
	c.Flags().BoolVar(&fresh, "new", false, "make the ledger, which must not be there")
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := wire.ReadFile(*path)
		if err != nil {
			return usage(err)
		}
		switch missing := sqlite.Exists(f.Serve.Ledger); {
		case fresh && missing == nil:
			return fmt.Errorf("%w: --new is for a ledger that is lost, and one is at %s", errUsage, f.Serve.Ledger)
		case !fresh && sqlite.Absent(f.Serve.Ledger):
			return fmt.Errorf("open ledger %s: %w (fleet file %s); if it is lost, adopt --new makes one", f.Serve.Ledger, missing, *path)
		case !fresh && missing != nil:
			return fmt.Errorf("open ledger %s: %w (fleet file %s)", f.Serve.Ledger, missing, *path)
		}
		return adopt(c, f)
	}
	return c
}

func adopt(c *cobra.Command, f *config.File) error {
	parts, err := wire.Open(c.Context(), f, true, slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil)))
	if err != nil {
		return err
	}
	defer parts.Store.Close()
	if err := parts.Tokens.Adopt(c.Context(), parts.Store.ID()); err != nil {
		_, failed := parts.Store.Discard(c.Context())
		return errors.Join(err, failed)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "ledger %s owns fleet %s now\n", parts.Store.ID(), f.Name)
	return err
}
