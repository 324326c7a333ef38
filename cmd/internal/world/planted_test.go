package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

// A checker that catches nothing proves nothing: each of these is a mistake
// in a decorator around a port, and some day must show it.

type greedy struct{ reconcile.Cloud }

func (g greedy) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	l.Count += 4
	return g.Cloud.Launch(ctx, id, l)
}

// boundless thinks more of the caps than the file says.
func boundless(of func() fleet.Fleet) func() fleet.Fleet {
	return func() fleet.Fleet {
		f := of()
		f.Limits.Machines *= 2
		f.Pools = slices.Clone(f.Pools)
		for i := range f.Pools {
			f.Pools[i].Max *= 2
		}
		return f
	}
}

// rude takes GitHub's refusal for its agreement.
type rude struct{ reconcile.GitHub }

func (r rude) Remove(ctx context.Context, s fleet.Scope, id int64) error {
	if err := r.GitHub.Remove(ctx, s, id); !errors.Is(err, fleet.ErrBusy) {
		return err
	}
	return nil
}

type forgetful struct{ ledger.Ledger }

func (f forgetful) Commit(ctx context.Context, number int64, c fleet.Change) error {
	c.Verdicts = nil
	return f.Ledger.Commit(ctx, number, c)
}

type hasty struct{ ledger.Ledger }

func (h hasty) Commit(ctx context.Context, number int64, c fleet.Change) error {
	c.Reserve = nil
	return h.Ledger.Commit(ctx, number, c)
}

type careless struct{ ledger.Ledger }

func (f careless) Settle(ctx context.Context, c fleet.Change) error {
	c.Machines = nil
	return f.Ledger.Settle(ctx, c)
}

// credulous takes an event that comes again for news.
type credulous struct {
	ledger.Ledger
	seen map[string]bool
}

func (c credulous) Record(ctx context.Context, events ...fleet.Event) ([]bool, error) {
	for i, e := range events {
		if e.ID != "" && c.seen[e.ID] {
			events[i].ID, events[i].Read = "", true
		}
		c.seen[e.ID] = true
	}
	return c.Ledger.Record(ctx, events...)
}

// lax answers for rows that it did not write.
type lax struct{ ledger.Ledger }

func (l lax) Record(ctx context.Context, events ...fleet.Event) ([]bool, error) {
	fresh := make([]bool, len(events))
	for i, e := range events {
		fresh[i] = true
		if told := e.Kind == "workflow_job.queued" || e.Kind == "job.found"; told && e.Job.Key.ID%5 == 0 {
			continue
		}
		one, err := l.Ledger.Record(ctx, e)
		if err != nil {
			return nil, err
		}
		fresh[i] = one[0]
	}
	return fresh, nil
}

// blind sees no instant fleets, and so leaves them.
type blind struct{ reconcile.Sweeper }

func (blind) Leftovers(context.Context) (ec2Fleets, templates map[string]time.Time, err error) {
	return nil, nil, nil
}

// hoarder says that configs are withdrawn, and keeps them.
type hoarder struct{ reconcile.Configs }

func (hoarder) Withdraw(context.Context, fleet.MachineID) (bool, error) { return false, nil }

// stubborn takes a run's re-run for refused, and so asks for another.
type stubborn struct{ reconcile.Runs }

func (s stubborn) Rerun(ctx context.Context, r fleet.Rerun) error {
	r.Job.Attempt = 99 // whatever attempt GitHub is at is not the one that was asked for
	if err := s.Runs.Rerun(ctx, r); err != nil {
		return err
	}
	return fleet.ErrUnknownOutcome
}

// callous leaves interrupted runs as they are.
type callous struct{ reconcile.Runs }

func (callous) Rerun(context.Context, fleet.Rerun) error { return nil }

// gullible finds every runner without a job, whatever GitHub's list says.
type gullible struct{ reconcile.GitHub }

func (g gullible) Runners(ctx context.Context, s fleet.Scope, prefix string) ([]fleet.Runner, error) {
	list, err := g.GitHub.Runners(ctx, s, prefix)
	for i := range list {
		list[i].Busy = false
	}
	return list, err
}

// oblivious does not know which machine a job runs on.
type oblivious struct{ ledger.Ledger }

func (o oblivious) Read(ctx context.Context) (fleet.State, error) {
	s, err := o.Ledger.Read(ctx)
	s.Jobs = slices.Clone(s.Jobs)
	for i := range s.Jobs {
		s.Jobs[i].Runner = ""
	}
	return s, err
}

// sly reserves no stop and no start.
type sly struct{ ledger.Ledger }

func (l sly) Commit(ctx context.Context, number int64, c fleet.Change) error {
	c.Reserve = slices.DeleteFunc(slices.Clone(c.Reserve), func(in fleet.Intent) bool { return in.Stop != nil || in.Start != nil })
	return l.Ledger.Commit(ctx, number, c)
}

// sleepless never closes a pool.
func sleepless(r *reconcile.Reconciler) { r.Hours = nil }

// deaf stops no machine, and says that it did.
type deaf struct{ reconcile.Switch }

func (deaf) Stop(context.Context, []fleet.MachineID) map[fleet.MachineID]error { return nil }

// amnesiac does not know whose re-run a job is.
type amnesiac struct{ ledger.Ledger }

func (a amnesiac) Read(ctx context.Context) (fleet.State, error) {
	s, err := a.Ledger.Read(ctx)
	s.Jobs = slices.Clone(s.Jobs)
	for i := range s.Jobs {
		if s.Jobs[i].Key.Attempt > 1 {
			s.Jobs[i].Run = 0
		}
	}
	return s, err
}

// thrifty buys on Spot what is to be bought on demand, where it can.
type thrifty struct{ reconcile.Cloud }

func (c thrifty) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	if l.Pool == "arm64" {
		l.Market, l.Offers = fleet.Spot, slices.Clone(l.Offers)
		for i := range l.Offers {
			l.Offers[i].Market = fleet.Spot
		}
	}
	return c.Cloud.Launch(ctx, id, l)
}

// boastful tells of every re-run that it ran on demand.
type boastful struct{ ledger.Ledger }

func (b boastful) Commit(ctx context.Context, number int64, c fleet.Change) error {
	c.Interrupted = slices.Clone(c.Interrupted)
	for i := range c.Interrupted {
		if c.Interrupted[i].On != "" {
			c.Interrupted[i].Market = fleet.OnDemand
		}
	}
	return b.Ledger.Commit(ctx, number, c)
}

// unwary takes every stop for one that was asked for, and so strikes none.
type unwary struct{ ledger.Ledger }

func (u unwary) Commit(ctx context.Context, number int64, c fleet.Change) error {
	c.Machines = slices.Clone(c.Machines)
	for i := range c.Machines {
		c.Machines[i].Unasked = false
	}
	return u.Ledger.Commit(ctx, number, c)
}

// forgiving takes each such stop for the first.
type forgiving struct{ ledger.Ledger }

func (f forgiving) Commit(ctx context.Context, number int64, c fleet.Change) error {
	c.Setbacks = slices.Clone(c.Setbacks)
	for i, b := range c.Setbacks {
		if b.Key.Kind == fleet.StayFailed {
			c.Setbacks[i].Strikes = 1
		}
	}
	return f.Ledger.Commit(ctx, number, c)
}

func TestPlantedMistakesAreCaught(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(*reconcile.Reconciler)
		want  string // in what the checker says
	}{
		{"a cap that is ignored", func(r *reconcile.Reconciler) { r.Fleet = boundless(r.Fleet) }, "its cap is"},
		{"a launch of more than was reserved", func(r *reconcile.Reconciler) { r.Cloud = greedy{r.Cloud} }, "was not reserved"},
		{"a machine that is ended without GitHub's agreement", func(r *reconcile.Reconciler) { r.GitHub = rude{r.GitHub} }, "was ended while job"},
		{"a job that gets no verdict", func(r *reconcile.Reconciler) { r.Ledger = forgetful{r.Ledger} }, "waits without a verdict"},
		{"an intent that is not reserved", func(r *reconcile.Reconciler) { r.Ledger = hasty{r.Ledger} }, "was not reserved"},
		{"an event that is applied twice", func(r *reconcile.Reconciler) { r.Ledger = credulous{r.Ledger, map[string]bool{}} }, "went back from"},
		{"an event that is answered and not recorded", func(r *reconcile.Reconciler) { r.Ledger = lax{r.Ledger} }, "Unserved:"},
		{"a run that is re-run again and again", func(r *reconcile.Reconciler) { r.Runs = stubborn{r.Runs} }, "is in attempt 3"},
		{"an interrupted run that is not re-run", func(r *reconcile.Reconciler) { r.Runs = callous{r.Runs} }, "Again:0"},
		{"a re-run for which Spot is reserved", func(r *reconcile.Reconciler) { r.Ledger = amnesiac{r.Ledger} }, "was bought on Spot for a re-run"},
		{"a re-run for which Spot is bought", func(r *reconcile.Reconciler) { r.Cloud = thrifty{r.Cloud} }, "was bought on Spot for a re-run"},
		{"a re-run's market that is not told as it was", func(r *reconcile.Reconciler) { r.Ledger = boastful{r.Ledger} }, "and the ledger calls it on-demand"},
		{"an instant fleet that nobody deletes", func(r *reconcile.Reconciler) { r.Sweeper = blind{r.Sweeper} }, "instant fleet"},
		{"a config that is not withdrawn", func(r *reconcile.Reconciler) { r.Configs = hoarder{r.Configs} }, "parameter /runfleet/demo/machines/"},
		{"a stop of a machine that is busy", func(r *reconcile.Reconciler) {
			r.GitHub, r.Ledger = gullible{r.GitHub}, oblivious{r.Ledger}
		}, "was stopped while job"},
		{"hours that are not kept: machines that idle", sleepless, "has been idle since"},
		{"hours that are not kept: machines that are launched", sleepless, "was brought up at"},
		{"a stop that is not done", func(r *reconcile.Reconciler) { r.Switch = deaf{r.Switch} }, "has been idle since"},
		{"a stop or start that is not reserved", func(r *reconcile.Reconciler) { r.Ledger = sly{r.Ledger} }, "which was not reserved"},
		{"a strike that is forgotten: a machine that stopped itself is started at once", func(r *reconcile.Reconciler) { r.Ledger = unwary{r.Ledger} }, "after it stopped itself"},
		{"a machine that stops itself and is never replaced", func(r *reconcile.Reconciler) { r.Ledger = forgiving{r.Ledger} }, "times in a row it stopped itself"},
		{"a machine that the ledger does not learn of", func(r *reconcile.Reconciler) { r.Ledger = careless{r.Ledger} }, "its cap is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("a world has one thread; make test plays it whole")
			}
			var said []string
			for seed := range uint64(60) {
				if what := caught(t, seed, tt.plant); strings.Contains(what, tt.want) {
					return
				} else if what != "" {
					said = append(said, what)
				}
			}
			t.Errorf("no day of sixty caught it as %q; they said %q", tt.want, said)
		})
	}
}

// caught is what the checker says of a day with a mistake; empty if nothing.
func caught(t *testing.T, seed uint64, plant func(*reconcile.Reconciler)) string {
	t.Helper()
	c := FaultDay(seed)
	c.Wrap = plant
	w, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Run(t.Context(), 6*time.Hour); err != nil {
		return err.Error()
	}
	if s := w.Summary(); !s.Good() {
		return fmt.Sprintf("%+v", s)
	}
	return ""
}
