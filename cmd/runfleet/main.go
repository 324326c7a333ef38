//go:build !lambda

// Command runfleet keeps GitHub Actions jobs supplied with fresh EC2 runners.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/runfleet/runfleet/cmd/internal/cli"
	"github.com/runfleet/runfleet/cmd/internal/lambda"
)

func main() {
	args := os.Args[1:]
	if lambda.Wanted(os.Args[0]) {
		args = []string{"lambda"}
	}
	asked, again := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-asked.Done()
		again() // a second one ends the program at once, whatever it still does
	}()
	// SIGPIPE too: a reader that goes away must not keep the demo from tidying up.
	ctx, stop := signal.NotifyContext(asked, syscall.SIGPIPE)
	code := cli.Main(ctx, args, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
