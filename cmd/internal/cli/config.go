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
	c := &cobra.Command{Use: "validate", Short: "Say everything that is wrong with the fleet file, with line and column", Args: cobra.NoArgs}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := wire.ReadFile(*path)
		if err != nil {
			return usage(err)
		}
		for _, w := range f.Warnings() {
			fmt.Fprintln(c.ErrOrStderr(), "warning:", w)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s is right: fleet %s, %s\n", *path, f.Name, count(len(f.Pools), "pool", "pools"))
		return err
	}
	return c
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
