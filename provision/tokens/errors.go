package tokens

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// codes is what SSM's error codes mean to the fleet.
var codes = map[string]error{
	"ParameterAlreadyExists": fleet.ErrTaken,
	"ParameterNotFound":      fleet.ErrAbsent,

	"ThrottlingException":  fleet.ErrThrottled,
	"Throttling":           fleet.ErrThrottled,
	"RequestLimitExceeded": fleet.ErrThrottled,
	"TooManyUpdates":       fleet.ErrThrottled,

	"ParameterLimitExceeded": fleet.ErrQuota,

	"InternalServerError": fleet.ErrUnknownOutcome,
	"InternalFailure":     fleet.ErrUnknownOutcome,
	"ServiceUnavailable":  fleet.ErrUnknownOutcome,

	"AccessDeniedException":                fleet.ErrConfig,
	"ExpiredTokenException":                fleet.ErrConfig,
	"HierarchyLevelLimitExceededException": fleet.ErrConfig,
	"HierarchyTypeMismatchException":       fleet.ErrConfig,
	"InvalidKeyId":                         fleet.ErrConfig,
	"InvalidSignatureException":            fleet.ErrConfig,
	"ParameterPatternMismatchException":    fleet.ErrConfig,
	"UnrecognizedClientException":          fleet.ErrConfig,
	"UnsupportedParameterType":             fleet.ErrConfig,
	"ValidationException":                  fleet.ErrConfig,
}

// translate gives an SDK error its meaning. Whatever is no answer leaves the
// outcome unknown.
func translate(err error) error {
	if err == nil {
		return nil
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fmt.Errorf("%w: %w", fleet.ErrUnknownOutcome, err)
	}
	code, text := api.ErrorCode(), api.ErrorCode()
	// A validation error quotes the value that it refuses: a secret.
	if m := api.ErrorMessage(); m != "" && !strings.Contains(code, "Validation") {
		text += ": " + m
	}
	meaning := codes[code]
	if meaning == nil && serverFault(err, api) {
		meaning = fleet.ErrUnknownOutcome
	}
	if meaning == nil {
		return errors.New(text)
	}
	return fmt.Errorf("%w: %s", meaning, text)
}

func serverFault(err error, api smithy.APIError) bool {
	status, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	return api.ErrorFault() == smithy.FaultServer || ok && status.HTTPStatusCode() >= 500
}
