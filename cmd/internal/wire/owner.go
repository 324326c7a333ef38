package wire

import (
	"context"
	"errors"
	"fmt"

	"github.com/runfleet/runfleet/fleet"
)

// ErrNotOwner means that the fleet belongs to another ledger.
var ErrNotOwner = errors.New("the fleet belongs to another ledger")

// Claim makes this ledger the fleet's owner, once. Another owner is
// ErrNotOwner, with its remedy.
func (p *Parts) Claim(ctx context.Context) error {
	owner, err := p.Tokens.ClaimOwner(ctx, p.Store.ID())
	if err != nil {
		return err
	}
	return p.owned(owner)
}

// Owned asks whether this ledger is the fleet's owner still: ErrNotOwner once
// another has adopted it. An owner that somebody deleted is claimed again.
func (p *Parts) Owned(ctx context.Context) error {
	owner, err := p.Tokens.Owner(ctx)
	if errors.Is(err, fleet.ErrAbsent) {
		return p.Claim(ctx)
	}
	if err != nil {
		return err
	}
	return p.owned(owner)
}

func (p *Parts) owned(owner string) error {
	if owner == p.Store.ID() {
		return nil
	}
	return fmt.Errorf("%w: %s owns it, this one is %s; to take over, stop the other manager, then run runfleet adopt", ErrNotOwner, owner, p.Store.ID())
}
