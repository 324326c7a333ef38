package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/runfleet/runfleet/deploy/policies"
)

// network is the stack of all that a fleet file names.
type network struct {
	stack       awscdk.Stack
	machineRole awsiam.Role
	drillRole   awsiam.Role
}

func newNetwork(app awscdk.App, c Config) (network, error) {
	stack := newStack(app, c, "network", "what its fleet file names")
	n := network{stack: stack}
	var err error
	if n.machineRole, err = newMachineRole(stack, c); err != nil {
		return network{}, err
	}
	if n.drillRole, err = newDrillRole(stack, c); err != nil {
		return network{}, err
	}
	profile := awsiam.NewInstanceProfile(stack, jsii.String("Profile"), &awsiam.InstanceProfileProps{Role: n.machineRole})
	group := awsec2.NewSecurityGroup(stack, jsii.String("Group"), &awsec2.SecurityGroupProps{
		Vpc:         newVPC(stack, c),
		Description: jsii.String("runfleet " + c.Fleet + ": machines, nothing in, everything out"),
	})
	// The manager's stack needs them whether it is deployed yet or not: an
	// export that came and went with it would need this stack deployed twice.
	stack.ExportValue(n.machineRole.RoleName(), nil)
	stack.ExportValue(n.drillRole.RoleName(), nil)
	output(stack, "SecurityGroups", "aws.security_groups of the fleet file, in brackets", group.SecurityGroupId())
	output(stack, "InstanceProfile", "aws.instance_profile of the fleet file", profile.InstanceProfileName())
	output(stack, "DrillRole", "aws.drill_role of the fleet file", n.drillRole.RoleArn())
	return n, nil
}

// newVPC is the VPC that is named, or a new one with a subnet in each zone.
func newVPC(stack awscdk.Stack, c Config) awsec2.IVpc {
	if c.VPC != "" {
		// Nothing is placed in its zones; the CDK wants one to be named.
		zones := []*string{awscdk.Fn_Select(jsii.Number(0), awscdk.Fn_GetAzs(nil))}
		return awsec2.Vpc_FromVpcAttributes(stack, jsii.String("VPC"), &awsec2.VpcAttributes{VpcId: jsii.String(c.VPC), AvailabilityZones: &zones})
	}
	var zones []*string
	for i := range c.Zones {
		zones = append(zones, awscdk.Fn_Select(jsii.Number(i), awscdk.Fn_GetAzs(nil)))
	}
	subnets, machines := subnetsOf(c)
	vpc := awsec2.NewVpc(stack, jsii.String("VPC"), &awsec2.VpcProps{
		AvailabilityZones:            &zones,
		NatGateways:                  jsii.Number(c.NATGateways),
		SubnetConfiguration:          &subnets,
		RestrictDefaultSecurityGroup: jsii.Bool(false), // a function of its own, for a group that nothing is in
		// It is free, and what comes through it passes no NAT gateway.
		GatewayEndpoints: &map[string]*awsec2.GatewayVpcEndpointOptions{"S3": {Service: awsec2.GatewayVpcEndpointAwsService_S3()}},
	})
	selected := vpc.SelectSubnets(&awsec2.SubnetSelection{SubnetGroupName: jsii.String(machines)})
	output(stack, "Subnets", "aws.subnets of the fleet file, in brackets", awscdk.Fn_Join(jsii.String(", "), selected.SubnetIds))
	publicIP := "true"
	if c.NATGateways > 0 {
		publicIP = "false"
	}
	output(stack, "PublicIP", "aws.public_ip of the fleet file", jsii.String(publicIP))
	return vpc
}

// subnetsOf is the subnets of a zone, and the name of those for machines.
//
// Without NAT gateways a machine has a public address and a security group that
// lets nothing in. With them it has none, and each gigabyte that it fetches costs
// more than fifteen minutes of a small machine.
func subnetsOf(c Config) (subnets []*awsec2.SubnetConfiguration, machines string) {
	const public, private = "public", "private"
	subnets = []*awsec2.SubnetConfiguration{
		{Name: jsii.String(public), SubnetType: awsec2.SubnetType_PUBLIC, MapPublicIpOnLaunch: jsii.Bool(false)},
	}
	if c.NATGateways == 0 {
		return subnets, public
	}
	return append(subnets, &awsec2.SubnetConfiguration{
		Name: jsii.String(private), SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS,
	}), private
}

// newMachineRole is what a machine may do: policies/machine.json, and to
// decrypt its config if that has a key of its own.
func newMachineRole(stack awscdk.Stack, c Config) (awsiam.Role, error) {
	doc, err := policies.Machine(namesOf(stack, c))
	if err != nil {
		return nil, err
	}
	return awsiam.NewRole(stack, jsii.String("Machine"), &awsiam.RoleProps{
		Description:    jsii.String("runfleet " + c.Fleet + ": a machine"),
		AssumedBy:      awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil),
		InlinePolicies: inline(doc, c.keyStatements("kms:Decrypt")...),
	}), nil
}

// newDrillRole is what AWS Fault Injection Service may do in the fleet's name,
// and only in experiments of this account.
func newDrillRole(stack awscdk.Stack, c Config) (awsiam.Role, error) {
	doc, err := policies.Drill(namesOf(stack, c))
	if err != nil {
		return nil, err
	}
	experiments := stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("fis"), Resource: jsii.String("experiment"), ResourceName: jsii.String("*")})
	trusted := awsiam.NewServicePrincipal(jsii.String("fis.amazonaws.com"), &awsiam.ServicePrincipalOpts{Conditions: &map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()},
		"ArnLike":      map[string]any{"aws:SourceArn": experiments},
	}})
	return awsiam.NewRole(stack, jsii.String("Drills"), &awsiam.RoleProps{
		Description:    jsii.String("runfleet " + c.Fleet + ": AWS Fault Injection Service in a drill"),
		AssumedBy:      trusted,
		InlinePolicies: inline(doc),
	}), nil
}
