package reconcile

import (
	"context"
	"errors"

	"github.com/runfleet/runfleet/fleet/ledger"
)

// record writes what came of the acts. It is dropped if this process took so long
// that another has taken its intents up: their rows are the other's by now, and
// all that was done is seen again.
func (r *Reconciler) record(ctx context.Context, o outcome) error {
	if o.Empty() {
		return nil
	}
	err := r.Ledger.Settle(context.WithoutCancel(ctx), o.Change)
	if errors.Is(err, ledger.ErrConflict) {
		r.Log.WarnContext(ctx, "outcome dropped: it came too late", "intents", len(o.Settle), "sent", o.SentAt)
	}
	return err
}
