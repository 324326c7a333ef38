package provision

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// sound is what AWS shows of acme when all is well.
func sound() seen {
	in := func(zone string) site { return site{zone: zone, vpc: "vpc-1"} }
	both := []string{"us-east-1a", "us-east-1b"}
	return seen{
		subnets: map[string]site{"subnet-a1": in("us-east-1a"), "subnet-b1": in("us-east-1b"), "subnet-a2": in("us-east-1a")},
		groups:  map[string]string{"sg-1": "vpc-1"},
		images:  map[string]image{arm64Image: {"ami-1", fleet.ARM64, usable}},
		zones:   map[string][]string{"m7g.large": both, "m6g.large": both},
		refused: map[question]error{},
	}
}

// tell is problems as lines: what they stop, where, what and the remedy.
func tell(all []fleet.Problem) string {
	var b strings.Builder
	for _, p := range all {
		what := "warns"
		if p.Stops {
			what = "stops"
		}
		if p.Unsure {
			what = "unsure"
		}
		fmt.Fprintf(&b, "%s %s: %s; %s\n", what, strings.TrimPrefix(p.Pool+" "+p.Key, " "), p.Text, p.Remedy)
	}
	return b.String()
}

func TestWhatAWSShowsOfAFileIsJudged(t *testing.T) {
	refused := func(q question, err error) func(*seen, *Config) {
		return func(s *seen, _ *Config) { s.refused[q] = translate(err) }
	}
	gone := func(q question) func(*seen, *Config) { // as a question leaves it that was not answered
		return func(s *seen, _ *Config) {
			*s = seen{images: map[string]image{}, refused: map[question]error{q: translate(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "ec2.us-esat-1.amazonaws.com", IsNotFound: true}})}}
		}
	}
	var text strings.Builder
	for _, tt := range []struct {
		name   string
		change func(*seen, *Config)
	}{
		{"all is well", func(*seen, *Config) {}},
		{"a subnet is not there", func(s *seen, _ *Config) { delete(s.subnets, "subnet-b1") }},
		{"no subnet is there", func(s *seen, _ *Config) { clear(s.subnets) }},
		{"nothing is there", func(s *seen, _ *Config) { clear(s.subnets); clear(s.groups) }},
		{"a subnet is of another VPC", func(s *seen, _ *Config) { s.subnets["subnet-b1"] = site{"us-east-1b", "vpc-2"} }},
		{"the first subnet is of another VPC than the group and the others", func(s *seen, _ *Config) { s.subnets["subnet-a1"] = site{"us-east-1a", "vpc-2"} }},
		{"a security group is not there", func(s *seen, _ *Config) { clear(s.groups) }},
		{"a security group is of another VPC", func(s *seen, _ *Config) { s.groups["sg-1"] = "vpc-2" }},
		{"one of two security groups is of another VPC", func(s *seen, c *Config) { c.SecurityGroups, s.groups["sg-2"] = []string{"sg-1", "sg-2"}, "vpc-2" }},
		{"a parameter is not there", func(s *seen, _ *Config) { s.images[arm64Image] = image{} }},
		{"a parameter holds something else", func(s *seen, _ *Config) { s.images[arm64Image] = image{id: "latest"} }},
		{"an image is not there", func(s *seen, _ *Config) { s.images[arm64Image] = image{id: "ami-1"} }},
		{"an image is not ready", func(s *seen, _ *Config) { s.images[arm64Image] = image{"ami-1", fleet.ARM64, "pending"} }},
		{"an image is of the other architecture", func(s *seen, _ *Config) { s.images[arm64Image] = image{"ami-1", fleet.X86, usable} }},
		{"one of two types is offered elsewhere", func(s *seen, _ *Config) { s.zones["m7g.large"] = []string{"us-east-1c", "us-east-1d"} }},
		{"no type is offered", func(s *seen, _ *Config) { clear(s.zones) }},
		{"five types are offered elsewhere", func(s *seen, c *Config) {
			c.Pools[0].Types = []string{"a.large", "b.large", "c.large", "d.large", "e.large"}
			s.zones = map[string][]string{"a.large": {"us-east-1c"}, "e.large": {"us-east-1c", "us-east-1d"}}
		}},
		{"a question is not allowed, and EC2 names the action", refused(askImages, apiError("UnauthorizedOperation",
			"You are not authorized to perform this operation. User: arn:aws:iam::1:user/ci is not authorized to perform: ec2:DescribeImages because no identity-based policy allows the ec2:DescribeImages action"))},
		{"a question is not allowed, and EC2 names nothing", refused(askTypes, apiError("UnauthorizedOperation", "You are not authorized to perform this operation."))},
		{"parameters may not be read", refused(askParameters, apiError("AccessDeniedException", "User: ci is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-east-1::parameter/x"))},
		{"the role of machines may not be passed", refused(askLaunch, apiError("UnauthorizedOperation", "User: ci is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/machine"))},
		{"the instance profile is not there", refused(askLaunch, apiError("InvalidParameterValue", "Value (runfleet-machine) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"))},
		{"the instance profile is not there, by its ARN", refused(askLaunch, apiError("InvalidParameterValue", "Invalid IAM Instance Profile ARN"))},
		{"the instance profile is not there, as moto says it", refused(askLaunch, apiError("NoSuchEntity", "Instance profile runfleet-machine not found"))},
		{"EC2 refuses a dry run for another reason", refused(askLaunch, apiError("InvalidParameterCombination", "no"))},
		{"there is no room just now", refused(askLaunch, apiError("VcpuLimitExceeded", ""))},
		{"AWS asks for a pause", refused(askSubnets, apiError("RequestLimitExceeded", "Request limit exceeded."))},
		{"AWS does not know who asks", refused(askSubnets, apiError("AuthFailure", "AWS was not able to validate the provided access credentials"))},
		{"the region has no address", gone(askSubnets)},
		{"nobody gave credentials", refused(askSubnets, &smithy.OperationError{ServiceID: "EC2", OperationName: "DescribeSubnets", Err: fmt.Errorf(
			"get identity: get credentials: no EC2 IMDS role found, %w", &smithy.OperationError{ServiceID: "ec2imds", OperationName: "GetMetadata", Err: errors.New("access disabled")})})},
	} {
		s, c := sound(), acme(nil)
		tt.change(&s, &c)
		fmt.Fprintf(&text, "%s\n", tt.name)
		for line := range strings.Lines(tell(judge(c, s))) {
			text.WriteString("  " + line)
		}
	}
	goldenText(t, "judged.txt", text.String())
}
