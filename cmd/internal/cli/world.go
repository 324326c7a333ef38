package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/world"
)

func worldCommand() *cobra.Command {
	var seed uint64
	var until time.Duration
	c := &cobra.Command{
		Use: "world", Short: "Play a random day of faults again, step by step", Hidden: true, Args: cobra.NoArgs,
	}
	c.Flags().Uint64Var(&seed, "seed", 0, "the day")
	c.Flags().DurationVar(&until, "until", 26*time.Hour, "how much of it")
	c.RunE = func(c *cobra.Command, _ []string) error {
		day := world.FaultDay(seed)
		var w *world.World
		day.Log = slog.New(slog.NewTextHandler(c.OutOrStdout(), &slog.HandlerOptions{
			Level: slog.LevelDebug,
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey && w != nil {
					a.Value = slog.StringValue(w.Now().Format("15:04:05.000"))
				}
				return a
			},
		}))
		w, err := world.New(c.Context(), day)
		if err != nil {
			return err
		}
		defer w.Close()
		if err := w.Run(c.Context(), until); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "%+v\n", w.Summary())
		if !w.Summary().Good() {
			return errors.New("something is unserved or left over")
		}
		return nil
	}
	return c
}
