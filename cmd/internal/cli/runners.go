package cli

import (
	"cmp"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

func runnersCommand() *cobra.Command {
	c := &cobra.Command{Use: "runners", Short: "Show registrations at GitHub"}
	c.AddCommand(runnersListCommand())
	return c
}

func runnersListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List GitHub's view beside EC2's, as of the last full look", Args: cobra.NoArgs}
	path, form := configFlag(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withLedger(c.Context(), *path, func(f *config.File, s *sqlite.Store) error {
			state, err := s.Read(c.Context())
			if err != nil {
				return err
			}
			machines := map[fleet.MachineID]*fleet.Machine{}
			for i := range state.Machines {
				machines[state.Machines[i].ID] = &state.Machines[i]
			}
			runners := views(state.Runners, func(r fleet.Runner) runnerView {
				id, _, _ := fleet.ParseRunnerName(f.Name, r.Name)
				return viewRunner(r, machines[id])
			})
			var rows [][]string
			for _, r := range runners {
				rows = append(rows, []string{
					r.Name, strconv.FormatInt(r.ID, 10), r.Scope, r.Status, yes(r.Busy, "busy", "idle"), cmp.Or(r.State, "no machine of the ledger"), when(r.Seen),
				})
			}
			return list(c.OutOrStdout(), *form, []string{"RUNNER", "ID", "SCOPE", "GITHUB", "WORK", "EC2", "SEEN"}, rows, runners)
		})
	}
	return c
}

func yes(fact bool, then, otherwise string) string {
	if fact {
		return then
	}
	return otherwise
}
