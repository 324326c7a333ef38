package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

const (
	tidyEvery  = time.Hour        // how often the ledger is tidied
	ownEvery   = 10 * time.Second // how often the fleet's owner is asked for
	askLimit   = 10 * time.Second // how long its answer may take
	seeEvery   = time.Second      // how often orders are looked for
	checkAgain = time.Minute      // how often GitHub and AWS are asked about a file that does not fit them
)

func serveCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the fleet: take webhooks, launch and end machines",
		Args:  cobra.NoArgs,
	}
	configVar(c, &s.path)
	c.Flags().DurationVar(&s.drain, "drain", 15*time.Second, "how long webhooks are still taken after a stop was asked for")
	c.Flags().DurationVar(&s.ahead, "clock-offset", 0, "how far the fleet's clock is ahead of the host's: a rehearsal of hours. AWS, GitHub and time limits of calls keep the host's")
	_ = c.Flags().MarkHidden("clock-offset") // there is such a flag
	c.RunE = func(c *cobra.Command, _ []string) error {
		if s.drain < 0 {
			return fmt.Errorf("%w: --drain must be at least 0, not %s", errUsage, s.drain)
		}
		return s.run(c.Context(), c.ErrOrStderr())
	}
	return c
}

// serving is what serve was told.
type serving struct {
	path         string // of the fleet file
	drain, ahead time.Duration
}

func (o serving) run(ctx context.Context, out io.Writer) error {
	f, err := (&places{o.path, tableNamed()}).read()
	if err != nil {
		return err
	}
	collectOften()
	log := slog.New(slog.NewTextHandler(out, nil))
	parts, err := wire.Open(ctx, f, wire.Role{Manage: true, Ahead: o.ahead}, log)
	if errors.Is(err, wire.ErrInTable) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	defer parts.Store.Close()
	if err := parts.Claim(ctx); err != nil {
		return unclaimed(ctx, parts.Store, err)
	}
	state, err := parts.Store.Read(ctx)
	if err == nil {
		err = keepAhead(ctx, parts.Store, state.Marks, o.ahead)
	}
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.Serve.Listen)
	if err != nil {
		return fmt.Errorf("serve.listen: %w", err)
	}
	fmt.Fprintf(out, "fleet %s: %s in %s, ledger %s (%s)\n", f.Name, count(len(f.Pools), "pool", "pools"), f.AWS.Region, f.Serve.Ledger, parts.Store.ID())
	fmt.Fprintf(out, "webhooks at http://%s/webhook, GitHub at %s\n", listener.Addr(), f.GitHub.APIURL)
	fmt.Fprintf(out, "found %s, %s, %s; first comes a full look\n", count(len(state.Jobs), "job", "jobs"),
		count(len(state.Machines), "machine", "machines"), count(len(state.Intents), "open intent", "open intents"))
	if o.ahead != 0 {
		log.WarnContext(ctx, "the fleet's clock is not the host's", "ahead", o.ahead)
	}
	return newServer(parts, o.path, o.drain, log).run(ctx, listener)
}

// unclaimed says why the fleet could not be claimed. A ledger that was made for
// it does not stay: the next serve would find it and wonder.
func unclaimed(ctx context.Context, s *sqlite.Store, err error) error {
	gone, failed := s.Discard(ctx)
	if gone && errors.Is(err, wire.ErrNotOwner) {
		err = fmt.Errorf("%w --new (the ledger was new, and is not kept)", err)
	}
	return errors.Join(err, failed)
}

// collectOften trades processor time, of which a manager needs little, for
// memory: each look has a copy of what is alive, so by Go's standard of 100 the
// heap grows to twice two copies. An operator's GOGC is obeyed.
func collectOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

// server is the long-lived shell: HTTP, the loop, and signals.
type server struct {
	parts    *wire.Parts
	path     string
	drain    time.Duration
	log      *slog.Logger
	draining atomic.Bool
	owned    func(context.Context) error // wire.ErrNotOwner once another ledger adopted the fleet
	ownEvery time.Duration
	check    func(context.Context) (done bool) // of the fleet file, at GitHub and AWS
	reread   chan struct{}                     // the file was read again
}

func newServer(p *wire.Parts, path string, drain time.Duration, log *slog.Logger) *server {
	return &server{
		parts: p, path: path, drain: drain, log: log, owned: p.Owned, ownEvery: ownEvery,
		check: p.Check, reread: make(chan struct{}, 1),
	}
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhook", s.parts.Handler)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	return mux
}

// ready is 503 once a stop was asked for, so that a balancer looks away before
// the port closes, and while the ledger takes nothing: a webhook would be
// answered by 503 too.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	if err := s.parts.Store.Ping(r.Context()); err != nil {
		http.Error(w, "the ledger takes nothing", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// run serves until the context ends, then drains: webhooks are taken and
// recorded for a while, the acts under way finish.
func (s *server) run(ctx context.Context, l net.Listener) error {
	h := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	g, loop := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error { return s.parts.Reconciler.Run(loop, s.parts.Woken, time.After) })
	g.Go(func() error { return s.tidy(loop) })
	g.Go(func() error { return s.reload(loop) })
	g.Go(func() error { return s.own(loop) })
	g.Go(func() error { return s.watch(loop) })
	g.Go(func() error { return s.checks(loop) })
	for _, p := range s.parts.Pollers {
		g.Go(func() error { return p.Run(loop) })
	}
	g.Go(func() error {
		<-loop.Done()
		s.draining.Store(true)
		if ctx.Err() != nil {
			s.log.Info("stopping", "drain", s.drain)
			time.Sleep(s.drain)
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return h.Shutdown(end)
	})
	return g.Wait()
}

func (s *server) tidy(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tidyEvery):
			if err := s.parts.Store.Tidy(ctx); err != nil {
				s.log.Warn("ledger not tidied", "error", err)
			}
		}
	}
}

// watch wakes the loop when another process wrote into the ledger: an operator's
// order should not wait for the next full look. What was written before it
// began, the first look has seen or is yet to see.
func (s *server) watch(ctx context.Context) error {
	last := int64(-1)
	for {
		n, err := s.parts.Store.Foreign(ctx)
		if err == nil && n != last { // the loop tells of a ledger that does not answer
			last = n
			s.parts.Wake()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(seeEvery):
		}
	}
}

// own ends the server when another ledger adopts the fleet. It ends without a
// drain: what it still recorded, the new owner would never hear of, but GitHub
// keeps what nobody takes, and the new owner reads it back.
func (s *server) own(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.ownEvery):
			ask, cancel := context.WithTimeout(ctx, askLimit)
			err := s.owned(ask)
			cancel()
			if errors.Is(err, wire.ErrNotOwner) {
				s.log.Error("another ledger adopted the fleet, this manager stops")
				return err
			}
			if err != nil && ctx.Err() == nil {
				s.log.Warn("owner of the fleet not known", "error", err)
			}
		}
	}
}

// reload reads the fleet file again on SIGHUP, and refuses whole one that is
// broken or needs a restart.
func (s *server) reload(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
			f, err := wire.ReadFile(s.path)
			if err == nil {
				err = s.parts.Reload(f)
			}
			if err != nil {
				s.log.Error("fleet file refused, the old one stays", "error", err)
				continue
			}
			s.parts.Wake()
			select {
			case s.reread <- struct{}{}:
			default:
			}
			s.log.Info("fleet file read again", "pools", len(f.Pools))
		}
	}
}
