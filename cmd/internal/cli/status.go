package cli

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

func statusCommand() *cobra.Command {
	c := &cobra.Command{Use: "status", Short: "Say in a few lines how the fleet is", Args: cobra.NoArgs}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withLedger(c.Context(), *path, func(f *config.File, s *sqlite.Store) error {
			state, err := s.Read(c.Context())
			if err != nil {
				return err
			}
			status(c.OutOrStdout(), standing(f, state, time.Now()))
			return nil
		})
	}
	return c
}

func status(out io.Writer, seen fleet.Snapshot) {
	f, s, at := seen.Fleet, seen.State, seen.At
	jobs := map[fleet.JobStatus]int{}
	why := map[fleet.VerdictCode]int{}
	for _, j := range s.Jobs {
		jobs[j.Status]++
		if j.Status == fleet.Queued {
			why[j.Verdict.Code]++
		}
	}
	machines := 0
	for _, m := range s.Machines {
		if !m.Gone() {
			machines++
		}
	}
	fmt.Fprintf(out, "fleet %s: %d jobs wait, %d run; %d machines, %d intents open (plan %d)\n",
		f.Name, jobs[fleet.Queued], jobs[fleet.Running], machines, len(s.Intents), s.Number)
	for _, code := range slices.Sorted(maps.Keys(why)) {
		fmt.Fprintf(out, "  %d jobs: %s\n", why[code], cmp.Or(code, "not looked at yet"))
	}
	for _, p := range f.Pools {
		if h, ok := seen.Hours[p.Name]; ok {
			fmt.Fprintf(out, "  pool %s is %s\n", p.Name, clean(h.String()))
		}
	}
	for _, b := range s.Setbacks {
		if b.Holds(at) {
			fmt.Fprintf(out, "  set back until %s: %s %s: %s\n", when(b.Until), b.Key.Kind, b.Key.Subject, b.Detail)
		}
	}
	for _, o := range s.Orders {
		fmt.Fprintf(out, "  ordered by %s: %s %s %s\n", o.By, o.Kind, about(o.Subject), clean(o.Reason))
	}
	plan := fleet.Decide(seen)
	for _, a := range plan.Alerts {
		fmt.Fprintln(out, "  alert:", clean(a))
	}
}
