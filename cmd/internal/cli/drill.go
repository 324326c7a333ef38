package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
)

// drillStands is when an order that no manager took up lapses.
const drillStands = time.Hour

func drillCommand() *cobra.Command {
	c := &cobra.Command{Use: "drill", Short: "Break machines on purpose, and see that every job still ends green"}
	c.AddCommand(drillSpotCommand(), drillShowCommand(), drillListCommand())
	return c
}

// drillFlags is what a drill is asked for by.
type drillFlags struct {
	drill  fleet.Drill
	reason string
	yes    bool
	detach bool
}

func drillSpotCommand() *cobra.Command {
	var d drillFlags
	c := &cobra.Command{
		Use: "spot", Short: "Have AWS FIS take Spot machines back, with a notice as Spot gives it", Args: cobra.NoArgs,
		Long: `Orders a drill: the manager has AWS Fault Injection Service take machines of a pool
back as Spot does. FIS picks them at random among those that run on Spot. Jobs
they interrupt are run again, on demand; the verb follows until each is green.
Ctrl-C leaves the drill going; drill show tells of it.`,
	}
	at := placeFlags(c)
	f := c.Flags()
	f.StringVar(&d.drill.Pool, "pool", "", "the pool")
	f.IntVar(&d.drill.Count, "count", 1, "how many machines")
	f.DurationVar(&d.drill.Notice, "notice", 2*time.Minute, "from the rebalance recommendation to the end, 2m to 15m")
	f.StringVar(&d.reason, "reason", "", "why, for those who come after you")
	f.BoolVar(&d.yes, "yes", false, "don't ask")
	f.BoolVar(&d.detach, "detach", false, "order it and don't follow")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withLedger(c.Context(), at, func(f *config.File, s *wire.Ledger) error { return d.run(c, f, s) })
	}
	return c
}

func (d *drillFlags) run(c *cobra.Command, f *config.File, s *wire.Ledger) error {
	d.drill.ID = "spot-" + time.Now().UTC().Format("20060102t150405.000")
	switch err := d.drill.Check(); {
	case err != nil:
		return fmt.Errorf("%w: %w", errUsage, err)
	case !hasPool(f, d.drill.Pool):
		return fmt.Errorf("%w: the fleet file has no pool %q", errUsage, d.drill.Pool)
	case f.AWS.DrillRole == "":
		return fmt.Errorf("%w: the fleet file names no aws.drill_role, the role that AWS FIS acts as", errUsage)
	}
	state, err := s.Read(c.Context())
	if err != nil {
		return err
	}
	candidates, err := d.drill.Candidates(state.Machines)
	if err != nil {
		return err
	}
	d.preview(c.OutOrStdout(), candidates, f.Name, state.Jobs)
	if !d.yes && !agreed(c.InOrStdin(), c.OutOrStdout()) {
		return errors.New("not drilled: it was not agreed to")
	}
	o := fleet.Order{ID: d.drill.ID, Kind: fleet.Inject, Subject: d.drill.Pool, Reason: d.reason, Drill: &d.drill, At: clock(state)}
	if err := place(c, s, o, drillStands); err != nil {
		return err
	}
	if d.detach {
		return d.leave(c, f, s)
	}
	return follow(c.Context(), c.OutOrStdout(), f, s, d.drill.ID)
}

// leave says what the drill that was ordered waits for, and where it is told of.
func (d *drillFlags) leave(c *cobra.Command, f *config.File, s *wire.Ledger) error {
	now, _, err := drillNow(c.Context(), f, s, d.drill.ID)
	if err != nil {
		return err
	}
	if now.Verdict.Result == drillOrdered {
		fmt.Fprintln(c.OutOrStdout(), "waiting: "+now.Verdict.Why[0])
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "runfleet drill show %s tells of it\n", d.drill.ID)
	return err
}

// preview says who may be hit, and what runs there.
func (d *drillFlags) preview(out io.Writer, candidates []fleet.Machine, fleetName string, jobs []fleet.Job) {
	fmt.Fprintf(out, "Spot is to take back %d of these %s of pool %s, %s after its recommendation to leave:\n",
		d.drill.Count, count(len(candidates), "machine", "machines"), d.drill.Pool, short(d.drill.Notice))
	for _, m := range candidates {
		what := "no job"
		for _, j := range jobs {
			if id, _, ok := fleet.ParseRunnerName(fleetName, j.Runner); ok && id == m.ID && j.Status == fleet.Running {
				what = fmt.Sprintf("job %d of %s: %s", j.Key.ID, clean(j.Repo), clean(j.Name))
			}
		}
		fmt.Fprintf(out, "  %s  %s in %s  %s\n", m.ID, m.Offer.Type, m.Offer.Zone, what)
	}
}

func agreed(in io.Reader, out io.Writer) bool {
	fmt.Fprint(out, "Go on? [y/N] ")
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		fmt.Fprintln(out) // nobody pressed return
	}
	return strings.EqualFold(strings.TrimSpace(line), "y") || strings.EqualFold(strings.TrimSpace(line), "yes")
}
