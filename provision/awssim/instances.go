package awssim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Instance is what a hook is told of an instance.
type Instance struct {
	ID, Type, Zone string
	Spot           bool
	Tags           map[string]string
	NeverBoots     bool          // its agent never starts
	Boot           time.Duration // from now until its agent starts
	Reason         string        // of its end
}

type instance struct {
	id, kind, zone, subnet, fleet string
	spot                          bool
	tags                          []types.Tag
	launched, shown               time.Time
	ended, removed                time.Time // shutting down, no longer described
	state                         types.InstanceStateName
	reason                        string
}

// visible is how long EC2 shows a terminated instance; usually under an hour.
const visible = 50 * time.Minute

func (a *Account) launch(in *ec2.CreateFleetInput, o types.FleetLaunchTemplateOverridesRequest, spot bool, fleetID string) []string {
	var tags []types.Tag
	for _, spec := range in.TagSpecifications {
		if spec.ResourceType == types.ResourceTypeInstance {
			tags = append(tags, spec.Tags...)
		}
	}
	tags = append(tags, types.Tag{Key: aws.String("aws:ec2:fleet-id"), Value: aws.String(fleetID)})
	var ids []string
	for range aws.ToInt32(in.TargetCapacitySpecification.TotalTargetCapacity) {
		a.last++
		now := a.cfg.Now()
		i := &instance{
			id: fmt.Sprintf("i-%017x", a.last), kind: string(o.InstanceType), subnet: aws.ToString(o.SubnetId),
			zone: a.cfg.Subnets[aws.ToString(o.SubnetId)], fleet: fleetID, spot: spot, tags: tags, launched: now,
			state: types.InstanceStateNamePending,
		}
		i.shown = now.Add(a.between(a.cfg.Faults.LagMin, a.cfg.Faults.LagMax, "lag", i.id))
		a.instances[i.id] = i
		a.order = append(a.order, i.id)
		ids = append(ids, i.id)
		a.boot(i)
	}
	return ids
}

func (a *Account) boot(i *instance) {
	d := a.between(a.cfg.Faults.BootMin, a.cfg.Faults.BootMax, "boot", i.id)
	told := i.told()
	told.Boot, told.NeverBoots = d, a.draw("never boots", i.id) < a.cfg.Faults.NeverBoots
	a.after(d/2, func() {
		if i.state == types.InstanceStateNamePending {
			i.state = types.InstanceStateNameRunning
		}
	})
	if a.cfg.OnLaunch != nil {
		a.hooks = append(a.hooks, func() { a.cfg.OnLaunch(told) })
	}
}

func (i *instance) told() Instance {
	tags := map[string]string{}
	for _, t := range i.tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return Instance{ID: i.id, Type: i.kind, Zone: i.zone, Spot: i.spot, Tags: tags, Reason: i.reason}
}

func (i *instance) alive() bool {
	return i.state == types.InstanceStateNamePending || i.state == types.InstanceStateNameRunning
}

// end shuts an instance down: a few seconds later it is terminated.
func (a *Account) end(i *instance, reason string) {
	if !i.alive() {
		return
	}
	i.state, i.reason, i.ended = types.InstanceStateNameShuttingDown, reason, a.cfg.Now()
	a.after(a.between(5*time.Second, 30*time.Second, "end", i.id), func() { i.state = types.InstanceStateNameTerminated })
	i.removed = i.ended.Add(visible)
	told := i.told()
	if a.cfg.OnEnd != nil {
		a.hooks = append(a.hooks, func() { a.cfg.OnEnd(told) })
	}
}

// PowerOff is the guest's own shutdown; the fleet's machines are terminated by it.
func (a *Account) PowerOff(id string) { a.endBy(id, "Client.InstanceInitiatedShutdown") }

// Reclaim takes a Spot instance back without warning.
func (a *Account) Reclaim(id string) { a.endBy(id, "Server.SpotInstanceTermination") }

func (a *Account) endBy(id, reason string) {
	a.do(func() {
		if i := a.instances[id]; i != nil {
			a.end(i, reason)
		}
	})
}

// DescribeInstances lists instances by id or tag, in order of launch.
func (e *EC2) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (out *ec2.DescribeInstancesOutput, err error) {
	e.a.do(func() {
		if _, err = e.a.call("ec2", "DescribeInstances", e.a.cfg.Limits.Describe); err != nil {
			return
		}
		if len(in.InstanceIds) > 0 && in.MaxResults != nil {
			err = refuse("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
			return
		}
		out, err = e.a.describe(in)
	})
	return out, err
}

func (a *Account) describe(in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
	now, out := a.cfg.Now(), &ec2.DescribeInstancesOutput{}
	from, _ := strconv.Atoi(aws.ToString(in.NextToken))
	most := int(cmp.Or(aws.ToInt32(in.MaxResults), 1000))
	for n := from; n < len(a.order); n++ {
		i := a.instances[a.order[n]]
		if now.Before(i.shown) || !i.removed.IsZero() && now.After(i.removed) || !tagsMatch(in.Filters, i.tags) ||
			len(in.InstanceIds) > 0 && !slices.Contains(in.InstanceIds, i.id) {
			continue
		}
		if len(out.Reservations) == most {
			out.NextToken = aws.String(strconv.Itoa(n))
			break
		}
		out.Reservations = append(out.Reservations, types.Reservation{Instances: []types.Instance{i.described()}})
	}
	if len(out.Reservations) < len(in.InstanceIds) {
		return nil, refuse("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", in.InstanceIds[0])
	}
	return out, nil
}

func (i *instance) described() types.Instance {
	d := types.Instance{
		InstanceId: aws.String(i.id), InstanceType: types.InstanceType(i.kind), SubnetId: aws.String(i.subnet),
		LaunchTime: aws.Time(i.launched), Placement: &types.Placement{AvailabilityZone: aws.String(i.zone)},
		State: &types.InstanceState{Name: i.state}, Tags: i.tags,
	}
	if i.spot {
		d.InstanceLifecycle = types.InstanceLifecycleTypeSpot
	}
	if i.reason != "" {
		d.StateReason = &types.StateReason{Code: aws.String(i.reason)}
	}
	return d
}

// TerminateInstances ends instances; one unknown id refuses the whole call.
func (e *EC2) TerminateInstances(_ context.Context, in *ec2.TerminateInstancesInput, _ ...func(*ec2.Options)) (out *ec2.TerminateInstancesOutput, err error) {
	e.a.do(func() {
		var lost bool
		if lost, err = e.a.call("ec2", "TerminateInstances", e.a.cfg.Limits.Terminate); err != nil {
			return
		}
		var unknown []string
		now := e.a.cfg.Now()
		for _, id := range in.InstanceIds {
			if i := e.a.instances[id]; i == nil || now.Before(i.shown) || !i.removed.IsZero() && now.After(i.removed) {
				unknown = append(unknown, id)
			}
		}
		if len(unknown) > 0 {
			err = refuse("InvalidInstanceID.NotFound", "The instance IDs '%s' do not exist", strings.Join(unknown, ", "))
			return
		}
		for _, id := range in.InstanceIds {
			e.a.end(e.a.instances[id], "Client.UserInitiatedShutdown")
		}
		if out = (&ec2.TerminateInstancesOutput{}); lost {
			out, err = nil, errLost
		}
	})
	return out, err
}

// tagsMatch applies filters by tag; any other filter matches nothing.
func tagsMatch(filters []types.Filter, tags []types.Tag) bool {
	for _, f := range filters {
		key, ok := strings.CutPrefix(aws.ToString(f.Name), "tag:")
		if !ok || !slices.ContainsFunc(tags, func(t types.Tag) bool {
			return aws.ToString(t.Key) == key && slices.Contains(f.Values, aws.ToString(t.Value))
		}) {
			return false
		}
	}
	return true
}
