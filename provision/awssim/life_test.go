package awssim

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

func TestLife(t *testing.T) {
	stay := func(d *types.RequestLaunchTemplateData) { d.InstanceInitiatedShutdownBehavior = "" }
	born := []string{"pending", "launch", "running"}
	for _, tt := range []struct {
		name     string
		spot     bool
		template func(*types.RequestLaunchTemplateData)
		faults   Faults
		do       func(*region, string)
		want     []string // after born
		born     []string
	}{
		{name: "a machine runs until somebody ends it", do: func(*region, string) {}},
		{
			name: "a machine that powers off is terminated",
			do:   func(r *region, id string) { r.PowerOff(id) },
			want: []string{"shutting-down", "end: Client.InstanceInitiatedShutdown", "terminated"},
		},
		{
			name:     "without the template's word a machine that powers off is stopped",
			template: stay,
			do:       func(r *region, id string) { r.PowerOff(id) },
			want:     []string{"stopping", "stopped"},
		},
		{
			name: "a one-time spot machine is terminated anyway", spot: true, template: stay,
			do:   func(r *region, id string) { r.PowerOff(id) },
			want: []string{"shutting-down", "end: Client.InstanceInitiatedShutdown", "terminated"},
		},
		{
			name: "spot takes a machine back without warning", spot: true,
			do:   func(r *region, id string) { r.Reclaim(id); r.Reclaim(id) },
			want: []string{"shutting-down", "end: Server.SpotInstanceTermination", "terminated"},
		},
		{
			name: "spot takes a machine back two minutes after a notice", spot: true,
			do: func(r *region, id string) {
				r.Notice(id)
				r.Notice(id)
				r.pass(2*time.Minute - 1)
				r.note("two minutes less a moment", Instance{})
				r.pass(1)
			},
			want: []string{"notice", "two minutes less a moment", "shutting-down", "end: Server.SpotInstanceTermination", "terminated"},
		},
		{
			name: "a machine that ends first is not taken back", spot: true,
			do:   func(r *region, id string) { r.Notice(id); r.PowerOff(id) },
			want: []string{"notice", "shutting-down", "end: Client.InstanceInitiatedShutdown", "terminated"},
		},
		{
			name: "spot takes back no on-demand machine",
			do:   func(r *region, id string) { r.Notice(id); r.Reclaim(id) },
		},
		{
			name: "a machine may die before it runs", faults: Faults{DiesPending: 1},
			do:   func(*region, string) {},
			born: []string{"pending", "launch"},
			want: []string{"shutting-down", "end: Server.InternalError", "terminated"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, func(c *Config) { c.Faults = tt.faults })
			if tt.template != nil {
				r.template = r.makeTemplate("other", tt.template)
			}
			id := r.launched("intent-1", 1, tt.spot)[0]
			r.pass(20 * time.Second)
			tt.do(r, id)
			r.pass(10 * time.Minute)
			if tt.born == nil {
				tt.born = born
			}
			if diff := cmp.Diff(append(slices.Clone(tt.born), tt.want...), r.history); diff != "" {
				t.Errorf("happened (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStopAndStart(t *testing.T) {
	r := open(t, func(c *Config) {
		c.Capacity = map[string]int{"*/*/on-demand": 1}
		c.Faults.BootMin, c.Faults.BootMax = 10*time.Second, 10*time.Second
	})
	id := r.launched("intent-1", 1, false)[0]
	stop := func() error {
		_, err := r.ec2.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: []string{id}})
		return err
	}
	start := func() error {
		_, err := r.ec2.StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: []string{id}})
		return err
	}
	r.pass(4 * time.Second)
	if err := stop(); code(err) != "IncorrectInstanceState" {
		t.Errorf("stop while pending: %v", err)
	}
	r.pass(time.Minute)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := start(); code(err) != "IncorrectInstanceState" {
		t.Errorf("start while stopping: %v", err)
	}
	r.pass(time.Minute)
	other := r.launched("intent-2", 1, false)[0] // takes the place that the stopped one left
	if err := start(); code(err) != "InsufficientInstanceCapacity" {
		t.Errorf("start without capacity: %v", err)
	}
	r.PowerOff(other)
	r.pass(time.Minute)
	if err := start(); err != nil {
		t.Fatal(err)
	}
	if err := start(); err != nil {
		t.Errorf("start of what starts: %v", err)
	}
	r.pass(time.Minute)
	if got := r.seen(&ec2.DescribeInstancesInput{InstanceIds: []string{id}}); got[id] != "running" {
		t.Errorf("state %v", got)
	}
	if l := r.Left("/"); len(l.Instances) != 1 {
		t.Errorf("left %v", l.Instances)
	}
	spot := r.launched("intent-3", 1, true)
	r.pass(time.Minute)
	if _, err := r.ec2.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: spot}); code(err) != "UnsupportedOperation" {
		t.Errorf("stop of a spot machine: %v", err)
	}
}

func TestHooksToldOfMachine(t *testing.T) {
	var got Instance
	r := open(t, func(c *Config) {
		c.OnLaunch = func(i Instance) { got = i }
		c.Faults.NeverBoots = 1
	})
	id := r.launched("intent-1", 1, true)[0]
	want := Instance{
		ID: id, Type: "c6g.xlarge", Zone: "us-east-1a", Subnet: "subnet-a", Spot: true, State: "pending",
		Template: r.template, UserData: []byte("hello"), LaunchedAt: r.now, NeverBoots: true, Boot: got.Boot,
		Tags: map[string]string{"fleet": "acme", "aws:ec2:fleet-id": r.Left("/").Fleets[0]},
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Boot < 5*time.Second || got.Boot > 20*time.Second {
		t.Errorf("told of a boot of %s (-want +got):\n%s", got.Boot, diff)
	}
}

func TestLag(t *testing.T) {
	r := open(t, func(c *Config) { c.Faults = Faults{LagMin: 5 * time.Second, LagMax: 6 * time.Second} })
	ids := r.launched("intent-1", 2, false)
	byID := &ec2.DescribeInstancesInput{InstanceIds: ids}
	if _, err := r.ec2.DescribeInstances(t.Context(), byID); code(err) != "InvalidInstanceID.NotFound" {
		t.Errorf("describe too early: %v", err)
	}
	if _, err := r.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids}); code(err) != "InvalidInstanceID.NotFound" {
		t.Errorf("end too early: %v", err)
	}
	if got := r.seen(&ec2.DescribeInstancesInput{}); len(got) != 0 {
		t.Errorf("listed too early: %v", got)
	}
	r.pass(6 * time.Second)
	if got := r.seen(byID); len(got) != 2 {
		t.Errorf("shown %v", got)
	}
}

func TestTerminatedStaysVisible(t *testing.T) {
	r := open(t, nil)
	ids := r.launched("intent-1", 2, false)
	r.pass(time.Minute)
	for range 2 { // to end what is ended is no error
		if _, err := r.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids[:1]}); err != nil {
			t.Fatal(err)
		}
	}
	r.pass(45 * time.Minute)
	if got := r.seen(&ec2.DescribeInstancesInput{}); got[ids[0]] != "terminated" || got[ids[1]] != "running" {
		t.Errorf("after 45 minutes %v", got)
	}
	r.pass(15 * time.Minute)
	if got := slices.Collect(maps.Keys(r.seen(&ec2.DescribeInstancesInput{}))); len(got) != 1 || got[0] != ids[1] {
		t.Errorf("after an hour %v", got)
	}
	unknown := &ec2.TerminateInstancesInput{InstanceIds: []string{ids[1], ids[0]}}
	if _, err := r.ec2.TerminateInstances(t.Context(), unknown); code(err) != "InvalidInstanceID.NotFound" {
		t.Errorf("end of one that is forgotten: %v", err)
	}
	if got := r.seen(&ec2.DescribeInstancesInput{}); got[ids[1]] != "running" {
		t.Errorf("one unknown id refuses the whole call, and yet %v", got)
	}
}

func TestCost(t *testing.T) {
	r := open(t, func(c *Config) { c.Faults = Faults{BootMin: 10 * time.Second, BootMax: 10 * time.Second} })
	long, short := r.launched("intent-1", 1, false)[0], r.launched("intent-2", 1, true)[0]
	never := r.launched("intent-3", 1, false)[0]
	r.PowerOff(never) // before it runs: free
	r.pass(5 * time.Second)
	r.pass(10 * time.Second)
	r.PowerOff(short) // ten seconds cost a minute
	r.pass(time.Hour - 10*time.Second)
	r.PowerOff(long)
	r.pass(time.Hour)
	want := 0.136 + 0.136/2/60
	if got := r.Cost(); got < want-1e-9 || got > want+1e-9 {
		t.Errorf("cost %v, want %v", got, want)
	}
}

func TestVolumes(t *testing.T) {
	r := open(t, nil)
	r.template = r.makeTemplate("keeps-its-disk", func(d *types.RequestLaunchTemplateData) {
		d.BlockDeviceMappings = []types.LaunchTemplateBlockDeviceMappingRequest{{
			DeviceName: aws.String("/dev/sda1"),
			Ebs:        &types.LaunchTemplateEbsBlockDeviceRequest{VolumeSize: aws.Int32(40), DeleteOnTermination: aws.Bool(false)},
		}}
	})
	id := r.launched("intent-1", 1, false)[0]
	in := &ec2.DescribeVolumesInput{Filters: []types.Filter{filter("tag:fleet", "acme"), filter("status", "in-use")}}
	out, err := r.ec2.DescribeVolumes(t.Context(), in)
	if err != nil || len(out.Volumes) != 1 || *out.Volumes[0].Size != 40 || *out.Volumes[0].Attachments[0].InstanceId != id {
		t.Fatalf("volumes %+v, error %v", out, err)
	}
	r.PowerOff(id)
	r.pass(time.Minute)
	if got := r.Left("/").Volumes; len(got) != 1 || got[0] != *out.Volumes[0].VolumeId {
		t.Errorf("left %v", got)
	}
}

func TestAStopAndAStartAreShownLate(t *testing.T) {
	r := open(t, func(c *Config) { c.Faults = Faults{LagMin: 5 * time.Second, LagMax: 6 * time.Second} })
	ids := r.launched("intent-1", 1, false)
	byID := &ec2.DescribeInstancesInput{InstanceIds: ids}
	r.pass(time.Minute)
	if _, err := r.ec2.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: ids}); err != nil {
		t.Fatal(err)
	}
	if got := r.seen(byID); got[ids[0]] != "running" {
		t.Errorf("shown at once: %v", got)
	}
	r.pass(6 * time.Second)
	if got := r.seen(byID); got[ids[0]] != "stopping" {
		t.Errorf("shown %v", got)
	}
	r.pass(time.Minute)
	if _, err := r.ec2.StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: ids}); err != nil {
		t.Fatal(err)
	}
	if got := r.seen(byID); got[ids[0]] != "stopped" {
		t.Errorf("shown at once: %v", got)
	}
	r.pass(time.Minute)
	if got := r.seen(byID); got[ids[0]] != "running" {
		t.Errorf("shown %v", got)
	}
}
