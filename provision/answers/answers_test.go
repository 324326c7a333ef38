package answers_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/answers"
)

// withStatus is an API error in the wrapping of the SDK's HTTP client.
func withStatus(status int, api *smithy.GenericAPIError) error {
	return &smithy.OperationError{ServiceID: "EC2", OperationName: "CreateFleet", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: api,
	}}
}

func TestWhatAServiceAnswered(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want answers.Answer
	}{
		{"a refusal", withStatus(400, &smithy.GenericAPIError{Code: "Odd", Message: "sentence"}), answers.Answer{Code: "Odd", Text: "sentence"}},
		{"a fault, by the status", withStatus(503, &smithy.GenericAPIError{Code: "Odd"}), answers.Answer{Code: "Odd", Fault: true}},
		{"a fault, by the code", &smithy.GenericAPIError{Code: "Odd", Fault: smithy.FaultServer}, answers.Answer{Code: "Odd", Fault: true}},
	} {
		got, err := answers.Read(tt.err)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

func TestWhatNoAnswerMeans(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"a deadline leaves the outcome unknown", context.DeadlineExceeded, fleet.ErrUnknownOutcome},
		{"a broken connection too", &smithyhttp.RequestSendError{Err: errors.New("connection reset by peer")}, fleet.ErrUnknownOutcome},
		{"an answer that cannot be read too", &smithy.DeserializationError{Err: errors.New("unexpected EOF")}, fleet.ErrUnknownOutcome},
		{"what the SDK refuses was never sent", smithy.InvalidParamsError{Context: "CreateFleetInput"}, fleet.ErrConfig},
		{"in either of its forms", &smithy.InvalidParamsError{Context: "CreateFleetInput"}, fleet.ErrConfig},
		{"nor was what it cannot write", &smithy.SerializationError{Err: errors.New("odd")}, fleet.ErrConfig},
	} {
		if got, err := answers.Read(tt.err); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.err.Error()) || got != (answers.Answer{}) {
			t.Errorf("%s: %v and %v", tt.name, got, err)
		}
	}
}

func TestLongSentencesAreCutBetweenCharacters(t *testing.T) {
	got := answers.Cut("x" + strings.Repeat("é", 2000))
	if len(got) > 410 || !strings.HasSuffix(got, "...") || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	if short := "no room"; answers.Cut(short) != short {
		t.Errorf("%q was cut", short)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answer  answers.Answer
		meaning error
		want    string
	}{
		{"a code that is known", answers.Answer{Code: "Throttling"}, fleet.ErrThrottled, fleet.ErrThrottled.Error() + ": text"},
		{"one that is known, of a service that failed", answers.Answer{Fault: true}, fleet.ErrThrottled, fleet.ErrThrottled.Error() + ": text"},
		{"a service that failed", answers.Answer{Fault: true}, nil, fleet.ErrUnknownOutcome.Error() + ": text"},
		{"nothing in particular", answers.Answer{Code: "Odd"}, nil, "text"},
	} {
		if err := tt.answer.Mean(tt.meaning, "text"); err.Error() != tt.want || tt.meaning != nil && !errors.Is(err, tt.meaning) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
