package tokens

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/runfleet/runfleet/fleet"
)

// ClaimOwner says that a ledger owns the fleet, unless one does already. It
// returns the owner: any other than id must not be worked against.
func (s *Store) ClaimOwner(ctx context.Context, id string) (current string, err error) {
	err = s.putOwner(ctx, id, false)
	if err == nil {
		return id, nil
	}
	if !errors.Is(err, fleet.ErrTaken) {
		return "", fmt.Errorf("claim fleet %s: %w", s.Fleet, err)
	}
	return s.Owner(ctx)
}

// Owner is the ledger that owns the fleet. fleet.ErrAbsent if none does.
func (s *Store) Owner(ctx context.Context) (string, error) {
	out, err := s.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(s.owner())})
	if err != nil {
		return "", fmt.Errorf("read owner of fleet %s: %w", s.Fleet, translate(err))
	}
	if out.Parameter == nil {
		return "", fmt.Errorf("read owner of fleet %s: %w: answer without a value", s.Fleet, fleet.ErrUnknownOutcome)
	}
	return aws.ToString(out.Parameter.Value), nil
}

// Adopt makes a ledger the fleet's owner, whoever was it before.
func (s *Store) Adopt(ctx context.Context, id string) error {
	if err := s.putOwner(ctx, id, true); err != nil {
		return fmt.Errorf("adopt fleet %s: %w", s.Fleet, err)
	}
	return nil
}

// putOwner sets no tags: SSM refuses them together with overwriting.
func (s *Store) putOwner(ctx context.Context, id string, overwrite bool) error {
	_, err := s.SSM.PutParameter(ctx, &ssm.PutParameterInput{
		Name:      aws.String(s.owner()),
		Overwrite: aws.Bool(overwrite),
		Tier:      types.ParameterTierStandard,
		Type:      types.ParameterTypeString,
		Value:     aws.String(id),
	})
	return translate(err)
}
