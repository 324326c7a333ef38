package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// book is what a verb reads: a fleet file, its ledger, and all that is alive in
// it.
type book struct {
	*config.File
	store *wire.Ledger
	state fleet.State
	at    time.Time // by which it is to be read
}

// snapshot is what the fleet file and the ledger know, for verbs that ask Decide,
// the phases or the hours.
func (b book) snapshot() fleet.Snapshot {
	s := fleet.Snapshot{At: b.at, Fleet: b.Fleet(), State: b.state}
	s.Fleet.Accounts = reconcile.Pinned(s.Fleet.Accounts, b.state.Marks)
	s.Hours, s.Boots = schedule.Stand(s, b.Windows()), reconcile.BootEstimates(b.state, s.Fleet)
	return s
}

// answer is what a verb shows: rows under a head, or a text in their place, and
// the same as JSON.
type answer struct {
	head   []string
	rows   [][]string
	text   func(io.Writer)
	values any
	end    error // the verb ends with it, once all is shown
}

// withBook opens the book that a fleet file names, for a verb that reads it.
func withBook(c *cobra.Command, at *places, do func(book) error) error {
	return withLedger(c.Context(), at, func(f *config.File, s *wire.Ledger) error {
		state, err := s.Read(c.Context())
		if err != nil {
			return err
		}
		return do(book{f, s, state, clock(state)})
	})
}

// withHours is withBook for a verb that goes by the fleet file, and heeds what
// was ordered: before the first start nothing was, and there is no ledger.
func withHours(c *cobra.Command, at *places, do func(book) error) error {
	f, err := at.read()
	if err != nil {
		return err
	}
	if f.Serve.Table() != "" || !sqlite.Absent(f.Serve.Ledger) {
		return withBook(c, at, do)
	}
	fmt.Fprintf(c.ErrOrStderr(), "no ledger is at %s yet, serve makes it: these are the hours of the fleet file, without orders\n", f.Serve.Ledger)
	return do(book{File: f, at: time.Now()})
}

// showing makes a command one that shows what a ledger holds, in two forms.
func showing(c *cobra.Command, show func(ctx context.Context, b book, args []string) (answer, error)) *cobra.Command {
	return showingWith(c, withBook, show)
}

// showingWith is showing for a verb that opens its book in a way of its own.
func showingWith(c *cobra.Command, with func(*cobra.Command, *places, func(book) error) error, show func(ctx context.Context, b book, args []string) (answer, error)) *cobra.Command {
	at, form := placeFlags(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return with(c, at, func(b book) error {
			a, err := show(c.Context(), b, args)
			if err != nil {
				return err
			}
			if a.text != nil && *form == "table" {
				a.text(c.OutOrStdout())
			} else if err := list(c.OutOrStdout(), *form, a.head, a.rows, a.values); err != nil {
				return err
			}
			return a.end
		})
	}
	return c
}
