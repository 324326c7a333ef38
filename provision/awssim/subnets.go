package awssim

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// DescribeSubnets lists subnets with their zones and free addresses, by id or
// all of them.
func (e *EC2) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "DescribeSubnets"}, func() (*ec2.DescribeSubnetsOutput, error) {
		ids := in.SubnetIds
		if len(ids) == 0 {
			ids = slices.Sorted(maps.Keys(e.a.cfg.Subnets))
		}
		var list []types.Subnet
		for _, id := range ids {
			zone, ok := e.a.cfg.Subnets[id]
			if !ok {
				return nil, refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
			}
			fits, err := matches(in.Filters, func(name string) ([]string, bool) {
				switch name {
				case "subnet-id":
					return []string{id}, true
				case "availability-zone":
					return []string{zone}, true
				}
				return nil, false
			})
			if err != nil {
				return nil, err
			}
			if fits {
				list = append(list, types.Subnet{
					SubnetId: aws.String(id), AvailabilityZone: aws.String(zone), VpcId: aws.String(e.a.vpcOf(id)), State: types.SubnetStateAvailable,
					AvailableIpAddressCount: aws.Int32(int32(max(e.a.addresses(id), 0))),
				})
			}
		}
		list, next, err := page(list, in.NextToken, in.MaxResults, 1000)
		return &ec2.DescribeSubnetsOutput{Subnets: list, NextToken: next}, err
	})
}
