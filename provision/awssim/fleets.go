package awssim

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// fleet is an instant fleet: what is left of a launch.
type fleet struct {
	id, token string
	made      time.Time
	tags      []types.Tag
	machines  []*instance
	deleted   time.Time // zero: not yet
}

// emptyAge is how long a fleet that launched nothing stays. EC2 removes it by
// itself; how soon is not documented.
const emptyAge = 30 * time.Minute

// deleteLimit is how many instant fleets one call deletes.
const deleteLimit = 25

func (a *Account) state(f *fleet) types.FleetStateCode {
	switch {
	case f.deleted.IsZero():
		return types.FleetStateCodeActive
	case slices.ContainsFunc(f.machines, func(i *instance) bool { return i.state != types.InstanceStateNameTerminated }):
		return types.FleetStateCodeDeletedTerminatingInstances
	}
	return types.FleetStateCodeDeleted
}

// shownFleet is the fleet of an id, nil if EC2 no longer shows it.
func (a *Account) shownFleet(id string) *fleet {
	f := a.fleets[id]
	if f == nil {
		return nil
	}
	now := a.cfg.Now()
	if len(f.machines) == 0 && now.Sub(f.made) > emptyAge || !f.deleted.IsZero() && now.Sub(f.deleted) > visible {
		delete(a.fleets, id)
		return nil
	}
	return f
}

// DescribeFleets shows fleets by id. Without ids it shows none: EC2 does not
// list instant fleets.
func (e *EC2) DescribeFleets(ctx context.Context, in *ec2.DescribeFleetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeFleetsOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "DescribeFleets"}, func() (*ec2.DescribeFleetsOutput, error) {
		var list []types.FleetData
		for _, id := range in.FleetIds {
			f := e.a.shownFleet(id)
			if f == nil {
				return nil, refuse("InvalidFleetId.NotFound", "The fleet ID '%s' does not exist.", id)
			}
			shown := types.FleetData{
				FleetId: aws.String(id), ClientToken: aws.String(f.token), CreateTime: aws.Time(f.made),
				Type: types.FleetTypeInstant, FleetState: e.a.state(f), Tags: f.tags,
				FulfilledCapacity: aws.Float64(float64(len(f.machines))),
			}
			for _, i := range f.machines {
				shown.Instances = append(shown.Instances, types.DescribeFleetsInstances{
					InstanceIds: []string{i.id}, InstanceType: types.InstanceType(i.offer.kind),
				})
			}
			list = append(list, shown)
		}
		list, next, err := page(list, in.NextToken, in.MaxResults, 1000)
		return &ec2.DescribeFleetsOutput{Fleets: list, NextToken: next}, err
	})
}

// DeleteFleets deletes instant fleets and ends their machines: one cannot do
// the first without the second.
func (e *EC2) DeleteFleets(ctx context.Context, in *ec2.DeleteFleetsInput, _ ...func(*ec2.Options)) (*ec2.DeleteFleetsOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "DeleteFleets"}, func() (*ec2.DeleteFleetsOutput, error) {
		if len(in.FleetIds) > deleteLimit {
			return nil, refuse("InvalidParameterValue", "%d instant fleets are more than the %d that one request deletes", len(in.FleetIds), deleteLimit)
		}
		if !aws.ToBool(in.TerminateInstances) {
			return nil, refuse("InvalidParameterValue", "instant fleets are deleted with their instances only")
		}
		out := &ec2.DeleteFleetsOutput{}
		for _, id := range in.FleetIds {
			e.a.deleteFleet(id, out)
		}
		return out, nil
	})
}

func (a *Account) deleteFleet(id string, out *ec2.DeleteFleetsOutput) {
	f := a.shownFleet(id)
	if f == nil || !f.deleted.IsZero() {
		code, text := types.DeleteFleetErrorCodeFleetIdDoesNotExist, "The fleet does not exist."
		if f != nil {
			code, text = types.DeleteFleetErrorCodeFleetNotInDeletableState, "The fleet is deleted already."
		}
		out.UnsuccessfulFleetDeletions = append(out.UnsuccessfulFleetDeletions, types.DeleteFleetErrorItem{
			FleetId: aws.String(id), Error: &types.DeleteFleetError{Code: code, Message: aws.String(text)},
		})
		return
	}
	f.deleted = a.cfg.Now()
	for _, i := range f.machines {
		a.end(i, byUser)
	}
	out.SuccessfulFleetDeletions = append(out.SuccessfulFleetDeletions, types.DeleteFleetSuccessItem{
		FleetId: aws.String(id), PreviousFleetState: types.FleetStateCodeActive, CurrentFleetState: a.state(f),
	})
}

// leftFleets are the ids of fleets that nobody deleted, sorted.
func (a *Account) leftFleets() []string {
	var left []string
	for _, id := range slices.Sorted(maps.Keys(a.fleets)) {
		if f := a.shownFleet(id); f != nil && f.deleted.IsZero() {
			left = append(left, id)
		}
	}
	return left
}
