// Command runfleet-agent runs on a machine of a fleet: it waits for a runner's
// config, runs the runner, for one job or on a machine that stays for many, and
// powers the machine off. A unit that the user data makes starts it at each
// boot; the only argument is the path of its settings.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/runfleet/runfleet/cmd/internal/agent/host"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "version":
		version := "unknown"
		if info, ok := debug.ReadBuildInfo(); ok {
			version = info.Main.Version
		}
		fmt.Printf("runfleet-agent %s %s/%s\n", version, runtime.GOOS, runtime.GOARCH)
	case len(os.Args) == 2:
		os.Exit(live(os.Args[1]))
	default:
		// No power-off: somebody looks what this is.
		fmt.Fprintln(os.Stderr, "usage: runfleet-agent SETTINGS | version")
		os.Exit(2)
	}
}

// live lives the machine's life and powers it off, whatever happens. Its exit
// code is for people: the machine ends with either.
func live(settings string) (code int) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	defer func() {
		if p := recover(); p != nil {
			log.Error("the agent failed", "panic", p, "stack", string(debug.Stack()))
			code = 1
		}
		if err := host.PowerOff(log); err != nil {
			code = 1
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	off, err := host.Live(ctx, settings, log)
	if err != nil {
		log.Error("the machine cannot run a runner", "error", err)
		return 1
	}
	log.Info("the end", "outcome", off.Outcome, "reason", off.Reason)
	return 0
}
