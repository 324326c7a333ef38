package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// mostHold bounds a hold: a machine that nobody looks at any more costs money.
const mostHold = 24 * time.Hour

func orderID(k fleet.OrderKind, subject string) string { return string(k) + " " + subject }

// about is what an order is about, in words.
func about(subject string) string { return cmp.Or(clean(subject), "the fleet") }

// orderCommand is a verb that writes an order about a machine.
func orderCommand(verb, short string, kind fleet.OrderKind, standard time.Duration) *cobra.Command {
	var reason string
	span := standard
	c := &cobra.Command{Use: verb + " MACHINE", Short: short, Args: cobra.ExactArgs(1)}
	at := placeFlags(c)
	c.Flags().StringVar(&reason, "reason", "", "why, for those who come after you")
	if standard > 0 {
		c.Flags().DurationVar(&span, "for", standard, "how long, at most 24h")
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if standard > 0 && (span <= 0 || span > mostHold) {
			return fmt.Errorf("%w: --for must be more than 0 and at most %s", errUsage, mostHold)
		}
		return withLedger(c.Context(), at, func(_ *config.File, s *wire.Ledger) error {
			state, err := s.Read(c.Context())
			if err != nil {
				return err
			}
			at := slices.IndexFunc(state.Machines, func(m fleet.Machine) bool { return string(m.ID) == args[0] })
			if at < 0 {
				return unknownMachine(args[0])
			}
			err = place(c, s, fleet.Order{Kind: kind, Subject: args[0], Reason: reason, At: clock(state)}, span)
			if err == nil && kind == fleet.Hold && !state.Machines[at].Standing {
				fmt.Fprintf(c.OutOrStdout(), "%s powers itself off when its job is done, which no order keeps it from\n", args[0])
			}
			return err
		})
	}
	return c
}

// place writes an order of an instant, for a span or until it is lifted.
func place(c *cobra.Command, s *wire.Ledger, o fleet.Order, span time.Duration) error {
	o.ID, o.By = cmp.Or(o.ID, orderID(o.Kind, o.Subject)), "unknown"
	if span > 0 {
		o.Until = o.At.Add(span)
	}
	if u, err := user.Current(); err == nil {
		o.By = u.Username
	}
	if err := s.Place(c.Context(), o); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "ordered: %s %s; the next look obeys it\n", o.Kind, about(o.Subject))
	return err
}

func pauseCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{Use: "pause [POOL]", Short: "Launch nothing for a pool, or for the whole fleet", Args: cobra.MaximumNArgs(1)}
	at := placeFlags(c)
	c.Flags().StringVar(&reason, "reason", "", "why, for those who come after you")
	c.RunE = func(c *cobra.Command, args []string) error {
		return withLedger(c.Context(), at, func(f *config.File, s *wire.Ledger) error {
			subject := ""
			if len(args) == 1 {
				subject = args[0]
				if !hasPool(f, subject) {
					return fmt.Errorf("%w: the fleet file has no pool %q", errUsage, subject)
				}
			}
			state, err := s.Read(c.Context())
			if err != nil {
				return err
			}
			return place(c, s, fleet.Order{Kind: fleet.Pause, Subject: subject, Reason: reason, At: clock(state)}, 0)
		})
	}
	return c
}

func hasPool(f *config.File, name string) bool {
	for _, p := range f.Pools {
		if p.Name == name {
			return true
		}
	}
	return false
}

// liftCommand is a verb that lifts orders of some kinds.
func liftCommand(use, short string, args cobra.PositionalArgs, kinds ...fleet.OrderKind) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: args}
	at := placeFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		subject := ""
		if len(args) == 1 {
			subject = args[0]
		}
		return withLedger(c.Context(), at, func(_ *config.File, s *wire.Ledger) error {
			lifted := 0
			for _, k := range kinds {
				switch err := s.Lift(c.Context(), orderID(k, subject)); {
				case err == nil:
					lifted++
				case !errors.Is(err, ledger.ErrUnknown):
					return err
				}
			}
			if lifted == 0 {
				return fmt.Errorf("nothing was ordered about %s", about(subject))
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "lifted; the next look obeys it")
			return err
		})
	}
	return c
}
