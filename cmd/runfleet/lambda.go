//go:build lambda

// Command runfleet keeps GitHub Actions jobs supplied with fresh EC2 runners.
// This is the program that AWS Lambda runs, with the one verb lambda.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/runfleet/runfleet/cmd/internal/lambda"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := lambda.Run(ctx, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "runfleet:", err)
		os.Exit(1)
	}
}
