package provisiontest

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// parameter is one as it is stored, or decrypted.
func (e Env) parameter(t *testing.T, name string, decrypt bool) *types.Parameter {
	t.Helper()
	got, err := e.SSM.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(decrypt)})
	if err != nil {
		t.Fatal(err)
	}
	return got.Parameter
}

func secret(t *testing.T, e Env) {
	if err := e.store().Put(t.Context(), machine, encoded(40)); err != nil {
		t.Fatal(err)
	}
	name := "/runfleet/" + e.Fleet + "/machines/" + string(machine)
	value, err := base64.StdEncoding.DecodeString(encoded(40))
	if err != nil {
		t.Fatal(err)
	}
	hidden, shown := e.parameter(t, name, false), e.parameter(t, name, true)
	if aws.ToString(shown.Value) != string(value) || aws.ToString(hidden.Value) == string(value) || shown.Type != types.ParameterTypeSecureString {
		t.Errorf("stored as %s: %q, decrypted %q", shown.Type, *hidden.Value, *shown.Value)
	}
	tags, err := e.SSM.ListTagsForResource(t.Context(), &ssm.ListTagsForResourceInput{
		ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: aws.String(name),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tag := range tags.TagList {
		got[*tag.Key] = *tag.Value
	}
	want := map[string]string{
		// What the machine's policy compares with its own ARN.
		"machine":        "arn:aws:ec2:" + e.Region + ":" + e.Account + ":instance/" + string(machine),
		"runfleet:fleet": e.Fleet, "runfleet:protocol": "1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func withdrawn(t *testing.T, e Env) {
	s := e.store()
	if taken, err := s.Withdraw(t.Context(), machine); !taken || err != nil {
		t.Errorf("what never was: taken %v, error %v", taken, err)
	}
	// SSM's reference asks to wait for half a minute before a name is used again.
	// The manager does not, so this is what an account has to show.
	for range 2 {
		if err := s.Put(t.Context(), machine, encoded(10)); err != nil {
			t.Fatal(err)
		}
		if taken, err := s.Withdraw(t.Context(), machine); taken || err != nil {
			t.Errorf("what waits: taken %v, error %v", taken, err)
		}
	}
	if taken, err := s.Withdraw(t.Context(), machine); !taken || err != nil {
		t.Errorf("what was withdrawn: taken %v, error %v", taken, err)
	}
	if got, err := s.Stored(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("stored %v, error %v", got, err)
	}
}

// oversized asks SSM itself, for the adapter never asks too much.
func oversized(t *testing.T, e Env) {
	e.mustBeRight(t, AnySize)
	for tier, most := range map[types.ParameterTier]int{types.ParameterTierStandard: 4096, types.ParameterTierAdvanced: 8192} {
		name := e.name("large-" + strings.ToLower(string(tier)))
		e.forget(t, name)
		for _, size := range []int{most + 1, most} {
			_, err := e.SSM.PutParameter(t.Context(), &ssm.PutParameterInput{
				Name: aws.String(name), Value: aws.String(strings.Repeat("x", size)), Type: types.ParameterTypeString, Tier: tier,
			})
			refused, ok := errors.AsType[smithy.APIError](err)
			if size > most != (ok && refused.ErrorCode() == "ValidationException") || size <= most && err != nil {
				t.Errorf("%d bytes in the tier %s: error %v", size, tier, err)
			}
		}
	}
}

func plainly(t *testing.T, e Env) {
	s := e.store()
	names := fleet.Plain{URL: e.Fleet + "-gh-url", Token: e.name("gh-token")}
	e.forget(t, names.URL, names.Token)
	for _, token := range []string{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBBBBBBBBB"} {
		if err := s.PutPlain(t.Context(), names, fleet.Enrolment{URL: "https://github.com/acme", Token: token}); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{names.URL: "https://github.com/acme", names.Token: token} {
			if got := e.parameter(t, name, true); aws.ToString(got.Value) != want {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
	if got := e.parameter(t, names.Token, false); got.Type != types.ParameterTypeSecureString {
		t.Errorf("the token is a %s", got.Type)
	}
	// A stock image reads the address with no right to a key.
	if got := e.parameter(t, names.URL, false); got.Type != types.ParameterTypeString || aws.ToString(got.Value) != "https://github.com/acme" {
		t.Errorf("the address is %+v", got)
	}
}

func misnamed(t *testing.T, e Env) {
	s, enrolment := e.store(), fleet.Enrolment{URL: "https://github.com/acme", Token: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
	for _, names := range []fleet.Plain{
		{URL: "/aws/" + e.Fleet + "/gh-url", Token: e.name("gh-token")},
		{URL: "aws-" + e.Fleet, Token: e.name("gh-token")},
	} {
		if err := s.PutPlain(t.Context(), names, enrolment); !errors.Is(err, fleet.ErrConfig) {
			t.Errorf("the address as %s: error %v", names.URL, err)
		}
	}
	e.mustBeRight(t, TypesChange)
	names := fleet.Plain{URL: e.name("gh-url"), Token: e.name("gh-url")} // first a String, then a secret
	e.forget(t, names.URL)
	if err := s.PutPlain(t.Context(), names, enrolment); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("a secret where a plain text is: error %v", err)
	}
}
