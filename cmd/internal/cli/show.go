package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// book is what a verb reads: a fleet file, its ledger, and all that is alive in
// it.
type book struct {
	*config.File
	store *sqlite.Store
	state fleet.State
	at    time.Time // by which it is to be read
}

// snapshot is what the book says, for verbs that ask the judgement or the hours.
func (b book) snapshot() fleet.Snapshot { return standing(b.File, b.state, b.at) }

// answer is what a verb shows: rows under a head, or a text in their place, and
// the same as JSON.
type answer struct {
	head   []string
	rows   [][]string
	text   func(io.Writer)
	values any
	end    error // the verb ends with it, once all is shown
}

// showing makes a command one that shows what a ledger holds, in two forms.
func showing(c *cobra.Command, show func(ctx context.Context, b book, args []string) (answer, error)) *cobra.Command {
	path, form := configFlag(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return withLedger(c.Context(), *path, func(f *config.File, s *sqlite.Store) error {
			state, err := s.Read(c.Context())
			if err != nil {
				return err
			}
			a, err := show(c.Context(), book{f, s, state, clock(state)}, args)
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
