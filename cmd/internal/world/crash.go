package world

import (
	"context"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

// crash is what a call panics with when the manager dies in it.
type crash struct{ call int }

// mortal makes the manager die before or after a call to one of its ports, as
// often as the seed and the rate say.
type mortal struct {
	w     *World
	rate  float64
	calls int
}

// die ends the manager, perhaps.
func (m *mortal) die() {
	m.calls++
	if chance(m.w.cfg.Seed, "crash "+strconv.Itoa(m.calls)) < m.rate {
		panic(crash{m.calls})
	}
}

// survive runs a look, and starts the manager anew if it died in it: with the
// ledger as it was, and without any memory.
func (w *World) survive(look func() (time.Time, error)) (wake time.Time, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case crash:
			w.restart()
			wake, err = w.Now().Add(2*time.Second), nil
		default:
			panic(p)
		}
	}()
	return look()
}

// restart is a manager that died and came up again: what is not in the ledger
// is forgotten.
func (w *World) restart() {
	w.crashes++
	old := w.fleet
	w.fleet = &reconcile.Reconciler{
		Ledger: old.Ledger, GitHub: old.GitHub, Runs: old.Runs, Accounts: old.Accounts, Deliveries: old.Deliveries, Search: old.Search, Guards: old.Guards,
		Cloud: old.Cloud, Switch: old.Switch, Sweeper: old.Sweeper,
		Configs: old.Configs, Plains: old.Plains, Faults: old.Faults, Fleet: old.Fleet, Hours: old.Hours, Meters: old.Meters,
		Installations: old.Installations, Homes: old.Homes, Now: old.Now, Log: old.Log, Alone: true,
	}
}

// around puts mortality around every port that a crash can fall between.
func (m *mortal) around(r *reconcile.Reconciler) {
	r.Ledger = mortalLedger{r.Ledger, m}
	r.GitHub = mortalGitHub{r.GitHub, m}
	r.Runs = mortalRuns{r.Runs, m}
	r.Cloud = mortalCloud{r.Cloud, m}
	r.Switch = mortalSwitch{r.Switch, m}
	r.Configs = mortalConfigs{r.Configs, m}
	r.Faults = mortalFaults{r.Faults, m}
}

type mortalLedger struct {
	ledger.Ledger
	m *mortal
}

func (l mortalLedger) Commit(ctx context.Context, n int64, c fleet.Change) error {
	l.m.die()
	defer l.m.die()
	return l.Ledger.Commit(ctx, n, c)
}

func (l mortalLedger) Settle(ctx context.Context, c fleet.Change) error {
	l.m.die()
	defer l.m.die()
	return l.Ledger.Settle(ctx, c)
}

type mortalGitHub struct {
	reconcile.GitHub
	m *mortal
}

func (g mortalGitHub) Mint(ctx context.Context, mint fleet.Mint, name string) (int64, string, error) {
	defer g.m.die()
	return g.GitHub.Mint(ctx, mint, name)
}

func (g mortalGitHub) Remove(ctx context.Context, s fleet.Scope, id int64) error {
	defer g.m.die()
	return g.GitHub.Remove(ctx, s, id)
}

type mortalRuns struct {
	reconcile.Runs
	m *mortal
}

func (g mortalRuns) Rerun(ctx context.Context, r fleet.Rerun) error {
	defer g.m.die()
	return g.Runs.Rerun(ctx, r)
}

type mortalCloud struct {
	reconcile.Cloud
	m *mortal
}

func (c mortalCloud) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	defer c.m.die()
	return c.Cloud.Launch(ctx, id, l)
}

func (c mortalCloud) End(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	defer c.m.die()
	return c.Cloud.End(ctx, ids)
}

type mortalFaults struct {
	reconcile.Faults
	m *mortal
}

func (f mortalFaults) Start(ctx context.Context, d fleet.Drill) (fleet.Experiment, error) {
	defer f.m.die()
	return f.Faults.Start(ctx, d)
}

func (f mortalFaults) Clean(ctx context.Context, drill string) error {
	defer f.m.die()
	return f.Faults.Clean(ctx, drill)
}

type mortalSwitch struct {
	reconcile.Switch
	m *mortal
}

func (c mortalSwitch) Start(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	defer c.m.die()
	return c.Switch.Start(ctx, ids)
}

func (c mortalSwitch) Stop(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	defer c.m.die()
	return c.Switch.Stop(ctx, ids)
}

type mortalConfigs struct {
	reconcile.Configs
	m *mortal
}

func (c mortalConfigs) Put(ctx context.Context, m fleet.MachineID, config string) error {
	defer c.m.die()
	return c.Configs.Put(ctx, m, config)
}

func (c mortalConfigs) Withdraw(ctx context.Context, m fleet.MachineID) (bool, error) {
	defer c.m.die()
	return c.Configs.Withdraw(ctx, m)
}
