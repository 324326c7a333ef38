package provisiontest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
)

// checker is a check of a cloud that can be asked.
func (e Env) checker(t *testing.T) provision.Checker {
	t.Helper()
	parameters, ok := e.SSM.(provision.ParametersAPI)
	if e.Checks == nil || !ok {
		t.Fatal("a check cannot ask what it needs")
	}
	return provision.Checker{EC2: e.Checks, SSM: parameters}
}

func fitting(t *testing.T, e Env) {
	k, c := e.checker(t), e.config()
	e.forget(t, e.name("image"))
	put := &ssm.PutParameterInput{Name: aws.String(e.name("image")), Value: aws.String(e.Image), Type: types.ParameterTypeString}
	if _, err := e.SSM.PutParameter(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	c.Pools = append(c.Pools, c.Pools[0])
	c.Pools[1].Image = "ssm:" + e.name("image")
	if got := k.Check(t.Context(), c); len(got) != 0 {
		t.Errorf("problems %+v", got)
	}
}

// misfit is one thing that is wrong with a configuration, and where that is found.
type misfit struct {
	name, pool, key string
	stops           bool
	change          func(*provision.Config)
}

func misfits(t *testing.T, e Env) {
	need(t, e.Elsewhere != "", "a security group of another VPC")
	k := e.checker(t)
	for _, tt := range []misfit{
		{"a subnet that is not there", "", "aws.subnets[1]", false, func(c *provision.Config) { c.Subnets[1] = "subnet-0123456789abcdef0" }},
		{"a security group that is not there", "", "aws.security_groups[0]", true, func(c *provision.Config) { c.SecurityGroups[0] = "sg-0123456789abcdef0" }},
		{"a security group of another VPC", "", "aws.security_groups[0]", true, func(c *provision.Config) { c.SecurityGroups[0] = e.Elsewhere }},
		{"an image that is not there", "arm64", "image", true, func(c *provision.Config) { c.Pools[0].Image = "ami-0fedcba9876543210" }},
		{"an image of the other architecture", "arm64", "image", true, func(c *provision.Config) { c.Pools[0].Image = e.Foreign }},
		{"a parameter that is not there", "arm64", "image", true, func(c *provision.Config) { c.Pools[0].Image = "ssm:" + e.name("none") }},
		{"a type that no zone of the subnets offers", "arm64", "types[1]", false, func(c *provision.Config) { c.Pools[0].Types[1] = e.Rare }},
		{"an instance profile that is not there", "", "aws.instance_profile", true, func(c *provision.Config) { c.InstanceProfile = "none" }},
	} {
		c := e.config()
		c.Subnets, c.SecurityGroups = append([]string{}, c.Subnets...), append([]string{}, c.SecurityGroups...)
		c.Pools[0].Types = append([]string{}, c.Pools[0].Types...)
		tt.change(&c)
		var got []fleet.Problem
		for _, p := range k.Check(t.Context(), c) {
			got = append(got, fleet.Problem{Pool: p.Pool, Key: p.Key, Stops: p.Stops, Unsure: p.Unsure})
		}
		if diff := cmp.Diff([]fleet.Problem{{Pool: tt.pool, Key: tt.key, Stops: tt.stops}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
