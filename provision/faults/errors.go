package faults

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// codes is what FIS's error codes mean to the fleet. The first four are all
// that its API model names; the others are common to AWS's services.
var codes = map[string]error{
	"ConflictException":             fleet.ErrConfig,
	"ResourceNotFoundException":     fleet.ErrAbsent,
	"ServiceQuotaExceededException": fleet.ErrQuota,
	"ValidationException":           fleet.ErrConfig,

	"RequestLimitExceeded": fleet.ErrThrottled,
	"RequestThrottled":     fleet.ErrThrottled,
	"SlowDown":             fleet.ErrThrottled,

	"InternalFailure":             fleet.ErrUnknownOutcome,
	"InternalServerError":         fleet.ErrUnknownOutcome,
	"InternalServerException":     fleet.ErrUnknownOutcome,
	"ServiceUnavailable":          fleet.ErrUnknownOutcome,
	"ServiceUnavailableException": fleet.ErrUnknownOutcome,

	"InvalidSignatureException":   fleet.ErrConfig,
	"OptInRequired":               fleet.ErrConfig,
	"UnrecognizedClientException": fleet.ErrConfig,
}

// families are beginnings of codes, asked after the table.
var families = []struct {
	begin   string
	meaning error
}{
	{"Throttl", fleet.ErrThrottled},
	{"TooManyRequests", fleet.ErrThrottled},
	{"AccessDenied", fleet.ErrConfig},
	{"ExpiredToken", fleet.ErrConfig},
}

func meaning(code string) error {
	if m, ok := codes[code]; ok {
		return m
	}
	for _, f := range families {
		if strings.HasPrefix(code, f.begin) {
			return f.meaning
		}
	}
	return nil
}

// textLimit cuts FIS's sentences: an encoded authorization failure alone has
// more than a thousand characters.
const textLimit = 400

func cut(text string) string {
	if len(text) <= textLimit {
		return text
	}
	return strings.ToValidUTF8(text[:textLimit], "") + "..."
}

// translate gives an SDK error its meaning. Whatever is no answer leaves the
// outcome unknown: a deadline, a broken connection, an answer we cannot read.
func translate(err error) error {
	if err == nil {
		return nil
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok && neverSent(err) {
		return fmt.Errorf("%w: %w", fleet.ErrConfig, err)
	}
	if !ok {
		return fmt.Errorf("%w: %w", fleet.ErrUnknownOutcome, err)
	}
	text := api.ErrorCode()
	if m := api.ErrorMessage(); m != "" {
		text += ": " + m
	}
	if api.ErrorCode() == "ConflictException" {
		text = "the drill was sent before with another request: " + text
	}
	m := meaning(api.ErrorCode())
	if m == nil && serverFault(err, api) {
		m = fleet.ErrUnknownOutcome
	}
	if m == nil {
		return errors.New(cut(text))
	}
	return fmt.Errorf("%w: %s", m, cut(text))
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
	_, bare := errors.AsType[smithy.InvalidParamsError](err)
	_, pointed := errors.AsType[*smithy.InvalidParamsError](err)
	_, serial := errors.AsType[*smithy.SerializationError](err)
	return bare || pointed || serial
}
