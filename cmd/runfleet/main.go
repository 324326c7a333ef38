// Command runfleet keeps GitHub Actions jobs supplied with fresh EC2 runners.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/runfleet/runfleet/cmd/internal/cli"
)

func main() {
	// SIGPIPE too: a reader that goes away must not keep the demo from tidying up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	code := cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
