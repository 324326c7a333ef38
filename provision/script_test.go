package provision

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// script is an EC2 whose answers a test writes down. A call that the test did
// not expect panics on the nil interface.
type script struct {
	EC2API
	makeTemplate   func(*ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error)
	showTemplates  func(*ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error)
	deleteTemplate func(*ec2.DeleteLaunchTemplateInput) (*ec2.DeleteLaunchTemplateOutput, error)
	launch         func(*ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error)
	showFleets     func(*ec2.DescribeFleetsInput) (*ec2.DescribeFleetsOutput, error)
	deleteFleets   func(*ec2.DeleteFleetsInput) (*ec2.DeleteFleetsOutput, error)
	showInstances  func(*ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error)
	end            func(*ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error)
	stop           func(*ec2.StopInstancesInput) (*ec2.StopInstancesOutput, error)
	start          func(*ec2.StartInstancesInput) (*ec2.StartInstancesOutput, error)
	showSubnets    func(*ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error)
}

func (s *script) CreateLaunchTemplate(_ context.Context, in *ec2.CreateLaunchTemplateInput, _ ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateOutput, error) {
	return s.makeTemplate(in)
}

func (s *script) DescribeLaunchTemplates(_ context.Context, in *ec2.DescribeLaunchTemplatesInput, _ ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error) {
	return s.showTemplates(in)
}

func (s *script) DeleteLaunchTemplate(_ context.Context, in *ec2.DeleteLaunchTemplateInput, _ ...func(*ec2.Options)) (*ec2.DeleteLaunchTemplateOutput, error) {
	return s.deleteTemplate(in)
}

func (s *script) CreateFleet(_ context.Context, in *ec2.CreateFleetInput, _ ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error) {
	return s.launch(in)
}

func (s *script) DescribeFleets(_ context.Context, in *ec2.DescribeFleetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeFleetsOutput, error) {
	return s.showFleets(in)
}

func (s *script) DeleteFleets(_ context.Context, in *ec2.DeleteFleetsInput, _ ...func(*ec2.Options)) (*ec2.DeleteFleetsOutput, error) {
	return s.deleteFleets(in)
}

func (s *script) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return s.showInstances(in)
}

func (s *script) TerminateInstances(_ context.Context, in *ec2.TerminateInstancesInput, _ ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error) {
	return s.end(in)
}

func (s *script) StopInstances(_ context.Context, in *ec2.StopInstancesInput, _ ...func(*ec2.Options)) (*ec2.StopInstancesOutput, error) {
	return s.stop(in)
}

func (s *script) StartInstances(_ context.Context, in *ec2.StartInstancesInput, _ ...func(*ec2.Options)) (*ec2.StartInstancesOutput, error) {
	return s.start(in)
}

func (s *script) DescribeSubnets(_ context.Context, in *ec2.DescribeSubnetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	return s.showSubnets(in)
}

// noon is when every scripted test happens.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

const arm64Image = "ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id"

// acme is a fleet of one pool in three subnets of two zones.
func acme(s *script) Config {
	return Config{
		EC2: s, Fleet: "acme", Ledger: "ledger-1", Region: "us-east-1",
		Subnets:         []string{"subnet-a1", "subnet-b1", "subnet-a2"},
		SecurityGroups:  []string{"sg-1"},
		InstanceProfile: "runfleet-machine",
		Tags:            map[string]string{"team": "ci", "cost": "42"},
		Pools: []PoolSpec{{
			Name: "arm64", Arch: fleet.ARM64, Types: []string{"m7g.large", "m6g.large"},
			Image: arm64Image, DiskGiB: 40,
		}},
		Now: func() time.Time { return noon },
	}
}

// twoZones answers with acme's subnets; free holds their addresses in order.
func twoZones(free ...int32) func(*ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
	return func(*ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
		out := &ec2.DescribeSubnetsOutput{}
		for i, id := range []string{"subnet-a1", "subnet-b1", "subnet-a2"} {
			out.Subnets = append([]types.Subnet{{
				SubnetId: aws.String(id), AvailabilityZone: aws.String("us-east-1" + id[7:8]),
				AvailableIpAddressCount: aws.Int32(free[i]),
			}}, out.Subnets...)
		}
		return out, nil
	}
}

func noTemplates(*ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
	return &ec2.DescribeLaunchTemplatesOutput{}, nil
}

func madeTemplate(id string) func(*ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error) {
	return func(in *ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error) {
		return &ec2.CreateLaunchTemplateOutput{LaunchTemplate: &types.LaunchTemplate{
			LaunchTemplateId: aws.String(id), LaunchTemplateName: in.LaunchTemplateName,
		}}, nil
	}
}

func apiError(code, text string) error {
	return &smithy.OperationError{ServiceID: "EC2", OperationName: "Any", Err: &smithy.GenericAPIError{Code: code, Message: text}}
}

// offersOf are a launch's offers of one market, in acme's zones.
func offersOf(market fleet.Market) []fleet.Offer {
	return []fleet.Offer{
		{Type: "m7g.large", Zone: "us-east-1a", Market: market, Subnet: "subnet-a1"},
		{Type: "m7g.large", Zone: "us-east-1b", Market: market, Subnet: "subnet-b1"},
		{Type: "m6g.large", Zone: "us-east-1a", Market: market, Subnet: "subnet-a1"},
	}
}

func launchOf(market fleet.Market) fleet.Launch {
	return fleet.Launch{Pool: "arm64", Template: "lt-0abc:1", Market: market, Offers: offersOf(market), Count: 3}
}
