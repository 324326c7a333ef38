package tokens

import (
	"strings"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/answers"
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

// translate gives an SDK error its meaning.
func translate(err error) error {
	if err == nil {
		return nil
	}
	a, err := answers.Read(err)
	if err != nil {
		return err
	}
	text := a.Code
	// A validation error quotes the value that it refuses: a secret.
	if a.Text != "" && !strings.Contains(a.Code, "Validation") {
		text += ": " + a.Text
	}
	return a.Mean(codes[a.Code], text)
}
