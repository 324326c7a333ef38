package wire

import (
	"context"
	"errors"
	"fmt"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/tokens"
)

// ErrNotOwner means that the fleet belongs to another ledger.
var ErrNotOwner = errors.New("the fleet belongs to another ledger")

// Owner is a ledger that owns a fleet, or wants to.
type Owner struct {
	Tokens *tokens.Store
	Ledger string // its id
}

// Claim makes this ledger the fleet's owner, once. Another owner is
// ErrNotOwner, with its remedy.
func (o Owner) Claim(ctx context.Context) error {
	owner, err := o.Tokens.ClaimOwner(ctx, o.Ledger)
	if err != nil {
		return err
	}
	return o.owned(owner)
}

// Owned asks whether this ledger is the fleet's owner still: ErrNotOwner once
// another has adopted it. An owner that somebody deleted is claimed again.
func (o Owner) Owned(ctx context.Context) error {
	owner, err := o.Tokens.Owner(ctx)
	if errors.Is(err, fleet.ErrAbsent) {
		return o.Claim(ctx)
	}
	if err != nil {
		return err
	}
	return o.owned(owner)
}

func (o Owner) owned(owner string) error {
	if owner == o.Ledger {
		return nil
	}
	return fmt.Errorf("%w: %s owns it, this one is %s; to take over, stop the other manager, then run runfleet adopt", ErrNotOwner, owner, o.Ledger)
}
