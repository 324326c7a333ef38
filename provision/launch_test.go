package provision

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// override is how EC2 says which offer an answer is about.
func override(typ types.InstanceType, subnet string) *types.LaunchTemplateAndOverridesResponse {
	return &types.LaunchTemplateAndOverridesResponse{
		Overrides: &types.FleetLaunchTemplateOverrides{InstanceType: typ, SubnetId: aws.String(subnet)},
	}
}

func refusedBy(code, text string, from *types.LaunchTemplateAndOverridesResponse) types.CreateFleetError {
	return types.CreateFleetError{ErrorCode: aws.String(code), ErrorMessage: aws.String(text), Lifecycle: types.InstanceLifecycleSpot, LaunchTemplateAndOverrides: from}
}

func TestPartialSuccessHasBothParts(t *testing.T) {
	s := &script{launch: func(*ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error) {
		return &ec2.CreateFleetOutput{
			FleetId: aws.String("fleet-1"),
			Instances: []types.CreateFleetInstance{
				{InstanceIds: []string{"i-1", "i-2"}, InstanceType: "m7g.large", Lifecycle: types.InstanceLifecycleSpot,
					AvailabilityZone: aws.String("us-east-1b"), SubnetId: aws.String("subnet-b1")},
				// Some answers name the offer in the override only.
				{InstanceIds: []string{"i-3"}, LaunchTemplateAndOverrides: override("m6g.large", "subnet-a1")},
			},
			Errors: []types.CreateFleetError{
				refusedBy("InsufficientInstanceCapacity", "none of it", override("m7g.large", "subnet-a1")),
				refusedBy("InsufficientInstanceCapacity", "none of it", override("m7g.large", "subnet-a1")),
				refusedBy("Unsupported", "not here", override("m6g.large", "subnet-b1")),
				refusedBy("InternalError", "try later", override("m6g.large", "subnet-a1")),
				refusedBy("MaxSpotInstanceCountExceeded", "enough", nil),
			},
		}, nil
	}}
	got, err := New(acme(s)).Launch(t.Context(), "intent-1", launchOf(fleet.Spot))
	if err != nil {
		t.Fatal(err)
	}
	offer := func(typ, zone, subnet string) fleet.Offer {
		return fleet.Offer{Type: typ, Zone: zone, Market: fleet.Spot, Subnet: subnet}
	}
	machine := func(id fleet.MachineID, o fleet.Offer) fleet.Machine {
		return fleet.Machine{ID: id, Pool: "arm64", Intent: "intent-1", Ledger: "ledger-1", EC2Fleet: "fleet-1", Template: "lt-0abc:1", Offer: o, LaunchedAt: noon}
	}
	want := fleet.Launched{
		Machines: []fleet.Machine{
			machine("i-1", offer("m7g.large", "us-east-1b", "subnet-b1")),
			machine("i-2", offer("m7g.large", "us-east-1b", "subnet-b1")),
			machine("i-3", offer("m6g.large", "us-east-1a", "subnet-a1")),
		},
		Refused: []fleet.Refusal{
			{Offer: offer("m7g.large", "us-east-1a", "subnet-a1"), Err: fleet.ErrNoCapacity, Detail: "no capacity: InsufficientInstanceCapacity: none of it"},
			{Offer: offer("m6g.large", "us-east-1b", "subnet-b1"), Err: fleet.ErrNotOffered, Detail: "not offered in the zone: Unsupported: not here"},
			{Offer: offer("m6g.large", "us-east-1a", "subnet-a1"), Err: errors.New("InternalError: try later"), Detail: "InternalError: try later"},
			{Offer: fleet.Offer{Market: fleet.Spot}, Err: fleet.ErrQuota, Detail: "account quota reached: MaxSpotInstanceCountExceeded: enough"},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(sameText)); diff != "" {
		t.Errorf("launched (-want +got):\n%s", diff)
	}
}

func sameText(a, b error) bool { return a == b || a != nil && b != nil && a.Error() == b.Error() }

func TestALaunchThatFailsSaysWhatItMeans(t *testing.T) {
	for _, tt := range []struct {
		name    string
		err     error
		want    error // of the call
		refused error // of the whole market
	}{
		{"throttled", apiError("RequestLimitExceeded", ""), fleet.ErrThrottled, nil},
		{"no answer", context.DeadlineExceeded, fleet.ErrUnknownOutcome, nil},
		{"wrong template", apiError("InvalidLaunchTemplateId.NotFound", ""), fleet.ErrConfig, nil},
		{"another request under the token", apiError("IdempotentParameterMismatch", ""), fleet.ErrConfig, nil},
		{"too many fleets", apiError("MaxFleetCountExceeded", ""), nil, fleet.ErrQuota},
		{"no capacity at all", apiError("InsufficientInstanceCapacity", ""), nil, fleet.ErrNoCapacity},
	} {
		s := &script{launch: func(*ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error) { return nil, tt.err }}
		got, err := New(acme(s)).Launch(t.Context(), "intent-1", launchOf(fleet.Spot))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v", tt.name, err)
		}
		if tt.refused == nil {
			continue
		}
		if len(got.Refused) != 1 || got.Refused[0].Err != tt.refused || got.Refused[0].Offer != (fleet.Offer{Market: fleet.Spot}) {
			t.Errorf("%s: refused %+v", tt.name, got.Refused)
		}
	}
}

func TestATypeThatFailsTheWholeCallIsNamed(t *testing.T) {
	s := &script{launch: func(*ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error) {
		return nil, apiError("InvalidFleetConfiguration", "Your requested instance type (m7g.large) is not supported in your requested Availability Zone (us-east-1b).")
	}}
	got, err := New(acme(s)).Launch(t.Context(), "intent-1", launchOf(fleet.Spot))
	want := fleet.Offer{Type: "m7g.large", Zone: "us-east-1b", Market: fleet.Spot}
	if err != nil || len(got.Refused) != 1 || got.Refused[0].Offer != want || got.Refused[0].Err != fleet.ErrNotOffered {
		t.Errorf("launched %+v, error %v", got, err)
	}
}

func TestAnEmptyAnswerIsARefusal(t *testing.T) {
	s := &script{launch: func(*ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error) {
		return &ec2.CreateFleetOutput{FleetId: aws.String("fleet-1")}, nil
	}}
	got, err := New(acme(s)).Launch(t.Context(), "intent-1", launchOf(fleet.OnDemand))
	if err != nil || len(got.Refused) != 1 || got.Refused[0].Err != fleet.ErrNoCapacity {
		t.Errorf("launched %+v, error %v", got, err)
	}
}

func TestALaunchWithoutOffersIsNeverSent(t *testing.T) {
	l := launchOf(fleet.Spot)
	l.Offers = nil
	if _, err := New(acme(nil)).Launch(t.Context(), "intent-1", l); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("error %v", err)
	}
}

func TestMoreOffersThanEC2TakesAreLeftOut(t *testing.T) {
	l := launchOf(fleet.OnDemand)
	for len(l.Offers) < offerLimit+5 {
		l.Offers = append(l.Offers, l.Offers...)
	}
	if n := len(New(acme(nil)).fleetRequest("intent-1", l).LaunchTemplateConfigs[0].Overrides); n != offerLimit {
		t.Errorf("%d overrides", n)
	}
}

func TestMachinesAreListedPageByPage(t *testing.T) {
	launched := noon.Add(-time.Minute)
	s := &script{showInstances: func(in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
		if in.NextToken == nil {
			return &ec2.DescribeInstancesOutput{NextToken: aws.String("more"), Reservations: []types.Reservation{{Instances: []types.Instance{{
				InstanceId: aws.String("i-1"), InstanceType: "m7g.large", InstanceLifecycle: types.InstanceLifecycleTypeSpot,
				LaunchTime: aws.Time(launched), SubnetId: aws.String("subnet-a1"),
				Placement: &types.Placement{AvailabilityZone: aws.String("us-east-1a")},
				State:     &types.InstanceState{Name: types.InstanceStateNameRunning},
				Tags: sortedTags(map[string]string{
					TagFleet: "acme", TagLedger: "ledger-1", TagPool: "arm64", TagIntent: "intent-1", TagTemplate: "lt-0abc:1", tagEC2Fleet: "fleet-1",
				}),
			}}}}}, nil
		}
		return &ec2.DescribeInstancesOutput{Reservations: []types.Reservation{{Instances: []types.Instance{{InstanceId: aws.String("i-2")}}}}}, nil
	}}
	got, err := New(acme(s)).Machines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []fleet.Machine{
		{
			ID: "i-1", Pool: "arm64", Intent: "intent-1", Ledger: "ledger-1", EC2Fleet: "fleet-1", Template: "lt-0abc:1", State: fleet.Up, LaunchedAt: launched,
			Offer: fleet.Offer{Type: "m7g.large", Zone: "us-east-1a", Market: fleet.Spot, Subnet: "subnet-a1"},
		},
		{ID: "i-2", Offer: fleet.Offer{Market: fleet.OnDemand}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("machines (-want +got):\n%s", diff)
	}
}
