package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/provision/tokens"
)

func planCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "plan", Short: "Say what would be done now, and why, and do nothing of it", Args: cobra.NoArgs,
		Long: `Looks at GitHub and AWS, and says what would be done now, and why. It does nothing
of it and writes nothing down. Before the first serve there is no ledger: then
the plan is that of an empty one.`,
	}
	at := placeFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := at.read()
		if err != nil {
			return err
		}
		fresh := f.Serve.Table() == "" && sqlite.Absent(f.Serve.Ledger)
		known := ledgerMarks(c.Context(), f)
		if known[markSimulated] != "" {
			return errors.New("the ledger is that of a served demo, whose GitHub and AWS nobody else can ask: status, jobs and explain tell of it")
		}
		if fresh {
			fmt.Fprintf(c.OutOrStdout(), "no ledger is at %s yet, serve makes it: a plan with an empty one\n", f.Serve.Ledger)
			f.Serve.Ledger = sqlite.Memory
		}
		parts, err := wire.Open(c.Context(), f, wire.Role{Ahead: ahead(known)}, slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn})))
		if err != nil {
			return err
		}
		defer parts.Close()
		seen, plan, err := parts.Reconciler.Plan(c.Context())
		if err != nil {
			return err
		}
		if fresh {
			if err := tellOwner(c.Context(), c.OutOrStdout(), parts.Tokens); err != nil {
				return err
			}
		}
		tellPlan(c.OutOrStdout(), seen, plan)
		return nil
	}
	return c
}

// tellOwner warns that a new ledger will be refused, where another owns the
// fleet.
func tellOwner(ctx context.Context, out io.Writer, t *tokens.Store) error {
	owner, err := t.Owner(ctx)
	if errors.Is(err, fleet.ErrAbsent) {
		return nil
	}
	if err == nil {
		_, err = fmt.Fprintf(out, "ledger %s owns fleet %s: serve will refuse to start with a new one\n", owner, t.Fleet)
	}
	return err
}

// tellPlan is a plan as a person reads it.
func tellPlan(out io.Writer, s fleet.Snapshot, p fleet.Plan) {
	fmt.Fprintf(out, "%s, %s, %s, %s (plan %d)\n", count(len(s.State.Jobs), "job", "jobs"), count(len(s.State.Machines), "machine", "machines"),
		count(len(s.State.Runners), "runner", "runners"), count(len(s.State.Intents), "open intent", "open intents"), s.State.Number)
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
	for _, r := range s.Recipes {
		if r.Problem != "" {
			fmt.Fprintf(out, "pool %s launches nothing: %s\n", r.Pool, clean(r.Problem))
		}
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
