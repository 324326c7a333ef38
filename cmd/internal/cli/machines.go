package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
)

func machinesCommand() *cobra.Command {
	c := &cobra.Command{Use: "machines", Short: "List machines, and order what becomes of one"}
	c.AddCommand(machinesListCommand(), machinesShowCommand())
	for _, o := range []struct {
		verb, short string
		kind        fleet.OrderKind
		limit       time.Duration
	}{
		{"drain", "Give a machine no new job, and end it when it is idle", fleet.Drain, 0},
		{"hold", "Do not end or stop a machine, so that people can look at it", fleet.Hold, 4 * time.Hour},
		{"end", "End a machine now, even if its job runs", fleet.Halt, 0},
	} {
		c.AddCommand(orderCommand(o.verb, o.short, o.kind, o.limit))
	}
	c.AddCommand(liftCommand("release MACHINE", "Lift what was ordered about a machine", cobra.ExactArgs(1), fleet.Drain, fleet.Hold, fleet.Halt))
	return c
}

func machinesListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the machines that the ledger knows, and what each is at", Args: cobra.NoArgs}
	return showing(c, func(_ context.Context, b book, _ []string) (answer, error) {
		a := answer{head: []string{"MACHINE", "POOL", "PHASE", "TYPE", "ZONE", "MARKET", "EC2", "LAUNCHED", "SCOPE", "ENDED"}}
		phases := fleet.Phases(b.snapshot())
		a.values = views(b.state.Machines, func(m fleet.Machine) machineView {
			v := viewMachine(m, b.Name)
			v.Phase = phases[m.ID].String()
			return v
		})
		for _, m := range b.state.Machines {
			a.rows = append(a.rows, []string{
				string(m.ID), m.Pool, phases[m.ID].String(), m.Offer.Type, m.Offer.Zone, string(m.Offer.Market),
				cmp.Or(string(m.State), "unseen"), lastStart(m), m.Scope.String(), m.EndReason,
			})
		}
		return a, nil
	})
}

// lastStart is when a machine was launched, and of a standing one what came of
// it last.
func lastStart(m fleet.Machine) string {
	switch {
	case !m.StoppedAt.IsZero():
		return when(m.LaunchedAt) + ", stopped " + when(m.StoppedAt)
	case !m.StartedAt.IsZero():
		return when(m.LaunchedAt) + ", started " + when(m.StartedAt)
	}
	return when(m.LaunchedAt)
}

// lifetime is a pool's, and whose runners a standing one has.
func (p poolView) lifetime() string {
	if p.Account != "" {
		return p.Lifetime + " for " + p.Account
	}
	return p.Lifetime
}

// machines is how many a pool has, and how many of them are stopped.
func (p poolView) machines() string {
	text := fmt.Sprintf("%d of %d", p.Machines, p.Max)
	if p.Stopped > 0 {
		text += fmt.Sprintf(", %d stopped", p.Stopped)
	}
	return text
}

func poolsCommand() *cobra.Command {
	c := &cobra.Command{Use: "pools", Short: "List pools with their machines and waiting jobs", Args: cobra.NoArgs}
	return showing(c, func(_ context.Context, b book, _ []string) (answer, error) {
		seen := b.snapshot()
		pools := views(seen.Fleet.Pools, func(p fleet.Pool) poolView { return viewPool(p, b.state, seen.Hours[p.Name]) })
		over := fleet.Overtimes(seen)
		a := answer{head: []string{"POOL", "LABELS", "LIFETIME", "MARKET", "MACHINES", "FITTING JOBS THAT WAIT", "HOURS"}, values: pools}
		troubled := slices.ContainsFunc(pools, func(p poolView) bool { return p.Problem != "" })
		if troubled {
			a.head = append(a.head, "LAUNCHES NOTHING")
		}
		for _, p := range pools {
			hours := p.Hours
			if o, ok := over[p.Name]; ok {
				hours += "; " + o.String()
			}
			a.rows = append(a.rows, []string{
				p.Name, strings.Join(p.Labels, ","), p.lifetime(), p.Market, p.machines(), strconv.Itoa(p.Jobs), clean(hours),
			})
			if last := len(a.rows) - 1; troubled {
				a.rows[last] = append(a.rows[last], clean(p.Problem))
			}
		}
		return a, nil
	})
}
