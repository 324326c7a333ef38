package provision

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// codes is what EC2's error codes mean to the fleet. What is not here is
// judged by patterns, then by the HTTP status.
var codes = map[string]error{
	"InsufficientInstanceCapacity":         fleet.ErrNoCapacity,
	"InsufficientCapacity":                 fleet.ErrNoCapacity,
	"InsufficientHostCapacity":             fleet.ErrNoCapacity,
	"InsufficientAddressCapacity":          fleet.ErrNoCapacity,
	"InsufficientFreeAddressesInSubnet":    fleet.ErrNoCapacity,
	"InsufficientReservedInstanceCapacity": fleet.ErrNoCapacity,
	"UnfulfillableCapacity":                fleet.ErrNoCapacity,
	"SpotMaxPriceTooLow":                   fleet.ErrNoCapacity,

	"MaxSpotInstanceCountExceeded": fleet.ErrQuota,
	"MaxFleetCountExceeded":        fleet.ErrQuota,
	"VcpuLimitExceeded":            fleet.ErrQuota,
	"InstanceLimitExceeded":        fleet.ErrQuota,
	"ReservationCapacityExceeded":  fleet.ErrQuota,

	"IncorrectInstanceState": fleet.ErrState,
	"IncorrectState":         fleet.ErrState,

	"Unsupported": fleet.ErrNotOffered,

	"RequestLimitExceeded":   fleet.ErrThrottled,
	"BandwidthLimitExceeded": fleet.ErrThrottled,
	"EC2ThrottledException":  fleet.ErrThrottled,
	"SlowDown":               fleet.ErrThrottled,

	"InternalError":      fleet.ErrUnknownOutcome,
	"InternalFailure":    fleet.ErrUnknownOutcome,
	"ServiceUnavailable": fleet.ErrUnknownOutcome,
	"Unavailable":        fleet.ErrUnknownOutcome,
	"RequestTimeout":     fleet.ErrUnknownOutcome,

	"IdempotentParameterMismatch": fleet.ErrConfig,
	"UnauthorizedOperation":       fleet.ErrConfig,
	"OptInRequired":               fleet.ErrConfig,
	"PendingVerification":         fleet.ErrConfig,
	"Blocked":                     fleet.ErrConfig,
	"UnsupportedOperation":        fleet.ErrConfig,
	"MissingParameter":            fleet.ErrConfig,
	"UnknownParameter":            fleet.ErrConfig,
	"ValidationError":             fleet.ErrConfig,
	"SignatureDoesNotMatch":       fleet.ErrConfig,
	"RequestExpired":              fleet.ErrConfig,
	"UnrecognizedClientException": fleet.ErrConfig,
}

// patterns are families of codes, asked in order after the table.
var patterns = []struct {
	matches func(code, affix string) bool
	affix   string
	meaning error
}{
	{strings.HasPrefix, "Throttl", fleet.ErrThrottled},
	{strings.HasPrefix, "TooManyRequests", fleet.ErrThrottled},
	{strings.HasSuffix, "LimitExceeded", fleet.ErrQuota},
	{strings.HasSuffix, "CountExceeded", fleet.ErrQuota},
	{strings.HasPrefix, "AuthFailure", fleet.ErrConfig},
	{strings.HasPrefix, "AccessDenied", fleet.ErrConfig},
	{strings.HasPrefix, "ExpiredToken", fleet.ErrConfig},
	{strings.HasPrefix, "Invalid", fleet.ErrConfig},
}

// badTemplate begins the codes that say of a launch template that it is not
// there, by id or by name.
const badTemplate = "InvalidLaunchTemplate"

// notInZone is in EC2's sentence about a type that a zone does not have.
const notInZone = "not supported in your requested Availability Zone"

// notOffered reads type and zone out of that sentence: "... instance type (T)
// is not supported in your requested Availability Zone (Z)".
func notOffered(text string) (typ, zone string) {
	before, after, ok := strings.Cut(text, notInZone+" (")
	_, before, named := strings.Cut(before, "instance type (")
	if !ok || !named {
		return "", ""
	}
	typ, _, _ = strings.Cut(before, ")")
	zone, _, _ = strings.Cut(after, ")")
	return typ, zone
}

// meaning is what a code and its sentence mean, nil if nothing special.
func meaning(code, text string) error {
	// Fleets report a type that a zone lacks as a wrong configuration; only
	// the sentence tells it from one.
	if strings.HasPrefix(code, "Invalid") && strings.Contains(text, notInZone) {
		return fleet.ErrNotOffered
	}
	if m, ok := codes[code]; ok {
		return m
	}
	for _, p := range patterns {
		if p.matches(code, p.affix) {
			return p.meaning
		}
	}
	return nil
}

// answer is an error that EC2 itself gave, as opposed to no answer.
type answer struct {
	code, text string
	meaning    error // one of package fleet's, or nil
}

// Error is the meaning, EC2's code and its sentence.
func (a *answer) Error() string {
	text := a.code
	if a.text != "" {
		text += ": " + a.text
	}
	if a.code == "IdempotentParameterMismatch" {
		text = "the intent was sent before with another request: " + text
	}
	if a.meaning == nil {
		return text
	}
	return a.meaning.Error() + ": " + text
}

// Unwrap lets errors.Is find the meaning.
func (a *answer) Unwrap() error { return a.meaning }

// textLimit cuts EC2's sentences: an encoded authorization failure alone has
// more than a thousand characters.
const textLimit = 400

func newAnswer(code, text string) *answer {
	if len(text) > textLimit {
		text = strings.ToValidUTF8(text[:textLimit], "") + "..."
	}
	return &answer{code, text, meaning(code, text)}
}

// translate gives an SDK error its meaning. Whatever is no answer leaves the
// outcome unknown: a deadline, a broken connection, an answer we cannot read.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		a := newAnswer(api.ErrorCode(), api.ErrorMessage())
		if a.meaning == nil && serverFault(err, api) {
			a.meaning = fleet.ErrUnknownOutcome
		}
		return a
	}
	if neverSent(err) {
		return fmt.Errorf("%w: %w", fleet.ErrConfig, err)
	}
	return fmt.Errorf("%w: %w", fleet.ErrUnknownOutcome, err)
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
	if _, ok := errors.AsType[*smithy.InvalidParamsError](err); ok {
		return true
	}
	_, ok := errors.AsType[*smithy.SerializationError](err)
	return ok
}

// code is EC2's error code in err, empty if EC2 did not answer.
func code(err error) string {
	if a, ok := errors.AsType[*answer](err); ok {
		return a.code
	}
	return ""
}
