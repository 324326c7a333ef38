package awssim

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// vpcOf is the VPC of a subnet.
func (a *Account) vpcOf(subnet string) string { return cmp.Or(a.cfg.VPCs[subnet], "vpc-1") }

// DescribeSecurityGroups lists security groups, by filter.
func (e *EC2) DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "DescribeSecurityGroups"}, func() (*ec2.DescribeSecurityGroupsOutput, error) {
		var list []types.SecurityGroup
		for _, id := range slices.Sorted(maps.Keys(e.a.cfg.VPCs)) {
			fits, err := matches(in.Filters, oneFact("group-id", id))
			if err != nil {
				return nil, err
			}
			if fits && strings.HasPrefix(id, "sg-") {
				list = append(list, types.SecurityGroup{GroupId: aws.String(id), VpcId: aws.String(e.a.cfg.VPCs[id])})
			}
		}
		list, next, err := page(list, in.NextToken, in.MaxResults, 1000)
		return &ec2.DescribeSecurityGroupsOutput{SecurityGroups: list, NextToken: next}, err
	})
}

// DescribeImages lists images, by filter.
func (e *EC2) DescribeImages(ctx context.Context, in *ec2.DescribeImagesInput, _ ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "DescribeImages"}, func() (*ec2.DescribeImagesOutput, error) {
		var list []types.Image
		for _, id := range slices.Sorted(maps.Keys(e.a.cfg.Images)) {
			fits, err := matches(in.Filters, oneFact("image-id", id))
			if err != nil {
				return nil, err
			}
			if fits {
				list = append(list, types.Image{
					ImageId: aws.String(id), Architecture: types.ArchitectureValues(e.a.cfg.Images[id]), State: types.ImageStateAvailable,
				})
			}
		}
		list, next, err := page(list, in.NextToken, in.MaxResults, 1000)
		return &ec2.DescribeImagesOutput{Images: list, NextToken: next}, err
	})
}

// DescribeInstanceTypeOfferings lists types with the zones that offer them. It
// knows the types that a filter names and the zones of the subnets.
func (e *EC2) DescribeInstanceTypeOfferings(ctx context.Context, in *ec2.DescribeInstanceTypeOfferingsInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceTypeOfferingsOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "DescribeInstanceTypeOfferings"}, func() (*ec2.DescribeInstanceTypeOfferingsOutput, error) {
		if in.LocationType != types.LocationTypeAvailabilityZone || len(in.Filters) != 1 || aws.ToString(in.Filters[0].Name) != "instance-type" {
			return nil, refuse("InvalidParameterValue", "awssim knows offerings of zones, by type")
		}
		var list []types.InstanceTypeOffering
		zones := slices.Compact(slices.Sorted(maps.Values(e.a.cfg.Subnets)))
		for _, name := range in.Filters[0].Values {
			for _, zone := range zones {
				if e.a.cfg.Offered == nil || e.a.cfg.Offered(name, zone) {
					list = append(list, types.InstanceTypeOffering{
						InstanceType: types.InstanceType(name), Location: aws.String(zone), LocationType: in.LocationType,
					})
				}
			}
		}
		list, next, err := page(list, in.NextToken, in.MaxResults, 1000)
		return &ec2.DescribeInstanceTypeOfferingsOutput{InstanceTypeOfferings: list, NextToken: next}, err
	})
}

// RunInstances judges a dry run of one network interface, and refuses any other:
// the fleet launches by CreateFleet.
func (e *EC2) RunInstances(ctx context.Context, in *ec2.RunInstancesInput, _ ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "RunInstances"}, func() (*ec2.RunInstancesOutput, error) {
		return nil, e.a.dryRun(in)
	})
}

func (a *Account) dryRun(in *ec2.RunInstancesInput) error {
	if !aws.ToBool(in.DryRun) || len(in.NetworkInterfaces) != 1 {
		return refuse("UnsupportedOperation", "awssim runs no instances but those of fleets")
	}
	subnet, image := aws.ToString(in.NetworkInterfaces[0].SubnetId), aws.ToString(in.ImageId)
	if a.cfg.Subnets[subnet] == "" {
		return refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", subnet)
	}
	for _, g := range in.NetworkInterfaces[0].Groups {
		if a.cfg.VPCs[g] != a.vpcOf(subnet) {
			return refuse("InvalidParameter", "Security group %s and subnet %s belong to different networks.", g, subnet)
		}
	}
	if a.cfg.Images[image] == "" {
		return refuse("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", image)
	}
	if p := in.IamInstanceProfile; p != nil {
		name := aws.ToString(p.Name) + aws.ToString(p.Arn)
		if !slices.Contains(a.cfg.Profiles, name[strings.LastIndex(name, "/")+1:]) {
			return refuse("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", name)
		}
	}
	return refuse("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
}

// oneFact is all that a filter may ask for: an id.
func oneFact(name, id string) func(string) ([]string, bool) {
	return func(asked string) ([]string, bool) { return []string{id}, asked == name }
}
