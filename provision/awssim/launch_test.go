package awssim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

// said is an answer as one line a part: what came, and what did not and why.
func said(out *ec2.CreateFleetOutput) []string {
	var lines []string
	for _, i := range out.Instances {
		lines = append(lines, fmt.Sprintf("%d %s %s %s", len(i.InstanceIds), i.InstanceType, *i.AvailabilityZone, i.Lifecycle))
	}
	for _, e := range out.Errors {
		o := e.LaunchTemplateAndOverrides.Overrides
		lines = append(lines, fmt.Sprintf("%s %s %s", *e.ErrorCode, o.InstanceType, *o.SubnetId))
	}
	return lines
}

func TestCreateFleet(t *testing.T) {
	all := []string{"m6g.xlarge/subnet-a", "c6g.xlarge/subnet-a", "c6g.xlarge/subnet-b"}
	for _, tt := range []struct {
		name   string
		region func(*region)
		spot   bool
		change func(*ec2.CreateFleetInput)
		want   []string
	}{
		{name: "on-demand takes the cheapest offer", want: []string{"4 c6g.xlarge us-east-1a on-demand"}},
		{name: "spot takes the cheapest offer", spot: true, want: []string{"4 c6g.xlarge us-east-1a spot"}},
		{
			name: "prioritized on-demand follows the priorities",
			change: func(in *ec2.CreateFleetInput) {
				in.OnDemandOptions = &types.OnDemandOptionsRequest{AllocationStrategy: types.FleetOnDemandAllocationStrategyPrioritized}
				for i := range in.LaunchTemplateConfigs[0].Overrides {
					in.LaunchTemplateConfigs[0].Overrides[i].Priority = aws.Float64(float64(i))
				}
			},
			want: []string{"4 m6g.xlarge us-east-1a on-demand"},
		},
		{
			name:   "what an offer lacks comes from the next",
			region: func(r *region) { r.SetCapacity("c6g.xlarge/us-east-1a/*", 1) },
			want: []string{
				"1 c6g.xlarge us-east-1a on-demand", "3 c6g.xlarge us-east-1b on-demand",
				"InsufficientInstanceCapacity c6g.xlarge subnet-a",
			},
		},
		{
			name:   "spot looks for an offer that holds all before it looks at prices",
			region: func(r *region) { r.SetCapacity("c6g.xlarge/*/spot", 3) },
			spot:   true,
			want:   []string{"4 m6g.xlarge us-east-1a spot"},
		},
		{
			name:   "a part is launched when the rest finds nothing",
			region: func(r *region) { r.SetCapacity("*/*/on-demand", 3) },
			want: []string{
				"3 c6g.xlarge us-east-1a on-demand", "InsufficientInstanceCapacity c6g.xlarge subnet-a",
				"InsufficientInstanceCapacity c6g.xlarge subnet-b", "InsufficientInstanceCapacity m6g.xlarge subnet-a",
			},
		},
		{
			name:   "a market without capacity launches nothing, and says why for each offer",
			region: func(r *region) { r.SetRefusal("*/*/spot", "UnfulfillableCapacity") },
			spot:   true,
			want: []string{
				"UnfulfillableCapacity c6g.xlarge subnet-a", "UnfulfillableCapacity c6g.xlarge subnet-b",
				"UnfulfillableCapacity m6g.xlarge subnet-a",
			},
		},
		{
			name:   "an empty spot market does not empty on-demand",
			region: func(r *region) { r.SetEmpty("*/*/spot", true) },
			want:   []string{"4 c6g.xlarge us-east-1a on-demand"},
		},
		{
			name:   "a type that a zone lacks is unsupported there",
			region: func(r *region) { r.SetRefusal("c6g.xlarge/us-east-1a/*", "Unsupported") },
			want:   []string{"4 c6g.xlarge us-east-1b on-demand", "Unsupported c6g.xlarge subnet-a"},
		},
		{
			name:   "an outage ends by itself",
			region: func(r *region) { r.pass(time.Hour) },
			want:   []string{"4 c6g.xlarge us-east-1a on-demand"},
		},
		{
			name:   "the spot quota counts vCPUs",
			region: func(r *region) { r.cfg.Quotas = Quotas{Spot: 11, OnDemand: 100} },
			spot:   true,
			want: []string{
				"2 c6g.xlarge us-east-1a spot", "MaxSpotInstanceCountExceeded c6g.xlarge subnet-a",
				"MaxSpotInstanceCountExceeded c6g.xlarge subnet-b", "MaxSpotInstanceCountExceeded m6g.xlarge subnet-a",
			},
		},
		{
			name:   "the on-demand quota has a code of its own",
			region: func(r *region) { r.cfg.Quotas = Quotas{OnDemand: 3} },
			want: []string{
				"VcpuLimitExceeded c6g.xlarge subnet-a", "VcpuLimitExceeded c6g.xlarge subnet-b",
				"VcpuLimitExceeded m6g.xlarge subnet-a",
			},
		},
		{
			name:   "a subnet without addresses passes to another",
			region: func(r *region) { r.cfg.Addresses = map[string]int{"subnet-a": 1} },
			want: []string{
				"1 c6g.xlarge us-east-1a on-demand", "3 c6g.xlarge us-east-1b on-demand",
				"InsufficientFreeAddressesInSubnet c6g.xlarge subnet-a",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, func(c *Config) {
				c.Faults.Outages = []Outage{{From: 10 * time.Minute, Until: time.Hour, Offer: "*/*/*"}}
			})
			if tt.region != nil {
				tt.region(r)
			}
			in := r.request("intent-1", 4, tt.spot, all...)
			if tt.change != nil {
				tt.change(in)
			}
			out, err := r.ec2.CreateFleet(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, said(out)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreateFleetRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*ec2.CreateFleetInput)
		want   string
	}{
		{"two subnets of one zone for one type are one offer", func(in *ec2.CreateFleetInput) {
			o := &in.LaunchTemplateConfigs[0].Overrides
			*o = append(*o, types.FleetLaunchTemplateOverridesRequest{InstanceType: "c6g.xlarge", SubnetId: aws.String("subnet-a2")})
		}, "InvalidFleetConfig"},
		{"a fleet that maintains its capacity", func(in *ec2.CreateFleetInput) { in.Type = types.FleetTypeMaintain }, "InvalidParameterValue"},
		{"no machine", func(in *ec2.CreateFleetInput) { in.TargetCapacitySpecification.TotalTargetCapacity = aws.Int32(0) }, "InvalidParameterValue"},
		{"a subnet that is not there", func(in *ec2.CreateFleetInput) {
			in.LaunchTemplateConfigs[0].Overrides[0].SubnetId = aws.String("subnet-x")
		}, "InvalidSubnetID.NotFound"},
		{"a template that is not there", func(in *ec2.CreateFleetInput) {
			in.LaunchTemplateConfigs[0].LaunchTemplateSpecification.LaunchTemplateId = aws.String("lt-0")
		}, "InvalidLaunchTemplateId.NotFound"},
		{"a version that is not there", func(in *ec2.CreateFleetInput) {
			in.LaunchTemplateConfigs[0].LaunchTemplateSpecification.Version = aws.String("2")
		}, "InvalidLaunchTemplateId.VersionNotFound"},
		{"a tag that instance metadata cannot show", func(in *ec2.CreateFleetInput) {
			in.TagSpecifications[0].Tags = []types.Tag{{Key: aws.String("fleet/pool"), Value: aws.String("x")}}
		}, "InvalidParameterValue"},
		{"a tag of AWS", func(in *ec2.CreateFleetInput) {
			in.TagSpecifications[0].Tags = []types.Tag{{Key: aws.String("aws:pool"), Value: aws.String("x")}}
		}, "InvalidParameterValue"},
		{"a token that is too long", func(in *ec2.CreateFleetInput) { in.ClientToken = aws.String(strings.Repeat("x", 65)) }, "InvalidParameterValue"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, nil)
			in := r.request("intent-1", 1, false, "c6g.xlarge/subnet-a")
			tt.change(in)
			if _, err := r.ec2.CreateFleet(t.Context(), in); code(err) != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if r.Launched() != 0 || len(r.Left("/").Fleets) != 0 {
				t.Error("a refused request launched")
			}
		})
	}
}

func TestClientToken(t *testing.T) {
	r := open(t, nil)
	in := r.request("intent-1", 2, true, "c6g.xlarge/subnet-a")
	r.Next("CreateFleet", "lose")
	if _, err := r.ec2.CreateFleet(t.Context(), in); code(err) != "lost" {
		t.Fatalf("error %v, want a lost reply", err)
	}
	r.Next("CreateFleet", "fail")
	if _, err := r.ec2.CreateFleet(t.Context(), in); code(err) != "InternalError" {
		t.Fatalf("error %v, want a server error", err)
	}
	first, err := r.ec2.CreateFleet(t.Context(), in)
	if err != nil || r.Launched() != 2 {
		t.Fatalf("%d machines after a lost reply, error %v", r.Launched(), err)
	}
	r.SetEmpty("*/*/*", true)
	again, err := r.ec2.CreateFleet(t.Context(), in)
	if diff := cmp.Diff(said(first), said(again)); err != nil || diff != "" || *first.FleetId != *again.FleetId {
		t.Errorf("the same token answered otherwise: %v\n%s", err, diff)
	}
	other := r.request("intent-1", 3, true, "c6g.xlarge/subnet-a")
	if _, err := r.ec2.CreateFleet(t.Context(), other); code(err) != "IdempotentParameterMismatch" {
		t.Errorf("another request with the same token: %v", err)
	}
}

func TestNoTokenLaunchesEachTime(t *testing.T) {
	r := open(t, nil)
	in := r.request("", 1, false, "c6g.xlarge/subnet-a")
	in.ClientToken = nil
	for range 2 {
		if _, err := r.ec2.CreateFleet(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if r.Launched() != 2 {
		t.Errorf("launched %d", r.Launched())
	}
}

func TestOneMoreLaunchChangesNoOther(t *testing.T) {
	day := func(extra bool) Instance {
		r := open(t, nil)
		if extra {
			r.launched("intent-0", 3, true)
		}
		id := r.launched("intent-1", 1, false)[0]
		r.pass(time.Hour)
		for _, i := range r.Instances() {
			if i.ID == id {
				return i
			}
		}
		return Instance{}
	}
	if diff := cmp.Diff(day(false), day(true)); diff != "" {
		t.Errorf("another launch before it (-without +with):\n%s", diff)
	}
}
