package awssim

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// answered is a request that was answered, by its client token.
type answered struct {
	request [sha256.Size]byte
	out     ec2.CreateFleetOutput
}

// Limits of one CreateFleet call.
const (
	tokenLimit    = 64  // characters
	overrideLimit = 300 // in all
)

// order is a CreateFleet request that passed the checks.
type order struct {
	in       *ec2.CreateFleetInput
	template *template
	tags     map[types.ResourceType][]types.Tag
	entity   string // what draws and ids of its machines are for
}

// CreateFleet launches at once what the offers have, as type instant does. The
// same client token gives the same answer, also if that answer was lost.
func (e *EC2) CreateFleet(ctx context.Context, in *ec2.CreateFleetInput, _ ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "CreateFleet"}, func() (*ec2.CreateFleetOutput, error) {
		return e.a.createFleet(in)
	})
}

func (a *Account) createFleet(in *ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	token, sum := aws.ToString(in.ClientToken), sha256.Sum256(body)
	if known, ok := a.answers[token]; ok {
		if known.request != sum {
			return nil, refuse("IdempotentParameterMismatch", "The request uses the same client token as a previous, but non-identical request.")
		}
		return &known.out, nil
	}
	o, err := a.check(in)
	if err != nil {
		return nil, err
	}
	out := a.fill(o)
	if token != "" {
		a.answers[token] = answered{sum, *out}
	}
	return out, nil
}

// check refuses what EC2 refuses as a whole.
func (a *Account) check(in *ec2.CreateFleetInput) (order, error) {
	o := order{in: in, entity: aws.ToString(in.ClientToken)}
	if len(o.entity) > tokenLimit {
		return o, refuse("InvalidParameterValue", "ClientToken has more than %d characters", tokenLimit)
	}
	if err := unknownParts(in); err != nil {
		return o, err
	}
	spec := in.LaunchTemplateConfigs[0].LaunchTemplateSpecification
	if spec == nil {
		return o, refuse("MissingParameter", "The request must contain the parameter LaunchTemplateSpecification")
	}
	var err error
	if o.template, err = a.namedTemplate(spec.LaunchTemplateId, spec.LaunchTemplateName); err != nil {
		return o, err
	}
	switch version := aws.ToString(spec.Version); version {
	case "1", "$Latest", "$Default":
	default:
		return o, refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find launch template version %s", version)
	}
	o.tags, err = tagsFor(in.TagSpecifications, types.ResourceTypeFleet, types.ResourceTypeInstance,
		types.ResourceTypeVolume, types.ResourceTypeNetworkInterface)
	if err != nil {
		return o, err
	}
	for _, t := range o.tags[types.ResourceTypeInstance] {
		if o.template.metadataTags() && !metadataKey.MatchString(aws.ToString(t.Key)) {
			return o, refuse("InvalidParameterValue", "'%s' is not a valid tag key for instance metadata", aws.ToString(t.Key))
		}
	}
	return o, a.checkOverrides(o)
}

// unknownParts refuses what EC2 or this simulation does not take. To ignore a
// part would launch what nobody asked for.
func unknownParts(in *ec2.CreateFleetInput) error {
	switch target, spot, demand := in.TargetCapacitySpecification, in.SpotOptions, in.OnDemandOptions; {
	case in.Type != types.FleetTypeInstant:
		return refuse("InvalidParameterValue", "awssim knows no fleet of type '%s'", in.Type)
	case len(in.LaunchTemplateConfigs) != 1:
		return refuse("InvalidParameterValue", "awssim knows fleets of one launch template")
	case target == nil || aws.ToInt32(target.TotalTargetCapacity) < 1:
		return refuse("InvalidParameterValue", "TotalTargetCapacity must be at least 1")
	case aws.ToInt32(target.SpotTargetCapacity)+aws.ToInt32(target.OnDemandTargetCapacity) > *target.TotalTargetCapacity:
		return refuse("InvalidParameterValue", "the targets of the markets exceed TotalTargetCapacity")
	case spot != nil && (spot.MinTargetCapacity != nil || spot.SingleAvailabilityZone != nil || spot.SingleInstanceType != nil),
		demand != nil && (demand.MinTargetCapacity != nil || demand.SingleAvailabilityZone != nil || demand.SingleInstanceType != nil):
		return refuse("InvalidParameterValue", "awssim knows no smallest capacity and no single zone or type")
	}
	return nil
}

// checkOverrides refuses unknown subnets, and two overrides of one type whose
// subnets are in one zone: they would be one offer.
func (a *Account) checkOverrides(o order) error {
	overrides := o.in.LaunchTemplateConfigs[0].Overrides
	if len(overrides) == 0 || len(overrides) > overrideLimit {
		return refuse("InvalidParameterValue", "awssim takes 1 to %d overrides, there are %d", overrideLimit, len(overrides))
	}
	seen := map[offer]bool{}
	for _, v := range overrides {
		subnet := aws.ToString(v.SubnetId)
		zone, ok := a.cfg.Subnets[subnet]
		if !ok {
			return refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", subnet)
		}
		where := offer{kind: o.kind(v), zone: zone}
		switch {
		case where.kind == "":
			return refuse("MissingParameter", "The request must contain the parameter InstanceType")
		case v.InstanceRequirements != nil || v.WeightedCapacity != nil || v.MaxPrice != nil:
			return refuse("InvalidParameterValue", "awssim knows no requirements, weights and prices of overrides")
		case seen[where]:
			return refuse("InvalidFleetConfig", "The fleet configuration contains duplicate instance pools.")
		}
		seen[where] = true
	}
	return nil
}

// kind is the instance type of an override.
func (o order) kind(v types.FleetLaunchTemplateOverridesRequest) string {
	if v.InstanceType == "" {
		return string(o.template.data.InstanceType)
	}
	return string(v.InstanceType)
}

// fleetID is a new one in EC2's form.
func (a *Account) fleetID(entity string) string {
	x, y := a.bits("id of fleet", entity), a.bits("id of fleet", entity)
	return fmt.Sprintf("fleet-%08x-%04x-%04x-%04x-%012x", x>>32, x>>16&0xffff, x&0xffff, y>>48, y&0xffffffffffff)
}
