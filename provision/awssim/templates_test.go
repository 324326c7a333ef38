package awssim

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

func TestLaunchTemplates(t *testing.T) {
	for _, tt := range []struct {
		name     string
		template string
		userData int
		want     string
	}{
		{"a new name makes a template", "other", 16384, ""},
		{"a name is unique", "runfleet-test", 10, "InvalidLaunchTemplateName.AlreadyExistsException"},
		{"a name has no spaces", "a name", 10, "InvalidLaunchTemplateName.MalformedException"},
		{"user data has 16 KiB at most", "large", 16385, "InvalidUserData.Malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, nil)
			_, err := r.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
				LaunchTemplateName: &tt.template, LaunchTemplateData: &types.RequestLaunchTemplateData{
					UserData: aws.String(base64.StdEncoding.EncodeToString(make([]byte, tt.userData))),
				},
			})
			if code(err) != tt.want {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestLaunchTemplateGone(t *testing.T) {
	r := open(t, nil)
	byName := &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"runfleet-test"}}
	out, err := r.ec2.DescribeLaunchTemplates(t.Context(), byName)
	if err != nil || len(out.LaunchTemplates) != 1 || *out.LaunchTemplates[0].LaunchTemplateId != r.template {
		t.Fatalf("described %+v, error %v", out, err)
	}
	remove := &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &r.template}
	if _, err := r.ec2.DeleteLaunchTemplate(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ec2.DeleteLaunchTemplate(t.Context(), remove); code(err) != "InvalidLaunchTemplateId.NotFound" {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := r.ec2.DescribeLaunchTemplates(t.Context(), byName); code(err) != "InvalidLaunchTemplateName.NotFoundException" {
		t.Errorf("described by a name that is gone: %v", err)
	}
	old := r.template
	if again := r.makeTemplate("runfleet-test", func(*types.RequestLaunchTemplateData) {}); again == old {
		t.Error("the name's second template has the first one's id")
	}
}

func TestFleets(t *testing.T) {
	r := open(t, nil)
	ids := r.launched("intent-1", 2, false)
	r.pass(time.Minute)
	id := r.Left("/").Fleets[0]
	state := func() types.FleetStateCode {
		t.Helper()
		out, err := r.ec2.DescribeFleets(t.Context(), &ec2.DescribeFleetsInput{FleetIds: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Fleets[0].FleetState
	}
	if out, err := r.ec2.DescribeFleets(t.Context(), &ec2.DescribeFleetsInput{}); err != nil || len(out.Fleets) != 0 {
		t.Errorf("instant fleets were listed: %+v, %v", out, err)
	}
	if got := state(); got != "active" {
		t.Errorf("state %s", got)
	}
	remove := &ec2.DeleteFleetsInput{FleetIds: []string{id, "fleet-0"}}
	if _, err := r.ec2.DeleteFleets(t.Context(), remove); code(err) != "InvalidParameterValue" {
		t.Errorf("deleted without its machines: %v", err)
	}
	remove.TerminateInstances = aws.Bool(true)
	out, err := r.ec2.DeleteFleets(t.Context(), remove)
	if err != nil || len(out.SuccessfulFleetDeletions) != 1 || out.UnsuccessfulFleetDeletions[0].Error.Code != "fleetIdDoesNotExist" {
		t.Fatalf("deleted %+v, error %v", out, err)
	}
	if got := state(); got != "deleted_terminating" || len(r.Left("/").Fleets) != 0 {
		t.Errorf("state %s, left %v", got, r.Left("/").Fleets)
	}
	r.pass(time.Minute)
	want := map[string]string{ids[0]: "terminated", ids[1]: "terminated"}
	if diff := cmp.Diff(want, r.seen(&ec2.DescribeInstancesInput{})); diff != "" || state() != "deleted" {
		t.Errorf("state %s, machines (-want +got):\n%s", state(), diff)
	}
	r.pass(time.Hour)
	if _, err := r.ec2.DescribeFleets(t.Context(), &ec2.DescribeFleetsInput{FleetIds: []string{id}}); code(err) != "InvalidFleetId.NotFound" {
		t.Errorf("an hour later: %v", err)
	}
	if _, err := r.ec2.DeleteFleets(t.Context(), &ec2.DeleteFleetsInput{FleetIds: make([]string, 26), TerminateInstances: aws.Bool(true)}); err == nil {
		t.Error("26 fleets were deleted at once")
	}
}

func TestFleetThatLaunchedNothingGoesByItself(t *testing.T) {
	r := open(t, nil)
	r.SetEmpty("*/*/*", true)
	out, err := r.ec2.CreateFleet(t.Context(), r.request("intent-1", 1, false, "c6g.xlarge/subnet-a"))
	if err != nil || len(r.Left("/").Fleets) != 1 || r.Left("/").Fleets[0] != *out.FleetId {
		t.Fatalf("left %v, error %v", r.Left("/").Fleets, err)
	}
	r.pass(time.Hour)
	if left := r.Left("/").Fleets; len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestCreateTags(t *testing.T) {
	r := open(t, nil)
	id := r.launched("intent-1", 1, false)[0]
	r.pass(time.Minute)
	tag := func(value string, ids ...string) error {
		_, err := r.ec2.CreateTags(t.Context(), &ec2.CreateTagsInput{
			Resources: ids, Tags: []types.Tag{{Key: aws.String("fleet"), Value: &value}},
		})
		return err
	}
	if err := tag("other", id, r.template, r.Left("/").Fleets[0]); err != nil {
		t.Fatal(err)
	}
	if err := tag("third", id, "i-0"); code(err) != "InvalidInstanceID.NotFound" {
		t.Errorf("tag of an unknown machine: %v", err)
	}
	if got := r.seen(&ec2.DescribeInstancesInput{Filters: []types.Filter{filter("tag:fleet", "other")}}); len(got) != 1 {
		t.Errorf("found by the new tag: %v", got)
	}
}

func TestDescribeSubnets(t *testing.T) {
	r := open(t, func(c *Config) { c.Addresses = map[string]int{"subnet-a": 10} })
	r.launched("intent-1", 3, false)
	out, err := r.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-a"}})
	if err != nil || *out.Subnets[0].AvailabilityZone != "us-east-1a" || *out.Subnets[0].AvailableIpAddressCount != 7 {
		t.Errorf("described %+v, error %v", out, err)
	}
	if out, err := r.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{}); err != nil || len(out.Subnets) != 3 {
		t.Errorf("described %+v, error %v", out, err)
	}
	if _, err := r.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-x"}}); code(err) != "InvalidSubnetID.NotFound" {
		t.Errorf("an unknown subnet: %v", err)
	}
}
