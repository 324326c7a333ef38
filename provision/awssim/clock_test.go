package awssim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// clock is a queue of what happens later, for a test that moves time itself.
type clock struct {
	now time.Time
	due []event
}

type event struct {
	at time.Time
	f  func()
}

func (c *clock) later(d time.Duration, f func()) { c.due = append(c.due, event{c.now.Add(d), f}) }

// pass moves the time on and does what falls due on the way, in order.
func (c *clock) pass(d time.Duration) {
	end := c.now.Add(d)
	for {
		next := -1
		for i, e := range c.due {
			if !e.at.After(end) && (next < 0 || e.at.Before(c.due[next].at)) {
				next = i
			}
		}
		if next < 0 {
			c.now = end
			return
		}
		e := c.due[next]
		c.due = append(c.due[:next], c.due[next+1:]...)
		c.now = e.at
		e.f()
	}
}

// region is an account with a launch template, and its clock.
type region struct {
	*clock
	*Account
	t        *testing.T
	ec2      *EC2
	ssm      *SSM
	template string
	history  []string // what the hooks were told
}

// prices are USD an hour on demand; Spot costs half.
var prices = map[string]float64{"c6g.xlarge": 0.136, "m6g.xlarge": 0.154, "r6g.xlarge": 0.2016}

func open(t *testing.T, change func(*Config)) *region {
	r := &region{clock: &clock{now: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)}, t: t}
	c := Config{
		Seed: 7, Now: func() time.Time { return r.now }, After: r.later,
		Subnets: map[string]string{"subnet-a": "us-east-1a", "subnet-b": "us-east-1b", "subnet-a2": "us-east-1a"},
		Price: func(kind string, spot bool) float64 {
			if spot {
				return prices[kind] / 2
			}
			return prices[kind]
		},
		VCPU:     func(string) int { return 4 },
		OnLaunch: func(i Instance) { r.note("launch", i) },
		OnState:  func(i Instance) { r.note(i.State, i) },
		OnNotice: func(i Instance) { r.note("notice", i) },
		OnEnd:    func(i Instance) { r.note("end: "+i.Reason, i) },
	}
	if change != nil {
		change(&c)
	}
	r.Account = New(c)
	r.ec2, r.ssm = r.EC2(), r.SSM()
	r.template = r.makeTemplate("runfleet-test", func(d *types.RequestLaunchTemplateData) {})
	return r
}

func (r *region) note(what string, _ Instance) { r.history = append(r.history, what) }

func (r *region) makeTemplate(name string, change func(*types.RequestLaunchTemplateData)) string {
	data := &types.RequestLaunchTemplateData{
		ImageId: aws.String("ami-1"), InstanceInitiatedShutdownBehavior: types.ShutdownBehaviorTerminate,
		UserData: aws.String("aGVsbG8="),
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{
			InstanceMetadataTags: types.LaunchTemplateInstanceMetadataTagsStateEnabled,
		},
	}
	change(data)
	out, err := r.ec2.CreateLaunchTemplate(r.t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data})
	if err != nil {
		r.t.Fatal(err)
	}
	return *out.LaunchTemplate.LaunchTemplateId
}

// request asks for n machines of offers such as "c6g.xlarge/subnet-a".
func (r *region) request(token string, n int, spot bool, offers ...string) *ec2.CreateFleetInput {
	tags := []types.Tag{{Key: aws.String("fleet"), Value: aws.String("acme")}}
	in := &ec2.CreateFleetInput{
		ClientToken: aws.String(token), Type: types.FleetTypeInstant,
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity: aws.Int32(int32(n)), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand,
		},
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateId: &r.template, Version: aws.String("1")},
		}},
		TagSpecifications: []types.TagSpecification{
			{ResourceType: types.ResourceTypeInstance, Tags: tags}, {ResourceType: types.ResourceTypeVolume, Tags: tags},
			{ResourceType: types.ResourceTypeFleet, Tags: tags}, {ResourceType: types.ResourceTypeNetworkInterface, Tags: tags},
		},
	}
	if spot {
		in.TargetCapacitySpecification.DefaultTargetCapacityType = types.DefaultTargetCapacityTypeSpot
		in.SpotOptions = &types.SpotOptionsRequest{AllocationStrategy: types.SpotAllocationStrategyPriceCapacityOptimized}
	}
	for _, o := range offers {
		kind, subnet, _ := strings.Cut(o, "/")
		in.LaunchTemplateConfigs[0].Overrides = append(in.LaunchTemplateConfigs[0].Overrides,
			types.FleetLaunchTemplateOverridesRequest{InstanceType: types.InstanceType(kind), SubnetId: &subnet})
	}
	return in
}

// launched makes machines that must come, and gives their ids.
func (r *region) launched(token string, n int, spot bool) []string {
	r.t.Helper()
	out, err := r.ec2.CreateFleet(r.t.Context(), r.request(token, n, spot, "c6g.xlarge/subnet-a"))
	if err != nil || len(out.Instances) != 1 || len(out.Instances[0].InstanceIds) != n {
		r.t.Fatalf("launch %d: %+v, %v", n, out, err)
	}
	return out.Instances[0].InstanceIds
}

// seen is the state of each machine that a describe call shows.
func (r *region) seen(in *ec2.DescribeInstancesInput) map[string]string {
	r.t.Helper()
	out, err := r.ec2.DescribeInstances(r.t.Context(), in)
	if err != nil {
		r.t.Fatal(err)
	}
	states := map[string]string{}
	for _, v := range out.Reservations {
		for _, i := range v.Instances {
			states[*i.InstanceId] = string(i.State.Name)
		}
	}
	return states
}

// code is the AWS error code of err: "lost" without an answer, empty without
// an error.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	if err != nil {
		return "lost"
	}
	return ""
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}
