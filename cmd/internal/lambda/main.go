package lambda

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/provision/queue"
	"github.com/runfleet/runfleet/webhooks"
)

// Wanted reports whether a program of this name, here, is to run as a function.
func Wanted(program string) bool {
	return filepath.Base(program) == "bootstrap" || os.Getenv("AWS_LAMBDA_RUNTIME_API") != ""
}

// Run runs as the function that the environment names until the context ends:
//
//	RUNFLEET_FUNCTION      webhook, events, look or tick
//	RUNFLEET_CONFIG        the fleet file: s3://BUCKET/KEY, or a path in the bundle
//	RUNFLEET_TABLE         the ledger's table
//	RUNFLEET_EVENTS_URL    the events' queue
//	RUNFLEET_REPORTS_URL   the reports' queue, if there is one
//	RUNFLEET_LOOKS_URL     the queue of wakes
//
// Lambda says by AWS_LAMBDA_RUNTIME_API where it is served. What keeps the
// function from being ready is told to Lambda, and returned.
func Run(ctx context.Context, out io.Writer) error {
	address := os.Getenv("AWS_LAMBDA_RUNTIME_API")
	if address == "" {
		return fmt.Errorf("AWS_LAMBDA_RUNTIME_API is not set: this runs in AWS Lambda only (docs/lambda.md deploys it)")
	}
	api := newRuntime(address)
	h, err := open(ctx, os.Getenv("RUNFLEET_FUNCTION"), logger(out))
	if err != nil {
		if refused := api.refuse(ctx, err); refused != nil {
			return fmt.Errorf("%w (and Lambda was not told: %w)", err, refused)
		}
		return err
	}
	return api.serve(ctx, h)
}

func logger(out io.Writer) *slog.Logger {
	if os.Getenv("AWS_LAMBDA_LOG_FORMAT") == "JSON" {
		return slog.New(slog.NewJSONHandler(out, nil))
	}
	return slog.New(slog.NewTextHandler(out, nil))
}

// needs is the variables of each function, beside its name.
var needs = map[string][]string{
	"webhook": {"RUNFLEET_CONFIG", "RUNFLEET_EVENTS_URL"},
	"events":  {"RUNFLEET_CONFIG", "RUNFLEET_TABLE", "RUNFLEET_EVENTS_URL", "RUNFLEET_LOOKS_URL"},
	"look":    {"RUNFLEET_CONFIG", "RUNFLEET_TABLE", "RUNFLEET_EVENTS_URL"},
	"tick":    {"RUNFLEET_LOOKS_URL"},
}

// open makes a function ready.
func open(ctx context.Context, function string, log *slog.Logger) (handler, error) {
	variables, ok := needs[function]
	if !ok {
		return nil, fmt.Errorf("RUNFLEET_FUNCTION: must be webhook, events, look or tick")
	}
	for _, v := range variables {
		if os.Getenv(v) == "" {
			return nil, fmt.Errorf("%s: function %s needs it", v, function)
		}
	}
	x, err := wire.NewFunctions(ctx, wire.Deployment{
		Config: os.Getenv("RUNFLEET_CONFIG"), Table: os.Getenv("RUNFLEET_TABLE"), Events: os.Getenv("RUNFLEET_EVENTS_URL"),
		Reports: os.Getenv("RUNFLEET_REPORTS_URL"), Looks: os.Getenv("RUNFLEET_LOOKS_URL"),
	}, log)
	if err != nil {
		return nil, err
	}
	switch function {
	case "webhook":
		p := &parts[*webhooks.Handler]{read: x.Read, build: x.Webhook, now: time.Now, log: log}
		return &webhook{p}, p.open(ctx)
	case "events":
		p := &parts[*queue.Intake]{read: x.Read, build: x.Intake, now: time.Now, log: log}
		return &events{parts: p, wakes: x.LooksQueue(), trust: wire.QueueName(x.Events), log: log}, p.open(ctx)
	case "look":
		build := func(ctx context.Context, f wire.FleetFile) (looker, error) { return x.Looker(ctx, f) }
		p := &parts[looker]{read: x.Read, build: build, now: time.Now, log: log}
		return &look{parts: p, later: x.EventsQueue().Later, now: time.Now, wait: wait, log: log}, p.open(ctx)
	}
	return tick{x.LooksQueue()}, nil
}

// wait waits in real time.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
