// Package answers owns what an error of AWS's SDK tells, whichever service it is
// of: whether the service answered, and whether the request may have been
// carried out. What a service's own codes mean stands beside its adapter.
package answers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// Answer is an error that a service itself gave.
type Answer struct {
	Code string // the service's, such as InvalidInstanceID.NotFound
	Text string // its sentence, for people, cut to a length that logs bear
	// Fault: the service failed, so nobody knows whether it did what was asked.
	Fault bool
}

// Read takes an SDK error apart. Without an answer the error says what that
// means: fleet.ErrConfig for a request that the SDK refused to send,
// fleet.ErrUnknownOutcome for everything else: a deadline, a broken connection,
// an answer that cannot be read.
func Read(err error) (Answer, error) {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return Answer{api.ErrorCode(), Cut(api.ErrorMessage()), fault(err, api)}, nil
	}
	if neverSent(err) {
		return Answer{}, fmt.Errorf("%w: %w", fleet.ErrConfig, err)
	}
	return Answer{}, fmt.Errorf("%w: %w", fleet.ErrUnknownOutcome, err)
}

// Mean is the error that an answer stands for: what it means, if anything, and a
// sentence. A service that failed leaves the outcome unknown.
func (a Answer) Mean(meaning error, text string) error {
	if meaning == nil && a.Fault {
		meaning = fleet.ErrUnknownOutcome
	}
	if meaning == nil {
		return errors.New(text)
	}
	return fmt.Errorf("%w: %s", meaning, text)
}

// textLimit cuts sentences: an encoded authorization failure alone has more
// than a thousand characters.
const textLimit = 400

// Cut shortens a service's sentence to what logs bear.
func Cut(text string) string {
	if len(text) <= textLimit {
		return text
	}
	return strings.ToValidUTF8(text[:textLimit], "") + "..."
}

// fault reports whether a failure is the service's own, by its code or by the
// status of HTTP.
func fault(err error, api smithy.APIError) bool {
	status, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	return api.ErrorFault() == smithy.FaultServer || ok && status.HTTPStatusCode() >= 500
}

// neverSent reports whether the SDK refused the request by itself.
func neverSent(err error) bool {
	_, bare := errors.AsType[smithy.InvalidParamsError](err)
	_, pointed := errors.AsType[*smithy.InvalidParamsError](err)
	_, serial := errors.AsType[*smithy.SerializationError](err)
	return bare || pointed || serial
}
