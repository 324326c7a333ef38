// Package cli owns the verbs of the one program, a file each.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
)

// Exit codes of every verb.
const (
	ExitOK     = 0
	ExitFailed = 1 // it was tried and did not come out right
	ExitUsage  = 2 // wrong flag, argument or fleet file; nothing was started
)

// errUsage marks what the caller should say differently.
var errUsage = errors.New("usage")

// Main runs one verb and returns the exit code.
func Main(ctx context.Context, args []string, out, log io.Writer) int {
	root := &cobra.Command{
		Use:           "runfleet",
		Short:         "Keeps GitHub Actions jobs supplied with fresh EC2 runners",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	said := &output{Writer: out, stop: stop}
	root.SetOut(said)
	root.SetErr(log)
	root.SetArgs(args)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w (see %s --help)", errUsage, err, c.CommandPath())
	})
	root.AddCommand(
		demoCommand(), serveCommand(), statusCommand(), jobsCommand(), explainCommand(), machinesCommand(), poolsCommand(),
		pauseCommand(), liftCommand("resume [POOL]", "Lift a pause", cobra.MaximumNArgs(1), fleet.Pause),
		hoursCommand(), drillCommand(), planCommand(), replayCommand(), runnersCommand(), adoptCommand(), backupCommand(), configCommand(), simCommand(), worldCommand(), lambdaCommand(), versionCommand(),
	)
	verb, err := root.ExecuteContextC(ctx)
	if said.err != nil && !errors.Is(err, said.err) {
		err = errors.Join(err, fmt.Errorf("the answer could not be written: %w", said.err))
	}
	switch {
	case err == nil:
		return ExitOK
	case strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "accepts "):
		fmt.Fprintf(log, "runfleet: %v; it is: %s\n", err, verb.UseLine())
		return ExitUsage
	case errors.Is(err, errUsage):
		fmt.Fprintln(log, "runfleet:", err)
		return ExitUsage
	}
	fmt.Fprintln(log, "runfleet:", err)
	return ExitFailed
}

// output remembers that what a verb says did not arrive, and stops the verb:
// its texts are written in many places, and none of them looks.
type output struct {
	io.Writer
	stop context.CancelFunc
	err  error // the first one
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil && o.err == nil {
		o.err = err
		o.stop()
	}
	return n, err
}
