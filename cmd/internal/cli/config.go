package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet/config"
)

func configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Check and show the fleet file"}
	c.AddCommand(validateCommand(), schemaCommand(), showCommand(), sampleCommand())
	return c
}

func validateCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "validate", Short: "Say everything that is wrong with the fleet file, with line and column", Args: cobra.NoArgs,
		Long: `Says everything that is wrong with the fleet file, with line and column. With
--online it asks GitHub and AWS, too, whether what the file names is there and
may be used: about ten calls, of which none changes anything. It ends with 2 if
something is wrong, and with 1 if all that is known is right, but something was
not answered.`,
	}
	path := configFlag(c)
	online := c.Flags().Bool("online", false, "ask GitHub and AWS whether what the file names is there")
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := wire.ReadFile(*path)
		if err != nil {
			return usage(err)
		}
		for _, w := range f.Warnings() {
			fmt.Fprintln(c.ErrOrStderr(), "warning:", w)
		}
		also := ""
		if *online {
			if err := checked(wire.Validate(c.Context(), f)); err != nil {
				return err
			}
			also = "; GitHub and AWS have what it names"
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s is right: fleet %s, %s%s\n", *path, f.Name, count(len(f.Pools), "pool", "pools"), also)
		return err
	}
	return c
}

// checked is what a check ends with: nil if all is well.
func checked(found wire.Findings) error {
	switch {
	case found.Wrong:
		return misuse{fmt.Errorf("the fleet file does not fit GitHub or AWS:\n%w", found.Problems)}
	case found.Unsure:
		return fmt.Errorf("not everything could be checked:\n%w", found.Problems)
	}
	return nil
}

func schemaCommand() *cobra.Command {
	return &cobra.Command{Use: "schema", Short: "Print the JSON Schema of the fleet file, for editors", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "%s\n", config.Schema())
			return err
		}}
}

func showCommand() *cobra.Command {
	c := &cobra.Command{Use: "show", Short: "Print the fleet file with every default filled in", Args: cobra.NoArgs}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := wire.ReadFile(*path)
		if err != nil {
			return usage(err)
		}
		_, err = c.OutOrStdout().Write(f.YAML())
		return err
	}
	return c
}

func sampleCommand() *cobra.Command {
	return &cobra.Command{Use: "sample", Short: "Print a fleet file with a comment for every key", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(config.Sample)
			return err
		}}
}
