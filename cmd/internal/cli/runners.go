package cli

import (
	"cmp"
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
)

func runnersCommand() *cobra.Command {
	c := &cobra.Command{Use: "runners", Short: "Show registrations at GitHub"}
	c.AddCommand(runnersListCommand())
	return c
}

func runnersListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List GitHub's view beside EC2's, as of the last full look", Args: cobra.NoArgs}
	return showing(c, func(_ context.Context, b book, _ []string) (answer, error) {
		machines := map[fleet.MachineID]*fleet.Machine{}
		for i := range b.state.Machines {
			machines[b.state.Machines[i].ID] = &b.state.Machines[i]
		}
		runners := views(b.state.Runners, func(r fleet.Runner) runnerView {
			id, _, _ := fleet.ParseRunnerName(b.Name, r.Name)
			return viewRunner(r, machines[id])
		})
		a := answer{head: []string{"RUNNER", "ID", "SCOPE", "GITHUB", "WORK", "EC2", "SEEN"}, values: runners}
		for _, r := range runners {
			a.rows = append(a.rows, []string{
				r.Name, strconv.FormatInt(r.ID, 10), r.Scope, r.Status, yes(r.Busy, "busy", "idle"), cmp.Or(r.State, "no machine of the ledger"), when(r.Seen),
			})
		}
		return a, nil
	})
}

func yes(fact bool, then, otherwise string) string {
	if fact {
		return then
	}
	return otherwise
}
