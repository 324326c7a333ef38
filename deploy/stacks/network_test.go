package stacks

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNothingComesInToAMachine(t *testing.T) {
	n, _ := deployed(t)
	_, group := n.one(t, "AWS::EC2::SecurityGroup", "")
	if group.Properties["SecurityGroupIngress"] != nil || len(n.of("AWS::EC2::SecurityGroupIngress")) != 0 {
		t.Errorf("in: %v", group.Properties["SecurityGroupIngress"])
	}
	for id, s := range n.of("AWS::EC2::Subnet") {
		if s.Properties["MapPublicIpOnLaunch"] != false {
			t.Errorf("%s gives an address unasked", id)
		}
	}
}

func TestTheNetworkIsWhatTheConfigurationAsksFor(t *testing.T) {
	counted := []string{"AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup"}
	for _, tt := range []struct {
		name   string
		config Config
		counts []int
		public any
	}{
		{"a public subnet in each of three zones", Config{Zones: 3}, []int{1, 3, 0, 0, 1, 1}, "true"},
		{"private subnets behind a gateway", Config{Zones: 2, NATGateways: 1}, []int{1, 4, 1, 1, 1, 1}, "false"},
		{"and one of them for each zone", Config{Zones: 2, NATGateways: 2}, []int{1, 4, 2, 2, 1, 1}, "false"},
		{"a VPC that is there gets a security group and nothing else", Config{VPC: "vpc-0123456789abcdef0"}, []int{0, 0, 0, 0, 0, 1}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.Fleet, tt.config.Region = "acme", "us-east-1"
			stack, manager := add(t, tt.config, unbuilt)
			n := templateOf(t, stack)
			var counts []int
			for _, kind := range counted {
				counts = append(counts, len(n.of(kind)))
			}
			if diff := cmp.Diff(tt.counts, counts); diff != "" {
				t.Errorf("of %q (-want +got):\n%s", counted, diff)
			}
			if public := n.Outputs["PublicIP"].Value; public != tt.public {
				t.Errorf("public_ip: %v, want %v", public, tt.public)
			}
			if manager != nil {
				t.Error("there is a manager without a fleet file")
			}
		})
	}
}

func TestTheProfileGivesAMachineTheMachinesRole(t *testing.T) {
	n, _ := deployed(t)
	profile, p := n.one(t, "AWS::IAM::InstanceProfile", "")
	machine, _ := n.one(t, "AWS::IAM::Role", "Machine")
	if diff := cmp.Diff([]any{map[string]any{"Ref": machine}}, p.Properties["Roles"]); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"Ref": profile}, n.Outputs["InstanceProfile"].Value); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestMachinesLiveInTheSubnetsThatAreShown(t *testing.T) {
	behind := Config{Fleet: "acme", Region: "us-east-1", Zones: 2, NATGateways: 1}
	stack, _ := add(t, behind, unbuilt)
	n := templateOf(t, stack)
	shown, _ := dig(n.Outputs["Subnets"].Value, "Fn::Join", 1).([]any)
	if len(shown) != 2 {
		t.Fatalf("subnets %v, want 2", shown)
	}
	for _, s := range shown {
		id := dig(s, "Ref").(string)
		var kind any
		tags, _ := n.Resources[id].Properties["Tags"].([]any)
		for _, tag := range tags {
			if dig(tag, "Key") == "aws-cdk:subnet-type" {
				kind = dig(tag, "Value")
			}
		}
		if kind != "Private" {
			t.Errorf("%s is %v", id, kind)
		}
	}
}

// The manager's stack imports them: without it they must be there all the same,
// or the network would have to be deployed again first.
func TestTheNetworkExportsTheSameWithAndWithoutAManager(t *testing.T) {
	with, _ := deployed(t)
	alone := acme
	alone.FleetFile = ""
	stack, _ := add(t, alone, unbuilt)
	without := templateOf(t, stack)
	if diff := cmp.Diff(with.Outputs, without.Outputs); diff != "" {
		t.Errorf("outputs (-with +without):\n%s", diff)
	}
	exports := 0
	for _, o := range without.Outputs {
		if o.Export.Name != "" {
			exports++
		}
	}
	if exports != 2 {
		t.Errorf("%d exports, want the names of two roles", exports)
	}
}
