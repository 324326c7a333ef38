//go:build !lambda

package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/fleet/schedule"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/queue"
	"github.com/runfleet/runfleet/webhooks"
)

// Parts are a running fleet's, as the fleet file asks for them.
type Parts struct {
	Owner
	Store      *sqlite.Store // nil: the ledger is in DynamoDB, and nobody manages by these parts
	Reconciler *reconcile.Reconciler
	Handler    *webhooks.Handler
	// Pollers are of the queues that the fleet file names.
	Pollers []*queue.Poller
	// Woken has a value when something was recorded that a look should see.
	Woken   chan struct{}
	ledger  *Ledger
	file    *config.File // as of the start
	pools   atomic.Pointer[fleet.Fleet]
	windows atomic.Pointer[map[string]schedule.Windows]
	cloud   *reloadable
	// launch makes what launches machines as a fleet file says.
	launch func(f *config.File) (*provision.Cloud, error)
	means  means
	hub    *github.Apps
	read   atomic.Pointer[config.File] // the file last taken over
	told   string                      // what the last check found; its own
}

// Role is what parts are opened for.
type Role struct {
	// Manage holds the ledger alone, which must be a file: else it is ErrInTable.
	// Whoever only asks opens it beside a manager, and makes none.
	Manage bool
	// Ahead is how far the fleet's clock is ahead of everybody else's.
	Ahead time.Duration
}

// Open makes every part. Nothing is called at GitHub; AWS is asked for the
// settings that the file names, and for the account.
func Open(ctx context.Context, f *config.File, as Role, log *slog.Logger) (*Parts, error) {
	if as.Manage && f.Serve.Table() != "" {
		return nil, fmt.Errorf("%w, and %s is a table, whose fleet functions manage: name a file under serve.ledger, and no RUNFLEET_TABLE", ErrInTable, f.Serve.Ledger)
	}
	aws, err := awsOf(ctx, f)
	if err != nil {
		return nil, err
	}
	m := meansOf(f, aws, log)
	gh, err := m.hub(ctx)
	if err != nil {
		return nil, err
	}
	clock := ahead(as.Ahead)
	p := &Parts{Woken: make(chan struct{}, 1), file: f, cloud: &reloadable{}, means: m, hub: gh}
	if p.ledger, err = openLedger(ctx, f, aws, opening{hold: as.Manage, now: clock.now}); err != nil {
		return nil, err
	}
	p.Store = p.ledger.File
	heard := clock.heard(p.ledger)
	if p.Handler, err = m.handler(ctx, heard, p.Wake); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	account, err := accountOf(ctx, aws)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.Owner = Owner{Tokens: m.configs(account), Ledger: p.ledger.ID()}
	p.launch = m.launcher(p.ledger.ID(), !as.Manage)
	if err := p.take(f); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.Reconciler = &reconcile.Reconciler{
		Ledger: p.ledger, GitHub: gh, Runs: gh, Accounts: gh, Deliveries: gh, Search: gh, Guards: gh, Cloud: p.cloud, Switch: p.cloud, Sweeper: p.cloud, Configs: p.Tokens, Plains: p.Tokens, Faults: m.drills(),
		Meters: gh.Allowances, Room: m.pacer.Left, Installations: gh, Homes: gh,
		Fleet: func() fleet.Fleet { return *p.pools.Load() },
		Hours: func() map[string]schedule.Windows { return *p.windows.Load() }, Log: log, Parallel: parallel, Alone: as.Manage,
	}
	clock.shift(p.Reconciler)
	p.Handler.Doubt = p.Reconciler.Doubt
	for _, h := range p.Handler.Others {
		h.Doubt = p.Reconciler.Doubt
	}
	p.Pollers = p.pollers(m, heard)
	return p, nil
}

// Close ends the ledger. What was recorded stays.
func (p *Parts) Close() error { return p.ledger.Close() }

// pollers are of the queues that the file names.
func (p *Parts) pollers(m means, to queue.Recorder) []*queue.Poller {
	client := queue.NewSQS(m.aws)
	in := &queue.Intake{Recorder: to, Now: time.Now, Log: m.log}
	var all []*queue.Poller
	for _, q := range []struct {
		url     string
		reports bool
	}{{m.file.AWS.Queues.Events, false}, {m.file.AWS.Queues.Reports, true}} {
		if q.url != "" {
			all = append(all, &queue.Poller{SQS: client, URL: q.url, Reports: q.reports, Intake: in, Wake: p.Wake, Log: m.log, After: time.After})
		}
	}
	return all
}

// Wake asks for a look soon. It never waits.
func (p *Parts) Wake() {
	select {
	case p.Woken <- struct{}{}:
	default:
	}
}
