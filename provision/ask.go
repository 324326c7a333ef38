package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/runfleet/runfleet/fleet"
)

// everyPage asks until there is no further page.
func everyPage(ask func(token *string) (next *string, err error)) error {
	var token *string
	for {
		next, err := ask(token)
		if err != nil {
			return translate(err)
		}
		if aws.ToString(next) == "" {
			return nil
		}
		token = next
	}
}

// subnets asks by a filter: by ids, EC2 names one that is not there and shows
// none of the others.
func (k Checker) subnets(ctx context.Context, c Config, s *seen) error {
	found := map[string]site{}
	for ids := range slices.Chunk(c.Subnets, filterLimit) {
		err := everyPage(func(token *string) (*string, error) {
			out, err := k.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filter("subnet-id", ids), NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, n := range out.Subnets {
				found[aws.ToString(n.SubnetId)] = site{zone: aws.ToString(n.AvailabilityZone), vpc: aws.ToString(n.VpcId)}
			}
			return out.NextToken, nil
		})
		if err != nil {
			return err
		}
	}
	s.subnets = found
	return nil
}

func (k Checker) groups(ctx context.Context, c Config, s *seen) error {
	found := map[string]string{}
	for ids := range slices.Chunk(c.SecurityGroups, filterLimit) {
		err := everyPage(func(token *string) (*string, error) {
			out, err := k.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filter("group-id", ids), NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, g := range out.SecurityGroups {
				found[aws.ToString(g.GroupId)] = aws.ToString(g.VpcId)
			}
			return out.NextToken, nil
		})
		if err != nil {
			return err
		}
	}
	s.groups = found
	return nil
}

// parameters finds the images that parameters name now.
func (k Checker) parameters(ctx context.Context, c Config, s *seen) error {
	var names []string
	for _, p := range c.Pools {
		if name, ok := strings.CutPrefix(p.Image, "ssm:"); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for part := range slices.Chunk(names, parameterLimit) {
		out, err := k.SSM.GetParameters(ctx, &ssm.GetParametersInput{Names: part})
		if err != nil {
			return translate(err)
		}
		for _, name := range part {
			s.images["ssm:"+name] = image{}
		}
		for _, p := range out.Parameters {
			s.images["ssm:"+aws.ToString(p.Name)+aws.ToString(p.Selector)] = image{id: aws.ToString(p.Value)}
		}
	}
	return nil
}

// images asks for the images of the pools, be they named or found.
func (k Checker) images(ctx context.Context, c Config, s *seen) error {
	var ids []string
	for _, p := range c.Pools {
		if strings.HasPrefix(p.Image, "ami-") {
			s.images[p.Image] = image{id: p.Image}
		}
		if id := s.images[p.Image].id; id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	found := map[string]types.Image{}
	for part := range slices.Chunk(ids, filterLimit) {
		err := everyPage(func(token *string) (*string, error) {
			out, err := k.EC2.DescribeImages(ctx, &ec2.DescribeImagesInput{Filters: filter("image-id", part), NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, i := range out.Images {
				found[aws.ToString(i.ImageId)] = i
			}
			return out.NextToken, nil
		})
		if err != nil {
			return err
		}
	}
	for name, i := range s.images {
		if shown, ok := found[i.id]; ok {
			s.images[name] = image{id: i.id, arch: fleet.Arch(shown.Architecture), state: string(shown.State)}
		}
	}
	return nil
}

// types asks in which zones of the region the pools' types are.
func (k Checker) types(ctx context.Context, c Config, s *seen) error {
	var names []string
	for _, p := range c.Pools {
		for _, t := range p.Types {
			if !slices.Contains(names, t) {
				names = append(names, t)
			}
		}
	}
	zones := map[string][]string{}
	for part := range slices.Chunk(names, filterLimit) {
		err := everyPage(func(token *string) (*string, error) {
			out, err := k.EC2.DescribeInstanceTypeOfferings(ctx, &ec2.DescribeInstanceTypeOfferingsInput{
				LocationType: types.LocationTypeAvailabilityZone, Filters: filter("instance-type", part), NextToken: token,
			})
			if err != nil {
				return nil, err
			}
			for _, o := range out.InstanceTypeOfferings {
				zones[string(o.InstanceType)] = append(zones[string(o.InstanceType)], aws.ToString(o.Location))
			}
			return out.NextToken, nil
		})
		if err != nil {
			return err
		}
	}
	for _, at := range zones {
		slices.Sort(at)
	}
	s.zones = zones
	return nil
}

func filter(name string, values []string) []types.Filter {
	return []types.Filter{{Name: aws.String(name), Values: values}}
}
