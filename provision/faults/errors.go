package faults

import (
	"strings"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/answers"
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
	if a.Text != "" {
		text += ": " + a.Text
	}
	if a.Code == "ConflictException" {
		text = "the drill was sent before with another request: " + text
	}
	return a.Mean(meaning(a.Code), text)
}
