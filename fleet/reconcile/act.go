package reconcile

import (
	"context"
	"sync"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// outcome is what came of acts, for the ledger.
type outcome struct{ fleet.Change }

func (o *outcome) settle(in fleet.Intent) { o.Change.Settle = append(o.Change.Settle, in.ID) }

// act executes what this process reserved, and nothing else. An intent whose
// outcome stays unknown is left open: it is sent again, unchanged.
func (r *Reconciler) act(ctx context.Context, s fleet.Snapshot, mine []fleet.Intent) outcome {
	// A stop does not cut them short: an answer that nobody hears is a machine
	// that nobody knows until it is asked for again.
	limit := r.left(mine)
	if limit <= 0 {
		r.Log.WarnContext(ctx, "too late to act: others may by now", "intents", len(mine))
		return outcome{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	machines := make(map[fleet.MachineID]fleet.Machine, len(s.State.Machines))
	for _, m := range s.State.Machines {
		machines[m.ID] = m
	}
	var total outcome
	var lock sync.Mutex
	merge := func(o outcome) {
		lock.Lock()
		defer lock.Unlock()
		total.Change = total.Change.Join(o.Change)
	}
	var starts, stops, ends []fleet.Intent
	var each []func()
	for _, in := range r.plain(ctx, s, mine, &total) {
		switch {
		case in.Start != nil:
			starts = append(starts, in)
		case in.Stop != nil:
			stops = append(stops, in)
		case in.End != nil:
			ends = append(ends, in)
		default:
			each = append(each, func() { merge(r.execute(ctx, s, in, machines)) })
		}
	}
	r.spread(each)
	// One call of EC2's for many machines.
	merge(r.start(ctx, s, starts, machines))
	merge(r.stop(ctx, s, stops, machines))
	if len(ends) > 0 {
		merge(r.end(ctx, s, ends, machines))
	}
	return total
}

// left is how long acts may take: others may take an intent up half a minute
// after it was reserved.
func (r *Reconciler) left(mine []fleet.Intent) time.Duration {
	if len(mine) == 0 || mine[0].SentAt.IsZero() {
		return actLimit
	}
	return min(actLimit, actLimit-r.Now().Sub(mine[0].SentAt))
}

func (r *Reconciler) execute(ctx context.Context, s fleet.Snapshot, in fleet.Intent, machines map[fleet.MachineID]fleet.Machine) outcome {
	switch {
	case in.Launch != nil:
		return r.launch(ctx, s, in, machines)
	case in.Mint != nil:
		return r.mint(ctx, s, in, machines[in.Mint.Machine])
	case in.Withdraw != nil:
		return r.withdraw(ctx, s, in, machines[in.Withdraw.Machine])
	case in.Remove != nil:
		return r.remove(ctx, s, in)
	case in.Sweep != nil:
		return r.sweep(ctx, in)
	case in.Rerun != nil:
		return r.rerun(ctx, s, in)
	case in.Drill != nil:
		return r.drill(ctx, s, in)
	}
	var o outcome
	o.settle(in)
	return o
}

// spread runs acts, Parallel at once, and waits for all of them.
func (r *Reconciler) spread(acts []func()) {
	if r.Parallel <= 1 {
		for _, f := range acts {
			f()
		}
		return
	}
	var wait sync.WaitGroup
	slots := make(chan struct{}, r.Parallel)
	for _, f := range acts {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			f()
		})
	}
	wait.Wait()
}
