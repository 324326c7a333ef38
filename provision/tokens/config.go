package tokens

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/runfleet/runfleet/fleet"
)

// What a parameter may hold, in bytes. The standard tier is free.
const (
	standardLimit = 4 << 10
	advancedLimit = 8 << 10
)

// pageSize is the most that SSM lists at once.
const pageSize = 10

// Put stores a machine's config, base64 as GitHub sent it. It never
// overwrites: fleet.ErrTaken if one is there.
func (s *Store) Put(ctx context.Context, m fleet.MachineID, config string) error {
	// The decoder's error is dropped: no error says anything about a secret.
	value, err := base64.StdEncoding.DecodeString(config)
	if err != nil || len(value) == 0 {
		return fmt.Errorf("put config of %s: %w: it is not base64", m, fleet.ErrConfig)
	}
	tier := types.ParameterTierStandard
	switch {
	case len(value) > advancedLimit:
		return fmt.Errorf("put config of %s: %w: %d bytes, SSM takes %d", m, fleet.ErrConfig, len(value), advancedLimit)
	case len(value) > standardLimit:
		tier = types.ParameterTierAdvanced
	}
	request := &ssm.PutParameterInput{
		Name:      aws.String(s.name(m)),
		Overwrite: aws.Bool(false),
		Tags:      s.tags(m),
		Tier:      tier,
		Type:      types.ParameterTypeSecureString,
		Value:     aws.String(string(value)),
	}
	if s.KMSKey != "" {
		request.KeyId = aws.String(s.KMSKey)
	}
	if _, err := s.SSM.PutParameter(ctx, request); err != nil {
		return fmt.Errorf("put config of %s: %w", m, translate(err))
	}
	return nil
}

// Withdraw deletes a machine's config. taken is true if nothing was there: the
// machine has it.
func (s *Store) Withdraw(ctx context.Context, m fleet.MachineID) (taken bool, err error) {
	_, err = s.SSM.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(s.name(m))})
	err = translate(err)
	if errors.Is(err, fleet.ErrAbsent) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("withdraw config of %s: %w", m, err)
	}
	return false, nil
}

// Stored lists the machines that configs wait for, with the time each was
// stored. It reads no secret.
func (s *Store) Stored(ctx context.Context) (map[fleet.MachineID]time.Time, error) {
	stored := map[fleet.MachineID]time.Time{}
	request := &ssm.GetParametersByPathInput{
		MaxResults:     aws.Int32(pageSize),
		Path:           aws.String(s.machines()),
		Recursive:      aws.Bool(false),
		WithDecryption: aws.Bool(false),
	}
	for {
		out, err := s.SSM.GetParametersByPath(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list stored configs: %w", translate(err))
		}
		for _, p := range out.Parameters {
			id := strings.TrimPrefix(aws.ToString(p.Name), s.machines()+"/")
			stored[fleet.MachineID(id)] = aws.ToTime(p.LastModifiedDate)
		}
		if aws.ToString(out.NextToken) == "" {
			return stored, nil
		}
		request.NextToken = out.NextToken
	}
}

// Take fetches a machine's config as its agent does, base64 again. ok is false
// while there is none, and also if it was withdrawn between get and delete.
//
// An error of the delete leaves open who has the config, so the caller must
// not use it then: it polls on, and finds the config again if it is there.
func (s *Store) Take(ctx context.Context, m fleet.MachineID) (config string, ok bool, err error) {
	out, err := s.SSM.GetParameter(ctx, &ssm.GetParameterInput{
		Name:           aws.String(s.name(m)),
		WithDecryption: aws.Bool(true),
	})
	if err = translate(err); errors.Is(err, fleet.ErrAbsent) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("get config of %s: %w", m, err)
	}
	if out.Parameter == nil || aws.ToString(out.Parameter.Value) == "" {
		return "", false, fmt.Errorf("get config of %s: %w: answer without a value", m, fleet.ErrUnknownOutcome)
	}
	withdrawn, err := s.Withdraw(ctx, m)
	if err != nil {
		return "", false, fmt.Errorf("claim: %w", err)
	}
	if withdrawn {
		return "", false, nil
	}
	return base64.StdEncoding.EncodeToString([]byte(*out.Parameter.Value)), true, nil
}
