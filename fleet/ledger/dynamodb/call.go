package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet/ledger"
)

// How a call that will pass is repeated. A webhook must be answered within ten
// seconds, and a function pays while it waits.
const (
	tries      = 8
	firstPause = 25 * time.Millisecond
	mostPause  = time.Second
	callLimit  = 5 * time.Second // then an answer counts as lost
)

// passing are the codes of errors that pass: too much at once, somebody else's
// transaction on the same row, the same transaction still running. The second
// half are the reasons that a cancelled transaction gives.
var passing = []string{
	"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "LimitExceededException",
	"TransactionConflictException", "TransactionInProgressException", "ReplicatedWriteConflictException",
	"InternalServerError", "InternalFailure", "ServiceUnavailable",

	"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded",
}

// refused is the reason of a write whose condition did not hold.
const refused = "ConditionalCheckFailed"

// errUnprocessed: DynamoDB left a part of a batch undone.
var errUnprocessed = errors.New("a part was left undone")

// passes reports whether an error is one that passes. No answer is one too: all
// that a store asks bears being asked twice.
func passes(err error) bool {
	if errors.Is(err, errUnprocessed) {
		return true
	}
	if gone, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		reasons := codes(gone)
		return !slices.Contains(reasons, refused) && slices.ContainsFunc(reasons, func(c string) bool { return slices.Contains(passing, c) })
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return slices.Contains(passing, api.ErrorCode()) || serverFault(err, api)
	}
	return !neverSent(err)
}

func serverFault(err error, api smithy.APIError) bool {
	status, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	return api.ErrorFault() == smithy.FaultServer || ok && status.HTTPStatusCode() >= 500
}

// neverSent reports whether the SDK refused the request by itself.
func neverSent(err error) bool {
	if _, ok := errors.AsType[smithy.InvalidParamsError](err); ok {
		return true
	}
	_, ok := errors.AsType[*smithy.SerializationError](err)
	return ok
}

func codes(gone *types.TransactionCanceledException) []string {
	all := make([]string, len(gone.CancellationReasons))
	for i, r := range gone.CancellationReasons {
		all[i] = aws.ToString(r.Code)
	}
	return all
}

// call repeats a call until it is answered for good. What still passes after
// the last try, or when the context ends, is ledger.ErrBusy.
func (s *Store) call(ctx context.Context, do func(ctx context.Context) error) error {
	pause := firstPause
	for try := 1; ; try++ {
		one, cancel := context.WithTimeout(ctx, callLimit)
		err := do(one)
		cancel()
		if err == nil || !passes(err) {
			return err
		}
		if try == tries {
			return fmt.Errorf("%w: %w", ledger.ErrBusy, err)
		}
		// A random part of the pause: writers that met must not meet again.
		if gone := s.pause(ctx, time.Duration(rand.Int64N(int64(pause)))+1); gone != nil {
			return fmt.Errorf("%w: %w: %w", ledger.ErrBusy, gone, err)
		}
		pause = min(2*pause, mostPause)
	}
}

// wait waits in real time.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
