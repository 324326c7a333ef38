package cli

import (
	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/lambda"
)

func lambdaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lambda",
		Short: "Run as a function of AWS Lambda, which does so by itself",
		Long: `Runs as one of the functions of a deployment: webhook, events, look or tick, as
RUNFLEET_FUNCTION says. A program called bootstrap does so by itself, and so does
any where AWS_LAMBDA_RUNTIME_API is set. What is deployed is built without demo,
simulators and SQLite:

  GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -tags lambda -trimpath -ldflags '-s -w' -o bootstrap ./cmd/runfleet

docs/lambda.md deploys it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return lambda.Run(c.Context(), c.ErrOrStderr()) },
	}
}
