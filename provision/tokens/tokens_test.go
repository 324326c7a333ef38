package tokens

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/fleet"
)

const machine = fleet.MachineID("i-0123456789abcdef0")

func storeOn(m SSMAPI) *Store {
	return &Store{SSM: m, Fleet: "acme", Region: "us-east-1", Account: "123456789012"}
}

// encoded is a config of n bytes as GitHub sends it.
func encoded(n int) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"` + strings.Repeat("x", n-6) + `":1}`))
}

func TestAConfigIsStoredDecodedForOneMachine(t *testing.T) {
	m := newMemory()
	s := storeOn(m)
	s.KMSKey = "alias/acme"
	if err := s.Put(t.Context(), machine, base64.StdEncoding.EncodeToString([]byte(`{".runner":"e30="}`))); err != nil {
		t.Fatal(err)
	}
	name := "/runfleet/acme/machines/i-0123456789abcdef0"
	want := &ssm.PutParameterInput{
		Name: aws.String(name), Value: aws.String(`{".runner":"e30="}`), KeyId: aws.String("alias/acme"),
		Overwrite: aws.Bool(false), Tier: types.ParameterTierStandard, Type: types.ParameterTypeSecureString,
		Tags: []types.Tag{
			{Key: aws.String("machine"), Value: aws.String("arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0")},
			{Key: aws.String("runfleet:fleet"), Value: aws.String("acme")},
			{Key: aws.String("runfleet:protocol"), Value: aws.String("1")},
		},
	}
	if diff := cmp.Diff(want, m.params[name], cmpopts.IgnoreUnexported(ssm.PutParameterInput{}, types.Tag{})); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestALongConfigTakesTheAdvancedTier(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bytes int
		want  types.ParameterTier // empty: refused
	}{
		{"what fits the free tier", 4096, types.ParameterTierStandard},
		{"one byte more", 4097, types.ParameterTierAdvanced},
		{"the most that SSM takes", 8192, types.ParameterTierAdvanced},
		{"more than SSM takes", 8193, ""},
	} {
		m := newMemory()
		s := storeOn(m)
		err := s.Put(t.Context(), machine, encoded(tt.bytes))
		if tt.want == "" {
			if !errors.Is(err, fleet.ErrConfig) || len(m.params) != 0 {
				t.Errorf("%s: error %v", tt.name, err)
			}
			continue
		}
		if err != nil || m.params[s.name(machine)].Tier != tt.want {
			t.Errorf("%s: %+v, error %v", tt.name, m.params, err)
		}
	}
}

func TestARegionsPartitionIsInTheARN(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1":     "arn:aws:ec2:eu-west-1:1:instance/i-1",
		"cn-north-1":    "arn:aws-cn:ec2:cn-north-1:1:instance/i-1",
		"us-gov-west-1": "arn:aws-us-gov:ec2:us-gov-west-1:1:instance/i-1",
	} {
		s := &Store{Region: region, Account: "1"}
		if got := s.arn("i-1"); got != want {
			t.Errorf("%s: %s", region, got)
		}
	}
}

func TestAConfigIsNeverOverwritten(t *testing.T) {
	s := storeOn(newMemory())
	if err := s.Put(t.Context(), machine, encoded(10)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), machine, encoded(11)); !errors.Is(err, fleet.ErrTaken) {
		t.Errorf("second put: %v", err)
	}
	if got, ok, err := s.Take(t.Context(), machine); got != encoded(10) || !ok || err != nil {
		t.Errorf("took %q, %v, %v", got, ok, err)
	}
}

func TestWhoeverDeletesHasTheConfig(t *testing.T) {
	s := storeOn(newMemory())
	put := func() {
		t.Helper()
		if err := s.Put(t.Context(), machine, encoded(10)); err != nil {
			t.Fatal(err)
		}
	}
	put()
	if taken, err := s.Withdraw(t.Context(), machine); taken || err != nil {
		t.Errorf("withdraw what waits: taken %v, error %v", taken, err)
	}
	if _, ok, err := s.Take(t.Context(), machine); ok || err != nil {
		t.Errorf("take what was withdrawn: %v, error %v", ok, err)
	}
	put()
	if _, ok, err := s.Take(t.Context(), machine); !ok || err != nil {
		t.Errorf("take what waits: %v, error %v", ok, err)
	}
	if taken, err := s.Withdraw(t.Context(), machine); !taken || err != nil {
		t.Errorf("withdraw what was taken: %v, error %v", taken, err)
	}
}

func TestAConfigWithdrawnBetweenGetAndDeleteIsForgotten(t *testing.T) {
	m := newMemory()
	s := storeOn(m)
	if err := s.Put(t.Context(), machine, encoded(10)); err != nil {
		t.Fatal(err)
	}
	m.onGet = func() {
		if taken, err := s.Withdraw(t.Context(), machine); taken || err != nil {
			t.Errorf("withdraw: taken %v, error %v", taken, err)
		}
	}
	if config, ok, err := s.Take(t.Context(), machine); ok || config != "" || err != nil {
		t.Errorf("took %q, %v, error %v", config, ok, err)
	}
}

func TestExactlyOneSideWinsARace(t *testing.T) {
	for range 200 {
		s := storeOn(newMemory())
		if err := s.Put(t.Context(), machine, encoded(10)); err != nil {
			t.Fatal(err)
		}
		var took, taken bool
		var wg sync.WaitGroup
		wg.Go(func() { _, took, _ = s.Take(t.Context(), machine) })
		wg.Go(func() { taken, _ = s.Withdraw(t.Context(), machine) })
		wg.Wait()
		if took != taken {
			t.Fatalf("the agent took it: %v; the manager thinks so: %v", took, taken)
		}
	}
}

func TestAClaimWithoutAnAnswerIsNotUsed(t *testing.T) {
	m := newMemory()
	s := storeOn(m)
	if err := s.Put(t.Context(), machine, encoded(10)); err != nil {
		t.Fatal(err)
	}
	m.onGet = func() { m.fail = context.DeadlineExceeded }
	if config, ok, err := s.Take(t.Context(), machine); ok || config != "" || !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("took %q, %v, error %v", config, ok, err)
	}
}

func TestStoredListsEveryPageOfMachinesAndNothingElse(t *testing.T) {
	s := storeOn(newMemory())
	want := map[fleet.MachineID]time.Time{}
	for i := range 25 {
		id := fleet.MachineID(fmt.Sprintf("i-%02d", i))
		want[id] = noon
		if err := s.Put(t.Context(), id, encoded(10)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.ClaimOwner(t.Context(), "ledger-1"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Stored(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestAFleetHasOneOwner(t *testing.T) {
	s := storeOn(newMemory())
	claim := func(id, want string) {
		t.Helper()
		if got, err := s.ClaimOwner(t.Context(), id); got != want || err != nil {
			t.Errorf("%s claims: owner %q, error %v", id, got, err)
		}
	}
	claim("ledger-1", "ledger-1")
	claim("ledger-1", "ledger-1")
	claim("ledger-2", "ledger-1")
	if err := s.Adopt(t.Context(), "ledger-2"); err != nil {
		t.Fatal(err)
	}
	claim("ledger-1", "ledger-2")
}

func TestErrorsHaveTheirMeaning(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want error
	}{
		{apiError("ThrottlingException"), fleet.ErrThrottled},
		{apiError("TooManyUpdates"), fleet.ErrThrottled},
		{apiError("InternalServerError"), fleet.ErrUnknownOutcome},
		{context.DeadlineExceeded, fleet.ErrUnknownOutcome},
		{apiError("ParameterLimitExceeded"), fleet.ErrQuota},
		{apiError("AccessDeniedException"), fleet.ErrConfig},
		{apiError("InvalidKeyId"), fleet.ErrConfig},
	} {
		m := newMemory()
		s := storeOn(m)
		for name, call := range map[string]func() error{
			"put":      func() error { return s.Put(t.Context(), machine, encoded(10)) },
			"withdraw": func() error { _, err := s.Withdraw(t.Context(), machine); return err },
			"stored":   func() error { _, err := s.Stored(t.Context()); return err },
			"take":     func() error { _, _, err := s.Take(t.Context(), machine); return err },
			"claim":    func() error { _, err := s.ClaimOwner(t.Context(), "ledger-1"); return err },
			"adopt":    func() error { return s.Adopt(t.Context(), "ledger-1") },
			"owner":    func() error { _, err := s.Owner(t.Context()); return err },
		} {
			m.fail = tt.err
			if err := call(); !errors.Is(err, tt.want) {
				t.Errorf("%s with %v: %v", name, tt.err, err)
			}
		}
	}
}

func TestNoErrorShowsASecret(t *testing.T) {
	secret := "not base64: hunter2"
	if err := storeOn(newMemory()).Put(t.Context(), machine, secret); !errors.Is(err, fleet.ErrConfig) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
	m := newMemory()
	m.fail = apiError("ValidationException") // SSM quotes the value there
	if err := storeOn(m).Put(t.Context(), machine, encoded(10)); !errors.Is(err, fleet.ErrConfig) || strings.Contains(err.Error(), "sentence") {
		t.Errorf("error %v", err)
	}
}
