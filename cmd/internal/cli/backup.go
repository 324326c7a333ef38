package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

func backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "backup FILE", Short: "Copy the ledger whole into a new file, while serve runs", Args: cobra.ExactArgs(1),
		Long: `Copies the ledger whole into a new file, as of one instant, while serve runs, and
opens the copy to see that it is one. To go back to a copy: stop serve, move the
ledger away together with the -wal and -shm files beside it, copy the copy to
where serve.ledger names it, start serve. What was recorded since comes back as
far as EC2 and GitHub still show it. A ledger in DynamoDB is copied by AWS, and not
here.`,
	}
	at := placeFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		f, err := at.read()
		if err != nil {
			return err
		}
		if f.Serve.Table() != "" {
			return fmt.Errorf("%w: backup copies a ledger that is a file, and %s is a table: as deployed, AWS keeps every second of its last 35 days "+
				"(aws dynamodb restore-table-to-point-in-time makes another table of one)", errUsage, f.Serve.Ledger)
		}
		return withLedger(c.Context(), at, func(f *config.File, s *wire.Ledger) error {
			err := s.File.Backup(c.Context(), args[0])
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%w: %s is there already; name a new file", errUsage, args[0])
			}
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%w: there is no folder %s; make it, or name another file", errUsage, filepath.Dir(args[0]))
			}
			if err != nil {
				return err
			}
			return tellCopy(c.Context(), c.OutOrStdout(), sqlite.Config{Path: args[0], Fleet: f.Name, Must: true})
		})
	}
	return c
}

// tellCopy opens a copy and says how large it is and what it holds.
func tellCopy(ctx context.Context, out io.Writer, copied sqlite.Config) error {
	s, err := sqlite.Open(ctx, copied)
	if err != nil {
		return fmt.Errorf("the copy cannot be used: %w", err)
	}
	state, unread := s.Read(ctx)
	jobs, uncounted := s.Count(ctx)
	if err := errors.Join(unread, uncounted, s.Close()); err != nil {
		return fmt.Errorf("the copy cannot be used: %w", err)
	}
	info, err := os.Stat(copied.Path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %.1f MB; %s, %d not closed, %s, %s, %s; plan %d of ledger %s\n",
		copied.Path, float64(info.Size())/1e6, count(jobs, "job", "jobs"), len(state.Jobs), count(len(state.Machines), "machine", "machines"),
		count(len(state.Intents), "open intent", "open intents"), count(len(state.Orders), "order", "orders"), state.Number, state.Ledger)
	return err
}
