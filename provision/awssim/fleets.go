package awssim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// answered is a request that was answered, by its client token.
type answered struct {
	request string
	out     *ec2.CreateFleetOutput
}

// CreateFleet launches at once what the offers have, as type instant does. The
// same client token gives the same answer.
func (e *EC2) CreateFleet(_ context.Context, in *ec2.CreateFleetInput, _ ...func(*ec2.Options)) (out *ec2.CreateFleetOutput, err error) {
	e.a.do(func() {
		var lost bool
		if lost, err = e.a.call("ec2", "CreateFleet", e.a.cfg.Limits.Mutate); err != nil {
			return
		}
		if out, err = e.a.createFleet(in); lost {
			out, err = nil, errLost
		}
	})
	return out, err
}

func (a *Account) createFleet(in *ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	token := aws.ToString(in.ClientToken)
	if known, ok := a.answers[token]; ok && token != "" {
		if known.request != string(body) {
			return nil, refuse("IdempotentParameterMismatch", "The request uses the same client token as a previous, but non-identical request.")
		}
		return known.out, nil
	}
	overrides, err := a.check(in)
	if err != nil {
		return nil, err
	}
	out := a.fill(in, overrides)
	a.answers[token] = answered{string(body), out}
	return out, nil
}

// check refuses what EC2 refuses as a whole.
func (a *Account) check(in *ec2.CreateFleetInput) ([]types.FleetLaunchTemplateOverridesRequest, error) {
	if in.Type != types.FleetTypeInstant || len(in.LaunchTemplateConfigs) != 1 || in.TargetCapacitySpecification == nil {
		return nil, refuse("InvalidParameterValue", "awssim knows instant fleets of one launch template")
	}
	config := in.LaunchTemplateConfigs[0]
	id := aws.ToString(config.LaunchTemplateSpecification.LaunchTemplateId)
	if !slices.ContainsFunc(a.templates, func(t *template) bool { return t.id == id }) {
		return nil, refuse("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	}
	seen := map[string]string{}
	for _, o := range config.Overrides {
		subnet := aws.ToString(o.SubnetId)
		zone, ok := a.cfg.Subnets[subnet]
		if !ok {
			return nil, refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", subnet)
		}
		key := string(o.InstanceType) + "/" + zone
		if other, ok := seen[key]; ok && other != subnet {
			return nil, refuse("InvalidFleetConfig", "The fleet configuration contains duplicate instance pools: %s", key)
		}
		seen[key] = subnet
	}
	return config.Overrides, nil
}

// fill launches from the offers that have capacity: the cheapest of them,
// which stands for price-capacity-optimized as well as lowest-price.
func (a *Account) fill(in *ec2.CreateFleetInput, overrides []types.FleetLaunchTemplateOverridesRequest) *ec2.CreateFleetOutput {
	a.last++
	out := &ec2.CreateFleetOutput{FleetId: aws.String(fmt.Sprintf("fleet-%08x", a.last))}
	spot := in.TargetCapacitySpecification.DefaultTargetCapacityType == types.DefaultTargetCapacityTypeSpot
	lifecycle, market := types.InstanceLifecycleOnDemand, "on-demand"
	if spot {
		lifecycle, market = types.InstanceLifecycleSpot, "spot"
	}
	sorted := slices.Clone(overrides)
	slices.SortStableFunc(sorted, func(x, y types.FleetLaunchTemplateOverridesRequest) int {
		return cmp.Compare(a.cfg.Price(string(x.InstanceType), spot), a.cfg.Price(string(y.InstanceType), spot))
	})
	launched := false
	for i := range sorted {
		o := &sorted[i]
		zone := a.cfg.Subnets[aws.ToString(o.SubnetId)]
		shown := &types.LaunchTemplateAndOverridesResponse{Overrides: &types.FleetLaunchTemplateOverrides{
			InstanceType: o.InstanceType, SubnetId: o.SubnetId,
		}}
		if a.isEmpty(string(o.InstanceType), zone, market) {
			out.Errors = append(out.Errors, types.CreateFleetError{
				ErrorCode: aws.String("InsufficientInstanceCapacity"), Lifecycle: lifecycle, LaunchTemplateAndOverrides: shown,
				ErrorMessage: aws.String("We currently do not have sufficient capacity in the Availability Zone you requested."),
			})
			continue
		}
		if !launched {
			launched = true
			ids := a.launch(in, *o, spot, aws.ToString(out.FleetId))
			out.Instances = append(out.Instances, types.CreateFleetInstance{
				InstanceIds: ids, InstanceType: o.InstanceType, Lifecycle: lifecycle, SubnetId: o.SubnetId,
				AvailabilityZone: aws.String(zone), LaunchTemplateAndOverrides: shown,
			})
		}
	}
	if launched {
		shown := types.FleetData{FleetId: out.FleetId, CreateTime: aws.Time(a.cfg.Now()), Type: types.FleetTypeInstant}
		for _, spec := range in.TagSpecifications {
			if spec.ResourceType == types.ResourceTypeFleet {
				shown.Tags = append(shown.Tags, spec.Tags...)
			}
		}
		a.fleets[aws.ToString(out.FleetId)] = shown
	}
	return out
}

func (a *Account) isEmpty(instanceType, zone, market string) bool {
	for _, t := range []string{instanceType, "*"} {
		for _, z := range []string{zone, "*"} {
			for _, m := range []string{market, "*"} {
				if a.empty[t+"/"+z+"/"+m] {
					return true
				}
			}
		}
	}
	return false
}

// DescribeFleets shows fleets by id: EC2 does not list instant fleets.
func (e *EC2) DescribeFleets(_ context.Context, in *ec2.DescribeFleetsInput, _ ...func(*ec2.Options)) (out *ec2.DescribeFleetsOutput, err error) {
	e.a.do(func() {
		if _, err = e.a.call("ec2", "DescribeFleets", e.a.cfg.Limits.Describe); err != nil {
			return
		}
		out = &ec2.DescribeFleetsOutput{}
		for _, id := range in.FleetIds {
			shown, ok := e.a.fleets[id]
			if !ok {
				err = refuse("InvalidFleetId.NotFound", "The fleet ID '%s' does not exist.", id)
				return
			}
			out.Fleets = append(out.Fleets, shown)
		}
	})
	return out, err
}

// DeleteFleets deletes instant fleets and ends their machines.
func (e *EC2) DeleteFleets(_ context.Context, in *ec2.DeleteFleetsInput, _ ...func(*ec2.Options)) (out *ec2.DeleteFleetsOutput, err error) {
	e.a.do(func() {
		if _, err = e.a.call("ec2", "DeleteFleets", e.a.cfg.Limits.Mutate); err != nil {
			return
		}
		out = &ec2.DeleteFleetsOutput{}
		for _, id := range in.FleetIds {
			if _, ok := e.a.fleets[id]; !ok {
				out.UnsuccessfulFleetDeletions = append(out.UnsuccessfulFleetDeletions, types.DeleteFleetErrorItem{
					FleetId: aws.String(id), Error: &types.DeleteFleetError{Code: types.DeleteFleetErrorCodeFleetIdDoesNotExist, Message: aws.String("does not exist")},
				})
				continue
			}
			delete(e.a.fleets, id)
			for _, i := range e.a.instances {
				if i.fleet == id {
					e.a.end(i, "Client.UserInitiatedShutdown")
				}
			}
			out.SuccessfulFleetDeletions = append(out.SuccessfulFleetDeletions, types.DeleteFleetSuccessItem{FleetId: aws.String(id)})
		}
	})
	return out, err
}
