package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/fleet"
)

// Machines lists the fleet's instances by tag, in EC2's order, terminated ones
// too while EC2 shows them (usually less than an hour).
func (c *Cloud) Machines(ctx context.Context) ([]fleet.Machine, error) {
	var list []fleet.Machine
	// A page is asked for even where all fits: calls without one have a
	// smaller allowance.
	request := &ec2.DescribeInstancesInput{Filters: c.ours(), MaxResults: aws.Int32(1000)}
	for {
		out, err := c.EC2.DescribeInstances(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list machines of fleet %s: %w", c.Fleet, translate(err))
		}
		for _, r := range out.Reservations {
			for _, i := range r.Instances {
				list = append(list, machineFrom(i))
			}
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		request.NextToken = out.NextToken
	}
	c.noteMachines(list)
	return list, nil
}

// machineFrom is an instance in the fleet's words.
func machineFrom(i types.Instance) fleet.Machine {
	tags := tagMap(i.Tags)
	m := fleet.Machine{
		ID:       fleet.MachineID(aws.ToString(i.InstanceId)),
		Pool:     tags[TagPool],
		Intent:   fleet.IntentID(tags[TagIntent]),
		Ledger:   tags[TagLedger],
		EC2Fleet: tags[tagEC2Fleet],
		Template: tags[TagTemplate],
		Standing: tags[TagLifetime] == string(fleet.Standing),
		Offer: fleet.Offer{
			Type:   string(i.InstanceType),
			Market: fleet.OnDemand, // EC2 says nothing where it is
			Subnet: aws.ToString(i.SubnetId),
		},
		LaunchedAt: aws.ToTime(i.LaunchTime),
	}
	if i.Placement != nil {
		m.Offer.Zone = aws.ToString(i.Placement.AvailabilityZone)
	}
	if i.InstanceLifecycle == types.InstanceLifecycleTypeSpot {
		m.Offer.Market = fleet.Spot
	}
	if i.State != nil {
		m.State = fleet.MachineState(i.State.Name)
	}
	return m
}

// noteMachines learns from a whole list which instant fleets there are, and
// forgets deleted ones whose machines EC2 no longer shows.
func (c *Cloud) noteMachines(list []fleet.Machine) {
	shown := map[string]bool{}
	for _, m := range list {
		shown[m.EC2Fleet] = true
		c.noteFleet(m.EC2Fleet, m.LaunchedAt)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.gone {
		if !shown[id] {
			delete(c.gone, id)
		}
	}
}
