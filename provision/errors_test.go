package provision

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/runfleet/runfleet/fleet"
)

func TestCodesHaveTheirMeaning(t *testing.T) {
	for _, tt := range []struct {
		code, text string
		want       error
	}{
		{"InsufficientInstanceCapacity", "", fleet.ErrNoCapacity},
		{"UnfulfillableCapacity", "", fleet.ErrNoCapacity},
		{"InsufficientFreeAddressesInSubnet", "", fleet.ErrNoCapacity},
		{"SpotMaxPriceTooLow", "", fleet.ErrNoCapacity},
		{"MaxSpotInstanceCountExceeded", "", fleet.ErrQuota},
		{"VcpuLimitExceeded", "", fleet.ErrQuota},
		{"InstanceLimitExceeded", "", fleet.ErrQuota},
		{"MaxFleetCountExceeded", "", fleet.ErrQuota},
		{"VolumeLimitExceeded", "", fleet.ErrQuota},
		{"ReservationCapacityExceeded", "", fleet.ErrQuota},
		{"Unsupported", "", fleet.ErrNotOffered},
		{"IncorrectInstanceState", "", fleet.ErrState},
		{"OperationNotPermitted", "", fleet.ErrState},
		{"InvalidFleetConfiguration", "Your requested instance type (m7g.large) is not supported in your requested Availability Zone (us-east-1e).", fleet.ErrNotOffered},
		{"InvalidFleetConfiguration", "The fleet configuration contains duplicate instance pools", fleet.ErrConfig},
		{"InvalidParameterValue", "", fleet.ErrConfig},
		{"InvalidAMIID.NotFound", "", fleet.ErrConfig},
		{"InvalidAMIID.Unavailable", "", fleet.ErrConfig},
		{"InvalidSubnetID.NotFound", "", fleet.ErrConfig},
		{"InvalidLaunchTemplateId.NotFound", "", fleet.ErrConfig},
		{"UnauthorizedOperation", "", fleet.ErrConfig},
		{"AuthFailure.ServiceLinkedRoleCreationNotPermitted", "", fleet.ErrConfig},
		{"IdempotentParameterMismatch", "", fleet.ErrConfig},
		{"RequestLimitExceeded", "", fleet.ErrThrottled},
		{"Throttling", "", fleet.ErrThrottled},
		{"ThrottlingException", "", fleet.ErrThrottled},
		{"InternalError", "", fleet.ErrUnknownOutcome},
		{"ServiceUnavailable", "", fleet.ErrUnknownOutcome},
		{"Unavailable", "", fleet.ErrUnknownOutcome},
		{"NeverHeardOf", "", nil},
	} {
		if got := meaning(tt.code, tt.text); !errors.Is(got, tt.want) {
			t.Errorf("%s %q: got %v, want %v", tt.code, tt.text, got, tt.want)
		}
	}
}

// withStatus is an API error in the wrapping of the SDK's HTTP client.
func withStatus(status int, code string) error {
	return &smithy.OperationError{ServiceID: "EC2", OperationName: "CreateFleet", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: "sentence"},
	}}
}

func TestSDKErrorsHaveTheirMeaning(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"a deadline leaves the outcome unknown", context.DeadlineExceeded, fleet.ErrUnknownOutcome},
		{"a broken connection too", &smithyhttp.RequestSendError{Err: errors.New("connection reset by peer")}, fleet.ErrUnknownOutcome},
		{"an answer that cannot be read too", &smithy.DeserializationError{Err: errors.New("unexpected EOF")}, fleet.ErrUnknownOutcome},
		{"an unknown code with a server's status too", withStatus(500, "Odd"), fleet.ErrUnknownOutcome},
		{"throttling is throttling whatever its status", withStatus(503, "RequestLimitExceeded"), fleet.ErrThrottled},
		{"no capacity is that whatever its status", withStatus(500, "InsufficientInstanceCapacity"), fleet.ErrNoCapacity},
		{"what the SDK refuses was never sent", smithy.InvalidParamsError{Context: "CreateFleetInput"}, fleet.ErrConfig},
		{"nor was what it cannot write", &smithy.SerializationError{Err: errors.New("odd")}, fleet.ErrConfig},
	} {
		if got := translate(tt.err); !errors.Is(got, tt.want) {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
	plain := translate(withStatus(400, "Odd"))
	for _, m := range []error{fleet.ErrUnknownOutcome, fleet.ErrThrottled, fleet.ErrConfig, fleet.ErrNoCapacity} {
		if errors.Is(plain, m) {
			t.Errorf("an unknown code of the client's fault means %v", m)
		}
	}
	if got := translate(withStatus(400, "Odd")).Error(); got != "Odd: sentence" {
		t.Errorf("text of an unknown code: %q", got)
	}
}

func TestLongSentencesAreCut(t *testing.T) {
	err := translate(apiError("UnauthorizedOperation", strings.Repeat("é", 2000)))
	if n := len(err.Error()); n > 600 {
		t.Errorf("text has %d bytes", n)
	}
}
