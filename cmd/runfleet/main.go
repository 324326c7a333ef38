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
	// A reader that goes away must not keep the demo from tidying up, so SIGPIPE
	// must not end the program. It is ignored, not asked for: a connection that
	// breaks under a write sends it too, and no peer may stop the manager.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(cli.Main(asked, args, os.Stdout, os.Stderr))
}
