package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// mostOverride bounds an override: one that nobody remembers costs money, or
// jobs.
const mostOverride = 14 * 24 * time.Hour

func hoursCommand() *cobra.Command {
	c := &cobra.Command{Use: "hours", Short: "Show business hours, and order other ones for a while"}
	c.AddCommand(hoursShowCommand(), hoursNextCommand(), hoursOverrideCommand(),
		liftCommand("resume [POOL]", "Lift an override: the hours of the fleet file rule again", cobra.MaximumNArgs(1), fleet.KeepOpen, fleet.KeepClosed))
	return c
}

func hoursShowCommand() *cobra.Command {
	c := &cobra.Command{Use: "show", Short: "Say which pools are open now, and until when", Args: cobra.NoArgs}
	return showingWith(c, withHours, func(_ context.Context, b book, _ []string) (answer, error) {
		seen := b.snapshot()
		over := fleet.Overtimes(seen)
		a := answer{head: []string{"POOL", "NOW", "NEXT OPENING", "WHILE CLOSED", "OVERTIME"}}
		var shown []hoursView
		for _, p := range b.Pools {
			h, next := seen.Hours[p.Name], "-"
			v := viewHours(p.Name, h, over[p.Name])
			shown = append(shown, v)
			if !h.Next.IsZero() {
				next = h.Next.Format("Mon 2006-01-02 15:04") + " " + h.Zone
			}
			policy := "-"
			if p.Hours != (schedule.Rule{}) || h.Closed {
				policy = string(cmp.Or(h.Policy, fleet.ClosedCold))
			}
			a.rows = append(a.rows, []string{p.Name, clean(h.String()), next, policy, cmp.Or(v.overtime(), "-")})
		}
		a.values = shown
		return a, nil
	})
}

func hoursNextCommand() *cobra.Command {
	count := 5
	c := &cobra.Command{Use: "next POOL", Short: "List the next windows of a pool, orders aside", Args: cobra.ExactArgs(1)}
	c.Flags().IntVarP(&count, "count", "n", count, "how many")
	return showingWith(c, withHours, func(_ context.Context, b book, args []string) (answer, error) {
		windows, ok := b.Windows()[args[0]]
		switch {
		case count < 1 || count > 1000:
			return answer{}, fmt.Errorf("%w: --count is 1 to 1000, not %d", errUsage, count)
		case !hasPool(b.File, args[0]):
			return answer{}, fmt.Errorf("%w: the fleet file has no pool %q", errUsage, args[0])
		case !ok:
			return answer{}, fmt.Errorf("pool %s has no hours in the fleet file: it never closes", args[0])
		}
		a := answer{head: []string{"", "OPENS", "CLOSES", "OPEN FOR"}}
		next := []windowView{}
		for w := range windows.From(b.at) {
			const layout = "Mon 2006-01-02 15:04 MST"
			a.rows = append(a.rows, []string{strconv.Itoa(len(next) + 1), w.Open.Format(layout), w.Close.Format(layout), short(w.Close.Sub(w.Open))})
			if next = append(next, windowView{w.Open.UTC(), w.Close.UTC()}); len(next) == count {
				break
			}
		}
		a.values = next
		return a, nil
	})
}

func hoursOverrideCommand() *cobra.Command {
	var until, reason string
	c := &cobra.Command{
		Use: "override open|closed [POOL]", Short: "Keep a pool, or all that have hours, open or closed for a while",
		Long: `Keeps a pool, or every pool that has hours, open or closed, whatever they say. What
a closed pool does for jobs is its own hours' word (cold, wait or refuse); a pool
without hours has no such word and never closes: pause stops its launches.`,
		Args: cobra.RangeArgs(1, 2),
	}
	at := placeFlags(c)
	c.Flags().StringVar(&until, "until", "", "how long: 3h, 18:30 in the pool's zone, or 2026-12-24T18:00:00Z")
	c.Flags().StringVar(&reason, "reason", "", "why, for those who come after you")
	c.RunE = func(c *cobra.Command, args []string) error {
		kinds := map[string][2]fleet.OrderKind{"open": {fleet.KeepOpen, fleet.KeepClosed}, "closed": {fleet.KeepClosed, fleet.KeepOpen}}
		kind, ok := kinds[args[0]]
		if !ok {
			return fmt.Errorf("%w: override to open or closed, not %q", errUsage, args[0])
		}
		return withLedger(c.Context(), at, func(f *config.File, s *wire.Ledger) error {
			pool := ""
			if len(args) == 2 {
				pool = args[1]
			}
			zone, err := zoneOf(f, pool)
			if err != nil {
				return err
			}
			state, err := s.Read(c.Context())
			if err != nil {
				return err
			}
			now := clock(state)
			end, err := instant(until, now.In(zone))
			if err != nil {
				return err
			}
			if err := place(c, s, fleet.Order{Kind: kind[0], Subject: pool, Reason: reason, At: now}, end.Sub(now)); err != nil {
				return err
			}
			// The newer order counts; an older one need not be there.
			if err := s.Lift(c.Context(), orderID(kind[1], pool)); err != nil && !errors.Is(err, ledger.ErrUnknown) {
				return err
			}
			if pool == "" {
				tellTimed(c.OutOrStdout(), f)
			}
			return nil
		})
	}
	return c
}

// tellTimed says which pools an order about the hours of all of them touches.
func tellTimed(out io.Writer, f *config.File) {
	timed, untimed := timedPools(f)
	fmt.Fprintf(out, "It is about the pools that have hours: %s.", strings.Join(timed, ", "))
	if len(untimed) > 0 {
		fmt.Fprintf(out, " These have none and are always open, pause stops their launches: %s", strings.Join(untimed, ", "))
	}
	fmt.Fprintln(out)
}

// timedPools are the names of the pools that have hours, and of the others.
func timedPools(f *config.File) (timed, untimed []string) {
	for _, p := range f.Pools {
		if p.Hours != (schedule.Rule{}) {
			timed = append(timed, p.Name)
		} else {
			untimed = append(untimed, p.Name)
		}
	}
	return timed, untimed
}

// zoneOf is the zone in which people speak of a pool's hours; UTC for the whole
// fleet.
func zoneOf(f *config.File, pool string) (*time.Location, error) {
	if timed, _ := timedPools(f); pool == "" && len(timed) == 0 {
		return nil, fmt.Errorf("%w: no pool has hours in the fleet file; to launch nothing, pause", errUsage)
	}
	if pool == "" {
		return time.UTC, nil
	}
	for _, p := range f.Pools {
		switch {
		case p.Name != pool:
		case p.Hours == (schedule.Rule{}):
			return nil, fmt.Errorf("%w: pool %s has no hours in the fleet file; to launch nothing for it, pause it", errUsage, pool)
		default:
			return time.LoadLocation(p.Hours.Zone)
		}
	}
	return nil, fmt.Errorf("%w: the fleet file has no pool %q", errUsage, pool)
}

// instant reads an end: a span from now, a time of the day that comes next in
// now's zone, or an instant.
func instant(s string, now time.Time) (time.Time, error) {
	end, err := time.Parse(time.RFC3339, s)
	if span, wrong := time.ParseDuration(s); wrong == nil {
		end, err = now.Add(span), nil
	} else if clock, wrong := time.Parse("15:04", s); wrong == nil {
		end, err = time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location()), nil
		if !end.After(now) {
			end = end.AddDate(0, 0, 1)
		}
	}
	switch {
	case s == "":
		return end, fmt.Errorf("%w: --until must say how long: 3h, 18:30 or 2026-12-24T18:00:00Z", errUsage)
	case err != nil:
		return end, fmt.Errorf("%w: --until is 3h, 18:30 or 2026-12-24T18:00:00Z, not %q", errUsage, s)
	case !end.After(now):
		return end, fmt.Errorf("%w: --until %s is over", errUsage, s)
	case end.Sub(now) > mostOverride:
		return end, fmt.Errorf("%w: --until is at most %d days ahead", errUsage, mostOverride/(24*time.Hour))
	}
	return end, nil
}
