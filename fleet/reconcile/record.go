package reconcile

import "context"

// record writes what came of the acts.
func (r *Reconciler) record(ctx context.Context, o outcome) error {
	if o.Empty() {
		return nil
	}
	return r.Ledger.Settle(context.WithoutCancel(ctx), o.Change)
}
