package provision

import (
	"errors"
	"strings"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/answers"
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
	"OperationNotPermitted":  fleet.ErrState, // of machines: protected from ends or stops

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

func newAnswer(code, text string) *answer {
	text = answers.Cut(text)
	return &answer{code, text, meaning(code, text)}
}

// translate gives an SDK error its meaning.
func translate(err error) error {
	if err == nil {
		return nil
	}
	got, err := answers.Read(err)
	if err != nil {
		return err
	}
	a := newAnswer(got.Code, got.Text)
	if a.meaning == nil && got.Fault {
		a.meaning = fleet.ErrUnknownOutcome
	}
	return a
}

// code is EC2's error code in err, empty if EC2 did not answer.
func code(err error) string {
	if a, ok := errors.AsType[*answer](err); ok {
		return a.code
	}
	return ""
}
