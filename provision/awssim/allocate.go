package awssim

import (
	"cmp"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// fill launches what there is room for, and says of each offer that it tried
// in vain why. Nothing launched is an answer like any other.
func (a *Account) fill(o order) *ec2.CreateFleetOutput {
	f := &fleet{id: a.fleetID(o.entity), token: aws.ToString(o.in.ClientToken), made: a.cfg.Now(), tags: o.tags[types.ResourceTypeFleet]}
	if o.entity == "" {
		o.entity = f.id
	}
	out := &ec2.CreateFleetOutput{FleetId: aws.String(f.id)}
	target := o.in.TargetCapacitySpecification
	spot, demand := int(aws.ToInt32(target.SpotTargetCapacity)), int(aws.ToInt32(target.OnDemandTargetCapacity))
	rest := int(*target.TotalTargetCapacity) - spot - demand
	if target.DefaultTargetCapacityType == types.DefaultTargetCapacityTypeSpot {
		spot += rest
	} else {
		demand += rest
	}
	a.fleets[f.id] = f
	a.fillMarket(o, f, out, false, demand)
	a.fillMarket(o, f, out, true, spot)
	return out
}

// fillMarket launches up to want machines in one market.
func (a *Account) fillMarket(o order, f *fleet, out *ec2.CreateFleetOutput, spot bool, want int) {
	lifecycle := types.InstanceLifecycleOnDemand
	if spot {
		lifecycle = types.InstanceLifecycleSpot
	}
	for _, v := range a.sorted(o, spot, want) {
		if want == 0 {
			return
		}
		subnet := aws.ToString(v.SubnetId)
		where := offer{o.kind(v), a.cfg.Subnets[subnet], spot}
		room, code := a.room(where, subnet)
		shown := o.shown(v)
		if n := min(room, want); n > 0 {
			want -= n
			out.Instances = append(out.Instances, types.CreateFleetInstance{
				InstanceIds: a.launch(o, f, v, where, n), InstanceType: types.InstanceType(where.kind),
				Lifecycle: lifecycle, SubnetId: v.SubnetId, AvailabilityZone: aws.String(where.zone),
				LaunchTemplateAndOverrides: shown,
			})
		}
		if want > 0 {
			out.Errors = append(out.Errors, types.CreateFleetError{
				ErrorCode: aws.String(code), ErrorMessage: aws.String(sentence(code, where)),
				Lifecycle: lifecycle, LaunchTemplateAndOverrides: shown,
			})
		}
	}
}

// sorted are the overrides in the order in which the request's strategy tries
// them. Equal ones keep the request's order.
func (a *Account) sorted(o order, spot bool, want int) []types.FleetLaunchTemplateOverridesRequest {
	list := slices.Clone(o.in.LaunchTemplateConfigs[0].Overrides)
	// rank is what decides before the price.
	rank := func(types.FleetLaunchTemplateOverridesRequest) float64 { return 0 }
	switch {
	case !spot && o.in.OnDemandOptions != nil && o.in.OnDemandOptions.AllocationStrategy == types.FleetOnDemandAllocationStrategyPrioritized:
		rank = func(v types.FleetLaunchTemplateOverridesRequest) float64 {
			if v.Priority == nil {
				return math.Inf(1)
			}
			return *v.Priority
		}
	case spot && o.in.SpotOptions != nil && o.in.SpotOptions.AllocationStrategy != types.SpotAllocationStrategyLowestPrice:
		// The strategies by capacity look for offers that are deep enough;
		// of how deep they are beyond that, nobody knows.
		rank = func(v types.FleetLaunchTemplateOverridesRequest) float64 {
			subnet := aws.ToString(v.SubnetId)
			room, _ := a.room(offer{o.kind(v), a.cfg.Subnets[subnet], spot}, subnet)
			return -float64(min(room, want))
		}
	}
	ranks := map[string]float64{}
	key := func(v types.FleetLaunchTemplateOverridesRequest) string {
		return o.kind(v) + "/" + aws.ToString(v.SubnetId)
	}
	for _, v := range list {
		ranks[key(v)] = rank(v)
	}
	slices.SortStableFunc(list, func(x, y types.FleetLaunchTemplateOverridesRequest) int {
		return cmp.Or(cmp.Compare(ranks[key(x)], ranks[key(y)]), cmp.Compare(a.cfg.Price(o.kind(x), spot), a.cfg.Price(o.kind(y), spot)))
	})
	return list
}

// shown is an override as answers repeat it. Of the zone EC2 says nothing here.
func (o order) shown(v types.FleetLaunchTemplateOverridesRequest) *types.LaunchTemplateAndOverridesResponse {
	return &types.LaunchTemplateAndOverridesResponse{
		LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecification{
			LaunchTemplateId: aws.String(o.template.id), Version: aws.String("1"),
		},
		Overrides: &types.FleetLaunchTemplateOverrides{
			InstanceType: v.InstanceType, SubnetId: v.SubnetId, Priority: v.Priority, ImageId: v.ImageId,
		},
	}
}
