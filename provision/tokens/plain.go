package tokens

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/runfleet/runfleet/fleet"
)

// PutPlain stores an organisation's address and registration token under a
// pool's names, over what is there. They carry no tags, which SSM refuses
// together with overwriting. fleet.ErrConfig if a name is taken by a parameter
// of another type, or the manager may not write there.
func (s *Store) PutPlain(ctx context.Context, names fleet.Plain, e fleet.Enrolment) error {
	token := &ssm.PutParameterInput{
		Name: aws.String(names.Token), Value: aws.String(e.Token), Type: types.ParameterTypeSecureString,
		Overwrite: aws.Bool(true), Tier: types.ParameterTierStandard,
	}
	if s.KMSKey != "" {
		token.KeyId = aws.String(s.KMSKey)
	}
	url := &ssm.PutParameterInput{
		Name: aws.String(names.URL), Value: aws.String(e.URL), Type: types.ParameterTypeString,
		Overwrite: aws.Bool(true), Tier: types.ParameterTierStandard,
	}
	for _, request := range []*ssm.PutParameterInput{url, token} {
		if _, err := s.SSM.PutParameter(ctx, request); err != nil {
			return fmt.Errorf("put plain parameter %s: %w", *request.Name, translate(err))
		}
	}
	return nil
}
