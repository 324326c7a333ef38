package provision

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestRecipesOfferEveryTypeInEveryZoneSpotFirst(t *testing.T) {
	s := &script{showSubnets: twoZones(10, 10, 200), showTemplates: noTemplates, makeTemplate: madeTemplate("lt-1")}
	got, err := New(acme(s)).Recipes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var offers []fleet.Offer
	for _, market := range []fleet.Market{fleet.Spot, fleet.OnDemand} {
		for _, typ := range []string{"m7g.large", "m6g.large"} {
			offers = append(offers,
				fleet.Offer{Type: typ, Zone: "us-east-1a", Market: market, Subnet: "subnet-a2"},
				fleet.Offer{Type: typ, Zone: "us-east-1b", Market: market, Subnet: "subnet-b1"})
		}
	}
	want := []fleet.Recipe{{Pool: "arm64", Template: "lt-1:1", Offers: offers}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recipes (-want +got):\n%s", diff)
	}
}

func TestADryRunMakesNoTemplate(t *testing.T) {
	s := &script{showSubnets: twoZones(10, 10, 200), showTemplates: noTemplates} // and makeTemplate would panic
	c := acme(s)
	c.Dry = true
	got, err := New(c).Recipes(t.Context())
	if err != nil || len(got) != 1 || got[0].Template != "lt-unmade:1" || len(got[0].Offers) != 8 || got[0].Problem != "" {
		t.Errorf("recipes %+v, error %v", got, err)
	}
}

func TestSubnetsOfAZoneTakeTurns(t *testing.T) {
	s := &script{showSubnets: twoZones(10, 10, 12), showTemplates: noTemplates, makeTemplate: madeTemplate("lt-1")}
	c := New(acme(s))
	subnetOfA := func() string {
		recipes, err := c.Recipes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return recipes[0].Offers[0].Subnet
	}
	before := subnetOfA()
	c.occupy("subnet-a2", 5)
	if got := before + " " + subnetOfA(); got != "subnet-a2 subnet-a1" {
		t.Errorf("subnets in turn: %s", got)
	}
}

func TestWhatIsKnownIsNotAskedAgain(t *testing.T) {
	var asked []string
	now, fail := noon, false
	s := &script{
		showSubnets: func(in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
			asked = append(asked, "subnets")
			if fail {
				return nil, apiError("RequestLimitExceeded", "")
			}
			return twoZones(1, 1, 1)(in)
		},
		showTemplates: func(in *ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
			asked = append(asked, "list")
			return noTemplates(in)
		},
		makeTemplate: func(in *ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error) {
			asked = append(asked, "make")
			return madeTemplate("lt-1")(in)
		},
		launch: func(*ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error) {
			return nil, apiError("InvalidLaunchTemplateId.NotFound", "")
		},
	}
	cfg := acme(s)
	cfg.Now = func() time.Time { return now }
	c := New(cfg)
	look := func(want ...string) {
		t.Helper()
		asked = nil
		if _, err := c.Recipes(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	}
	look("subnets", "list", "make")
	look()
	now, fail = now.Add(subnetAge), true
	look("subnets") // throttled: the old ones are good enough
	fail = false
	look("subnets")
	if _, err := c.Launch(t.Context(), "intent-1", launchOf(fleet.Spot)); err == nil {
		t.Error("launched from a template that is gone")
	}
	look("list", "make")
}

func TestATemplateOfThatNameIsOurs(t *testing.T) {
	s := &script{showSubnets: twoZones(1, 1, 1)}
	s.makeTemplate = func(*ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error) {
		return nil, apiError("InvalidLaunchTemplateName.AlreadyExistsException", "")
	}
	s.showTemplates = func(in *ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
		if len(in.LaunchTemplateNames) == 0 { // a listing may lag
			return &ec2.DescribeLaunchTemplatesOutput{}, nil
		}
		return &ec2.DescribeLaunchTemplatesOutput{LaunchTemplates: []types.LaunchTemplate{
			{LaunchTemplateId: aws.String("lt-9"), LaunchTemplateName: aws.String(in.LaunchTemplateNames[0])},
		}}, nil
	}
	got, err := New(acme(s)).Recipes(t.Context())
	if err != nil || got[0].Template != "lt-9:1" {
		t.Errorf("recipes %+v, error %v", got, err)
	}
}

func TestAPoolWithAProblemDoesNotStopTheOthers(t *testing.T) {
	s := &script{showSubnets: twoZones(1, 1, 1), showTemplates: noTemplates}
	s.makeTemplate = func(in *ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error) {
		if *in.LaunchTemplateData.ImageId == "ami-wrong" {
			return nil, apiError("InvalidAMIID.Malformed", "no such image")
		}
		return madeTemplate("lt-1")(in)
	}
	cfg := acme(s)
	cfg.Pools = append([]PoolSpec{
		{Name: "wrong", Image: "ami-wrong"},
		{Name: "large", Image: "ami-1", UserData: make([]byte, userDataLimit+1)},
	}, cfg.Pools...)
	got, err := New(cfg).Recipes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got[0].Problem, "no such image") || !strings.Contains(got[1].Problem, "16385 bytes") || got[2].Problem != "" || got[2].Template == "" {
		t.Errorf("recipes: %+v", got)
	}
}

func TestSubnetsThatAreNotThereHideNoOthers(t *testing.T) {
	s := &script{showTemplates: noTemplates, makeTemplate: madeTemplate("lt-1")}
	s.showSubnets = func(in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
		out, err := twoZones(1, 1, 1)(in)
		out.Subnets = out.Subnets[1:2] // in the reverse order: subnet-b1
		return out, err
	}
	got, err := New(acme(s)).Recipes(t.Context())
	if err != nil || got[0].Problem != "" || len(got[0].Offers) != 4 || got[0].Offers[0].Subnet != "subnet-b1" {
		t.Errorf("recipes %+v, error %v", got, err)
	}
	s.showSubnets = func(*ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
		return &ec2.DescribeSubnetsOutput{}, nil
	}
	want := "describe subnets in us-east-1: configuration refused: none of subnet-a1, subnet-b1, subnet-a2 is there"
	if got, err = New(acme(s)).Recipes(t.Context()); err != nil || got[0].Problem != want {
		t.Errorf("recipes %+v, error %v", got, err)
	}
	s.showSubnets = func(*ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
		return nil, apiError("RequestLimitExceeded", "")
	}
	if _, err := New(acme(s)).Recipes(t.Context()); !errors.Is(err, fleet.ErrThrottled) {
		t.Errorf("throttled at the first look: error %v", err)
	}
}

func TestAPreparedImageIsNotPoweredOffByThePlaceholder(t *testing.T) {
	c := New(Config{Fleet: "f"})
	for _, tt := range []struct {
		name string
		pool PoolSpec
		want bool
	}{
		{"a stock image without user data is", PoolSpec{Name: "p"}, true},
		{"a prepared one starts its agent itself", PoolSpec{Name: "p", Prepared: true}, false},
		{"and gets the user data that there is", PoolSpec{Name: "p", Prepared: true, UserData: []byte("#!/bin/sh\n")}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := c.templateData(tt.pool).UserData; (got != nil) != tt.want {
				t.Errorf("user data %v", got)
			}
		})
	}
}
