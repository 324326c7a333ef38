package cli

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
)

func planCommand() *cobra.Command {
	c := &cobra.Command{Use: "plan", Short: "Say what would be done now, and why, and do nothing of it", Args: cobra.NoArgs}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := fileWithLedger(*path)
		if err != nil {
			return err
		}
		parts, err := wire.Open(c.Context(), f, false, slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn})))
		if err != nil {
			return err
		}
		defer parts.Store.Close()
		seen, plan, err := parts.Reconciler.Plan(c.Context())
		if err != nil {
			return err
		}
		tellPlan(c.OutOrStdout(), seen, plan)
		return nil
	}
	return c
}

// tellPlan is a plan as a person reads it.
func tellPlan(out io.Writer, s fleet.Snapshot, p fleet.Plan) {
	fmt.Fprintf(out, "%d jobs, %d machines, %d runners, %d open intents (plan %d)\n",
		len(s.State.Jobs), len(s.State.Machines), len(s.State.Runners), len(s.State.Intents), s.State.Number)
	if len(p.Intents) == 0 {
		fmt.Fprintln(out, "nothing to do")
	}
	for _, in := range p.Intents {
		what := string(in.Machine())
		if in.Launch != nil {
			what = fmt.Sprintf("%d of pool %s, %s", in.Launch.Count, in.Launch.Pool, in.Launch.Market)
		}
		fmt.Fprintf(out, "%s %s: %s\n", in.Kind(), what, clean(in.Reason))
	}
	for _, v := range p.Verdicts {
		fmt.Fprintf(out, "job %d: %s\n", v.Job.ID, clean(v.Verdict.String()))
	}
	for _, a := range p.Alerts {
		fmt.Fprintf(out, "alert: %s\n", clean(a))
	}
	if !p.Wake.IsZero() {
		fmt.Fprintf(out, "time alone changes this at %s\n", when(p.Wake))
	}
}
