package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/fleet"
)

// offerLimit is how many overrides EC2 takes in one request. What is beyond it
// is what the pool wants least.
const offerLimit = 300

// Launch makes one CreateFleet call. The intent's id is its client token, and
// the same intent makes the same request to the byte, so that to send it again
// launches nothing twice. What EC2 refuses for a reason of capacity is in
// Refused; an error is one of the whole call.
func (c *Cloud) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	if l.Count < 1 || len(l.Offers) == 0 || l.Template == "" {
		return fleet.Launched{}, fmt.Errorf("launch %d of pool %s: %w: no count, offer or template", l.Count, l.Pool, fleet.ErrConfig)
	}
	out, err := c.EC2.CreateFleet(ctx, c.fleetRequest(id, l))
	if err = translate(err); err == nil {
		return c.launched(id, l, out), nil
	}
	if strings.HasPrefix(code(err), badTemplate) {
		c.forgetTemplates()
	}
	for _, m := range []error{fleet.ErrNoCapacity, fleet.ErrQuota, fleet.ErrNotOffered} {
		if errors.Is(err, m) {
			// One type that a zone lacks can fail the whole call; unnamed,
			// it would fail the next one too.
			typ, zone := notOffered(err.Error())
			offer := fleet.Offer{Type: typ, Zone: zone, Market: l.Market}
			return fleet.Launched{Refused: []fleet.Refusal{{Offer: offer, Err: m, Detail: err.Error()}}}, nil
		}
	}
	return fleet.Launched{}, fmt.Errorf("launch %d of pool %s: %w", l.Count, l.Pool, err)
}

func (c *Cloud) fleetRequest(id fleet.IntentID, l fleet.Launch) *ec2.CreateFleetInput {
	template, version := parseTemplate(l.Template)
	tags := sortedTags(c.launchTags(id, l))
	request := &ec2.CreateFleetInput{
		ClientToken: aws.String(string(id)),
		Type:        types.FleetTypeInstant,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
				LaunchTemplateId: aws.String(template),
				Version:          aws.String(version),
			},
			Overrides: overrides(l),
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity:       aws.Int32(int32(l.Count)),
			DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand,
		},
	}
	for _, kind := range []types.ResourceType{
		types.ResourceTypeFleet, types.ResourceTypeInstance,
		types.ResourceTypeNetworkInterface, types.ResourceTypeVolume,
	} {
		request.TagSpecifications = append(request.TagSpecifications, types.TagSpecification{ResourceType: kind, Tags: tags})
	}
	if l.Market == fleet.Spot {
		request.TargetCapacitySpecification.DefaultTargetCapacityType = types.DefaultTargetCapacityTypeSpot
		request.SpotOptions = &types.SpotOptionsRequest{AllocationStrategy: types.SpotAllocationStrategyPriceCapacityOptimized}
	} else {
		request.OnDemandOptions = &types.OnDemandOptionsRequest{AllocationStrategy: types.FleetOnDemandAllocationStrategyLowestPrice}
	}
	return request
}

// overrides are the offers as EC2 takes them. The priority of on-demand offers
// records our order; EC2 follows it only where the strategy is prioritized.
func overrides(l fleet.Launch) []types.FleetLaunchTemplateOverridesRequest {
	list := make([]types.FleetLaunchTemplateOverridesRequest, 0, min(len(l.Offers), offerLimit))
	for i, o := range l.Offers[:min(len(l.Offers), offerLimit)] {
		override := types.FleetLaunchTemplateOverridesRequest{
			InstanceType: types.InstanceType(o.Type),
			SubnetId:     aws.String(o.Subnet),
		}
		if l.Market != fleet.Spot {
			override.Priority = aws.Float64(float64(i))
		}
		list = append(list, override)
	}
	return list
}

// launched is EC2's answer in the fleet's words.
func (c *Cloud) launched(id fleet.IntentID, l fleet.Launch, out *ec2.CreateFleetOutput) fleet.Launched {
	at, ec2Fleet := c.Now(), aws.ToString(out.FleetId)
	c.noteFleet(ec2Fleet, at)
	var got fleet.Launched
	for _, group := range out.Instances {
		offer := offerOf(l, group.LaunchTemplateAndOverrides)
		offer.Type = cmp.Or(string(group.InstanceType), offer.Type)
		offer.Subnet = cmp.Or(aws.ToString(group.SubnetId), offer.Subnet)
		offer.Zone = cmp.Or(aws.ToString(group.AvailabilityZone), offer.Zone)
		offer.Market = cmp.Or(marketOf(group.Lifecycle), l.Market)
		c.occupy(offer.Subnet, len(group.InstanceIds))
		for _, instance := range group.InstanceIds {
			got.Machines = append(got.Machines, fleet.Machine{
				ID: fleet.MachineID(instance), Pool: l.Pool, Intent: id, Ledger: c.Ledger, EC2Fleet: ec2Fleet,
				Template: l.Template, Standing: l.Standing, Offer: offer, LaunchedAt: at,
			})
		}
	}
	got.Refused = refusals(l, out.Errors)
	for _, e := range out.Errors {
		if strings.HasPrefix(aws.ToString(e.ErrorCode), badTemplate) {
			c.forgetTemplates()
		}
	}
	if len(got.Machines) == 0 && len(got.Refused) == 0 {
		// Without a reason we would ask again at once, for ever.
		got.Refused = []fleet.Refusal{{Offer: fleet.Offer{Market: l.Market}, Err: fleet.ErrNoCapacity, Detail: "EC2 launched nothing and gave no reason"}}
	}
	return got
}

// refusals classifies the errors of overrides. EC2 may report one override
// several times; it counts once for each meaning.
func refusals(l fleet.Launch, list []types.CreateFleetError) []fleet.Refusal {
	type key struct {
		offer fleet.Offer
		code  string
	}
	var refused []fleet.Refusal
	seen := map[key]bool{}
	for _, e := range list {
		offer := offerOf(l, e.LaunchTemplateAndOverrides)
		offer.Market = cmp.Or(marketOf(e.Lifecycle), l.Market)
		a := newAnswer(aws.ToString(e.ErrorCode), aws.ToString(e.ErrorMessage))
		if errors.Is(a, fleet.ErrUnknownOutcome) {
			a.meaning = nil // a fault of the server, but it was answered
		}
		if k := (key{offer, a.code}); !seen[k] {
			seen[k] = true
			refused = append(refused, fleet.Refusal{Offer: offer, Err: cmp.Or[error](a.meaning, a), Detail: a.Error()})
		}
	}
	return refused
}

// offerOf finds which offer an answer is about: EC2 names its type and subnet,
// and not always its zone.
func offerOf(l fleet.Launch, from *types.LaunchTemplateAndOverridesResponse) fleet.Offer {
	if from == nil || from.Overrides == nil {
		return fleet.Offer{Market: l.Market}
	}
	offer := fleet.Offer{
		Type:   string(from.Overrides.InstanceType),
		Zone:   aws.ToString(from.Overrides.AvailabilityZone),
		Market: l.Market,
		Subnet: aws.ToString(from.Overrides.SubnetId),
	}
	for _, o := range l.Offers {
		if offer.Subnet != "" && o.Subnet == offer.Subnet {
			offer.Zone = cmp.Or(offer.Zone, o.Zone)
		}
	}
	return offer
}

// marketOf is how a machine was bought, empty if EC2 did not say.
func marketOf(lifecycle types.InstanceLifecycle) fleet.Market {
	switch lifecycle {
	case types.InstanceLifecycleSpot:
		return fleet.Spot
	case types.InstanceLifecycleOnDemand:
		return fleet.OnDemand
	}
	return ""
}

// noteFleet remembers an instant fleet, which nobody can list.
func (c *Cloud) noteFleet(id string, at time.Time) {
	if id == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.known[id]; !ok && !c.gone[id] {
		c.known[id] = at
	}
}
