package provision

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/runfleet/runfleet/fleet"
)

// CheckAPI is what a check asks of EC2. The SDK's client has it, and so have
// simulations. RunInstances is called dry: it launches nothing.
type CheckAPI interface {
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
	DescribeImages(context.Context, *ec2.DescribeImagesInput, ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error)
	DescribeInstanceTypeOfferings(context.Context, *ec2.DescribeInstanceTypeOfferingsInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypeOfferingsOutput, error)
	RunInstances(context.Context, *ec2.RunInstancesInput, ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error)
}

// ParametersAPI is what a check asks of SSM: which images parameters name.
type ParametersAPI interface {
	GetParameters(context.Context, *ssm.GetParametersInput, ...func(*ssm.Options)) (*ssm.GetParametersOutput, error)
}

// Checker asks AWS whether what a configuration names is there and fits
// together. It changes nothing.
type Checker struct {
	EC2 CheckAPI
	SSM ParametersAPI
}

// Limits of one request.
const (
	filterLimit    = 200 // values of a filter
	parameterLimit = 10  // names of GetParameters
)

// Check asks for everything at once: one call for all subnets, groups, images
// and types each (more only for each 200), one for ten parameters, and a dry
// run. So a fleet of ten pools costs six calls.
func (k Checker) Check(ctx context.Context, c Config) []fleet.Problem {
	s := seen{images: map[string]image{}, refused: map[question]error{}}
	for _, q := range []struct {
		question
		ask func(context.Context, Config, *seen) error
	}{
		{askSubnets, k.subnets}, {askGroups, k.groups}, {askParameters, k.parameters}, {askImages, k.images}, {askTypes, k.types},
	} {
		if err := q.ask(ctx, c, &s); err != nil {
			s.refused[q.question] = err
			if mute(err) {
				return judge(c, s)
			}
		}
	}
	if request := dryRun(c, s); request != nil {
		_, err := k.EC2.RunInstances(ctx, request)
		if err = translate(err); code(err) != dryRunWorks {
			s.refused[askLaunch] = cmp.Or(err, errNotDry)
		}
	}
	return judge(c, s)
}

// mute reports whether AWS would answer no other question either: it did not
// answer, or does not know who asks.
func mute(err error) bool {
	a, ok := errors.AsType[*answer](err)
	return !ok || slices.Contains(strangers, a.code)
}

// dryRunWorks is the error by which EC2 says that a request would have worked.
const dryRunWorks = "DryRunOperation"

var errNotDry = errors.New("EC2 answered a dry run as no dry run is answered")

// dryRun is a launch of one machine as far as only EC2 can judge it: it knows
// the instance profile, and what the manager's role may do. nil where nothing
// could be launched anyway.
func dryRun(c Config, s seen) *ec2.RunInstancesInput {
	subnet, zone, vpc := s.home(c)
	if subnet == "" || slices.ContainsFunc(c.SecurityGroups, func(g string) bool { return s.groups[g] != vpc }) {
		return nil
	}
	for _, p := range c.Pools {
		i := s.images[p.Image]
		at := slices.IndexFunc(p.Types, func(t string) bool { return slices.Contains(s.zones[t], zone) })
		if at < 0 || i.arch != p.Arch || i.state != usable {
			continue
		}
		request := &ec2.RunInstancesInput{
			DryRun: aws.Bool(true), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			ImageId: aws.String(i.id), InstanceType: types.InstanceType(p.Types[at]),
			MetadataOptions: &types.InstanceMetadataOptionsRequest{HttpTokens: types.HttpTokensStateRequired},
			NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{
				AssociatePublicIpAddress: aws.Bool(c.PublicIP), DeviceIndex: aws.Int32(0), Groups: c.SecurityGroups, SubnetId: aws.String(subnet),
			}},
			TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: sortedTags(c.poolTags(p.Name))}},
		}
		if as := profile(c.InstanceProfile); as != nil {
			request.IamInstanceProfile = &types.IamInstanceProfileSpecification{Arn: as.Arn, Name: as.Name}
		}
		return request
	}
	return nil
}
