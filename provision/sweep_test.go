package provision

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// machineIDs are i-0 to i-n, where one may begin like another.
func machineIDs(n int) []fleet.MachineID {
	var ids []fleet.MachineID
	for i := range n {
		ids = append(ids, fleet.MachineID(fmt.Sprintf("i-%d", i)))
	}
	return ids
}

func TestLeftoversAreWhatEC2HasOfTheFleet(t *testing.T) {
	made := noon.Add(-time.Hour)
	var asked []string
	s := &script{
		showFleets: func(in *ec2.DescribeFleetsInput) (*ec2.DescribeFleetsOutput, error) {
			asked = in.FleetIds
			ours := sortedTags(map[string]string{TagFleet: "acme"})
			return &ec2.DescribeFleetsOutput{Fleets: []types.FleetData{
				{FleetId: aws.String("fleet-1"), CreateTime: aws.Time(made), FleetState: types.FleetStateCodeActive, Tags: ours},
				{FleetId: aws.String("fleet-2"), CreateTime: aws.Time(made), FleetState: types.FleetStateCodeDeletedTerminatingInstances, Tags: ours},
				{FleetId: aws.String("fleet-3"), CreateTime: aws.Time(made), FleetState: types.FleetStateCodeActive},
			}}, nil
		},
		showTemplates: func(*ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
			return &ec2.DescribeLaunchTemplatesOutput{LaunchTemplates: []types.LaunchTemplate{{LaunchTemplateId: aws.String("lt-1"), CreateTime: aws.Time(made)}}}, nil
		},
	}
	c := New(acme(s))
	for _, id := range []string{"fleet-1", "fleet-2", "fleet-3"} {
		c.noteFleet(id, made)
	}
	c.noteFleet("fleet-young", noon) // EC2 does not show it yet
	fleets, templates, err := c.Leftovers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]map[string]time.Time{{"fleet-1": made}, {"lt-1": made}}, []map[string]time.Time{fleets, templates}); diff != "" {
		t.Errorf("leftovers (-want +got):\n%s", diff)
	}
	if _, _, err := c.Leftovers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"fleet-1", "fleet-young"}, asked); diff != "" {
		t.Errorf("asked again (-want +got):\n%s", diff)
	}
}

func TestSweepingWhatIsGoneIsNoError(t *testing.T) {
	var batches []int
	s := &script{
		deleteFleets: func(in *ec2.DeleteFleetsInput) (*ec2.DeleteFleetsOutput, error) {
			batches = append(batches, len(in.FleetIds))
			if !aws.ToBool(in.TerminateInstances) {
				return nil, apiError("InvalidParameterValue", "")
			}
			return &ec2.DeleteFleetsOutput{UnsuccessfulFleetDeletions: []types.DeleteFleetErrorItem{{
				FleetId: aws.String(in.FleetIds[0]),
				Error:   &types.DeleteFleetError{Code: types.DeleteFleetErrorCodeFleetIdDoesNotExist},
			}}}, nil
		},
		deleteTemplate: func(*ec2.DeleteLaunchTemplateInput) (*ec2.DeleteLaunchTemplateOutput, error) {
			return nil, apiError("InvalidLaunchTemplateId.NotFound", "")
		},
	}
	c := New(acme(s))
	var ids []string
	for i := range 30 {
		ids = append(ids, fmt.Sprintf("fleet-%d", i))
		c.noteFleet(ids[i], noon)
	}
	if err := c.Sweep(t.Context(), ids, []string{"lt-1:1", "lt-2"}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]int{25, 5}, batches); diff != "" || len(c.known) != 0 {
		t.Errorf("%d fleets still known, batches (-want +got):\n%s", len(c.known), diff)
	}
}

func TestAFleetThatCannotBeDeletedIsAnErrorAndStays(t *testing.T) {
	s := &script{deleteFleets: func(*ec2.DeleteFleetsInput) (*ec2.DeleteFleetsOutput, error) {
		return &ec2.DeleteFleetsOutput{UnsuccessfulFleetDeletions: []types.DeleteFleetErrorItem{{
			FleetId: aws.String("fleet-2"),
			Error:   &types.DeleteFleetError{Code: types.DeleteFleetErrorCodeUnexpectedError, Message: aws.String("odd")},
		}}}, nil
	}}
	c := New(acme(s))
	c.noteFleet("fleet-1", noon)
	c.noteFleet("fleet-2", noon)
	err := c.Sweep(t.Context(), []string{"fleet-1", "fleet-2"}, nil)
	if err == nil || !strings.Contains(err.Error(), "fleet-2: unexpectedError: odd") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(map[string]time.Time{"fleet-2": noon}, c.known); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
}
