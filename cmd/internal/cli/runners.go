package cli

import (
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
			machines := map[fleet.MachineID]fleet.Machine{}
			for _, m := range state.Machines {
				machines[m.ID] = m
			}
			var rows [][]string
			for _, r := range state.Runners {
				ec2 := "no machine of the ledger"
				if id, _, ok := fleet.ParseRunnerName(f.Name, r.Name); ok {
					if m, ok := machines[id]; ok {
						ec2 = string(m.State)
					}
				}
				rows = append(rows, []string{
					r.Name, strconv.FormatInt(r.ID, 10), r.Scope.String(), yes(r.Online, "online", "offline"), yes(r.Busy, "busy", "idle"), ec2, when(r.SeenAt),
				})
			}
			return list(c.OutOrStdout(), *form, []string{"RUNNER", "ID", "SCOPE", "GITHUB", "", "EC2", "SEEN"}, rows, state.Runners)
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
