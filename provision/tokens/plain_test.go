package tokens

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/fleet"
)

var plain = fleet.Plain{URL: "gh-url", Token: "/ci/gh-token"}

func enrolment(token string) fleet.Enrolment {
	return fleet.Enrolment{URL: "https://github.com/acme", Token: token}
}

func TestThePlainFormIsAStringAndASecret(t *testing.T) {
	m := newMemory()
	s := storeOn(m)
	s.KMSKey = "alias/acme"
	for _, token := range []string{"AAA", "BBB"} { // over what is there
		if err := s.PutPlain(t.Context(), plain, enrolment(token)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]*ssm.PutParameterInput{
		"gh-url": {
			Name: aws.String("gh-url"), Value: aws.String("https://github.com/acme"), Type: types.ParameterTypeString,
			Overwrite: aws.Bool(true), Tier: types.ParameterTierStandard,
		},
		"/ci/gh-token": {
			Name: aws.String("/ci/gh-token"), Value: aws.String("BBB"), Type: types.ParameterTypeSecureString, KeyId: aws.String("alias/acme"),
			Overwrite: aws.Bool(true), Tier: types.ParameterTierStandard,
		},
	}
	if diff := cmp.Diff(want, m.params, cmpopts.IgnoreUnexported(ssm.PutParameterInput{})); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAPlainFormThatIsRefusedSaysWhereAndKeepsTheToken(t *testing.T) {
	for _, tt := range []struct{ err, want error }{
		{apiError("AccessDeniedException"), fleet.ErrConfig},
		{apiError("HierarchyTypeMismatchException"), fleet.ErrConfig},
		{apiError("ThrottlingException"), fleet.ErrThrottled},
		{context.DeadlineExceeded, fleet.ErrUnknownOutcome},
	} {
		m := newMemory()
		m.fail = tt.err
		err := storeOn(m).PutPlain(t.Context(), plain, enrolment("hush"))
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "gh-url") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v: %v", tt.err, err)
		}
	}
}
