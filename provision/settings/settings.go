// Package settings reads the secrets and settings that a fleet file names and
// does not hold: ssm: a parameter of SSM Parameter Store, file: a file, env: a
// variable of the environment. It also reads the fleet file itself where that is
// kept in S3.
//
// # Decisions
//
// No error says anything of a value. A reference without a known scheme is not
// repeated either: somebody may have put the secret itself there.
//
// A document's generation is a hash of what it says, not S3's version: whoever
// puts the same text again changes nothing.
package settings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// SSMAPI is all that this package calls of SSM.
type SSMAPI interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Resolver resolves references.
type Resolver struct {
	SSM    SSMAPI                      // nil: ssm: is refused
	Region string                      // of SSM, for people who look for what is not there
	Lookup func(string) (string, bool) // nil: os.LookupEnv
	Log    *slog.Logger                // nil: silent
}

// sizeLimit is more than any key or secret has.
const sizeLimit = 64 << 10

// Resolve returns what a reference names, without the line end that editors
// put behind a secret. An empty value is an error. Errors are fleet.ErrConfig,
// fleet.ErrThrottled or fleet.ErrUnknownOutcome.
func (r *Resolver) Resolve(ctx context.Context, ref string) ([]byte, error) {
	scheme, name, _ := strings.Cut(ref, ":")
	var value []byte
	var err error
	switch scheme {
	case "ssm":
		value, err = r.parameter(ctx, name)
	case "file":
		value, err = r.file(ctx, name)
	case "env":
		value, err = r.variable(name)
	default:
		return nil, fmt.Errorf("resolve setting: %w: it must begin with one of ssm, file, env and a colon", fleet.ErrConfig)
	}
	if err != nil {
		return nil, err
	}
	value = trimLineEnd(value)
	if len(value) == 0 {
		return nil, fmt.Errorf("resolve %s: %w: it is empty", ref, fleet.ErrConfig)
	}
	return value, nil
}

func trimLineEnd(value []byte) []byte {
	text := strings.TrimSuffix(string(value), "\n")
	return []byte(strings.TrimSuffix(text, "\r"))
}

// variable checks the name first: what is no name may be a secret.
func (r *Resolver) variable(name string) ([]byte, error) {
	odd := func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}
	if name == "" || strings.ContainsFunc(name, odd) {
		return nil, fmt.Errorf("resolve setting: %w: env: wants the name of a variable", fleet.ErrConfig)
	}
	lookup := r.Lookup
	if lookup == nil {
		lookup = os.LookupEnv
	}
	value, ok := lookup(name)
	if !ok {
		return nil, fmt.Errorf("resolve env:%s: %w: the variable is not set", name, fleet.ErrConfig)
	}
	return []byte(value), nil
}

func (r *Resolver) file(ctx context.Context, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("resolve file: %w: %w", fleet.ErrConfig, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("resolve file: %w: %w", fleet.ErrConfig, err)
	}
	// The mode of a pipe or device says nothing of who reads the secret.
	if info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 && r.Log != nil {
		r.Log.WarnContext(ctx, "everybody on this host can read a secret", "file", path, "mode", info.Mode().Perm().String())
	}
	value, err := io.ReadAll(io.LimitReader(f, sizeLimit+1))
	if err != nil {
		return nil, fmt.Errorf("resolve file: %w: %w", fleet.ErrConfig, err)
	}
	if len(value) > sizeLimit {
		return nil, fmt.Errorf("resolve file:%s: %w: it has more than %d bytes", path, fleet.ErrConfig, sizeLimit)
	}
	return value, nil
}

func (r *Resolver) parameter(ctx context.Context, name string) ([]byte, error) {
	if !strings.HasPrefix(name, "/") {
		return nil, fmt.Errorf("resolve setting: %w: ssm: wants a path that begins with a slash", fleet.ErrConfig)
	}
	if r.SSM == nil {
		return nil, fmt.Errorf("resolve ssm:%s: %w: there is no AWS to ask", name, fleet.ErrConfig)
	}
	out, err := r.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	if err != nil {
		if err = translate(err); r.Region != "" {
			name += " in " + r.Region + " (aws.region)"
		}
		return nil, fmt.Errorf("resolve ssm:%s: %w", name, err)
	}
	if out.Parameter == nil {
		return nil, fmt.Errorf("resolve ssm:%s: %w: answer without a value", name, fleet.ErrUnknownOutcome)
	}
	return []byte(aws.ToString(out.Parameter.Value)), nil
}

// translate gives an SDK error its meaning. Almost all answers of SSM to a get
// are about names, keys and permissions.
func translate(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case !ok:
		return fmt.Errorf("%w: %w", fleet.ErrUnknownOutcome, err)
	case strings.HasPrefix(api.ErrorCode(), "Throttling"), api.ErrorCode() == "RequestLimitExceeded":
		return fmt.Errorf("%w: %s", fleet.ErrThrottled, api.ErrorCode())
	case api.ErrorFault() == smithy.FaultServer, strings.HasPrefix(api.ErrorCode(), "Internal"), strings.HasPrefix(api.ErrorCode(), "ServiceUnavailable"):
		return fmt.Errorf("%w: %s", fleet.ErrUnknownOutcome, api.ErrorCode())
	}
	return fmt.Errorf("%w: %s: %s", fleet.ErrConfig, api.ErrorCode(), api.ErrorMessage())
}
