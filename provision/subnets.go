package provision

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/runfleet/runfleet/fleet"
)

// subnetAge is how long the zones and free addresses of subnets are believed.
const subnetAge = 10 * time.Minute

// subnets is what EC2 said of the fleet's subnets.
type subnets struct {
	list []subnet // in the configuration's order
	at   time.Time
}

type subnet struct {
	id, zone string
	free     int // addresses, less what was launched since
}

// places are the zones of the fleet in the configuration's order, each with
// the subnet that has most addresses free: subnets of a zone take turns.
func (c *Cloud) places(ctx context.Context) ([]place, error) {
	list, err := c.currentSubnets(ctx)
	if err != nil {
		return nil, err
	}
	var places []place
	best := map[string]subnet{}
	for _, s := range list {
		old, seen := best[s.zone]
		if !seen {
			places = append(places, place{zone: s.zone})
		}
		if !seen || s.free > old.free {
			best[s.zone] = s
		}
	}
	for i := range places {
		places[i].subnet = best[places[i].zone].id
	}
	return places, nil
}

// currentSubnets is what is known of the subnets, asked again when it is old.
// If EC2 does not answer then, the old is good enough: zones never change.
func (c *Cloud) currentSubnets(ctx context.Context) ([]subnet, error) {
	at := c.Now()
	c.mu.Lock()
	list, asked := slices.Clone(c.subnets.list), c.subnets.at
	c.mu.Unlock()
	if len(list) > 0 && at.Sub(asked) < subnetAge {
		return list, nil
	}
	fresh, err := c.describeSubnets(ctx)
	switch {
	case err != nil && len(list) == 0:
		return nil, err
	case err != nil:
		c.Log.WarnContext(ctx, "subnets not refreshed", "err", err)
		return list, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subnets = subnets{fresh, at}
	return slices.Clone(fresh), nil
}

// describeSubnets asks by a filter, so that one that is not there hides none of
// the others: machines go where they can.
func (c *Cloud) describeSubnets(ctx context.Context) ([]subnet, error) {
	if len(c.Subnets) == 0 {
		return nil, fmt.Errorf("describe subnets: %w: none is configured", fleet.ErrConfig)
	}
	var list []subnet
	request := &ec2.DescribeSubnetsInput{Filters: filter("subnet-id", c.Subnets)}
	for {
		out, err := c.EC2.DescribeSubnets(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("describe subnets in %s: %w", c.Region, translate(err))
		}
		for _, s := range out.Subnets {
			list = append(list, subnet{
				id:   aws.ToString(s.SubnetId),
				zone: aws.ToString(s.AvailabilityZone),
				free: int(aws.ToInt32(s.AvailableIpAddressCount)),
			})
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		request.NextToken = out.NextToken
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("describe subnets in %s: %w: none of %s is there", c.Region, fleet.ErrConfig, strings.Join(c.Subnets, ", "))
	}
	if len(list) < len(c.Subnets) {
		c.Log.WarnContext(ctx, "subnets that are not there", "named", len(c.Subnets), "there", len(list))
	}
	slices.SortStableFunc(list, func(a, b subnet) int {
		return cmp.Compare(slices.Index(c.Subnets, a.id), slices.Index(c.Subnets, b.id))
	})
	return list, nil
}

// occupy counts machines that were launched into a subnet against its free
// addresses, until EC2 is asked again.
func (c *Cloud) occupy(id string, machines int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.subnets.list {
		if c.subnets.list[i].id == id {
			c.subnets.list[i].free -= machines
		}
	}
}
