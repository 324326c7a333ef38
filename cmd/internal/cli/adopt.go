package cli

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
)

func adoptCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "adopt",
		Short: "Make this ledger the fleet's owner, in place of another that is lost",
		Long: `Makes this ledger the fleet's owner. Stop the other manager first, if it still
runs: it notices within seconds and stops by itself, but what GitHub told it
until then stays in its own ledger.`,
		Args: cobra.NoArgs,
	}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := fileWithLedger(*path)
		if err != nil {
			return err
		}
		parts, err := wire.Open(c.Context(), f, true, slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil)))
		if err != nil {
			return err
		}
		defer parts.Store.Close()
		if err := parts.Tokens.Adopt(c.Context(), parts.Store.ID()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "ledger %s owns fleet %s now\n", parts.Store.ID(), f.Name)
		return err
	}
	return c
}
