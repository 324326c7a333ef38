package provision_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
)

const parameter = "/ci/image"

// checked is an account of two zones, and a fleet of twelve pools that fits it.
func checked(t *testing.T, change func(*awssim.Config)) (*awssim.Account, provision.Config) {
	t.Helper()
	c := awssim.Config{
		Now: time.Now, After: func(time.Duration, func()) {}, Limits: awssim.Limits{Unlimited: true},
		Subnets: map[string]string{"subnet-a": "us-east-1a", "subnet-b": "us-east-1b"}, VPCs: map[string]string{"sg-a": "vpc-1"},
		Images: map[string]string{"ami-1": "arm64", "ami-2": "arm64"}, Profiles: []string{"machine"},
	}
	if change != nil {
		change(&c)
	}
	a := awssim.New(c)
	if _, err := a.SSM().PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String(parameter), Value: aws.String("ami-2"), Type: types.ParameterTypeString}); err != nil {
		t.Fatal(err)
	}
	of := provision.Config{Fleet: "acme", Region: "us-east-1", Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-a"}, InstanceProfile: "machine"}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		of.Pools = append(of.Pools, provision.PoolSpec{Name: name, Arch: fleet.ARM64, Types: []string{"m7g.large", "c7g.large"}, Image: "ami-1"})
	}
	of.Pools[1].Image = "ssm:" + parameter
	return a, of
}

func TestAFleetOfAnySizeIsCheckedBySixCalls(t *testing.T) {
	a, of := checked(t, nil)
	if got := (provision.Checker{EC2: a.EC2(), SSM: a.SSM()}).Check(t.Context(), of); len(got) != 0 {
		t.Errorf("problems %+v", got)
	}
	want := map[string]map[string]int{
		"ec2": {"DescribeSubnets": 1, "DescribeSecurityGroups": 1, "DescribeImages": 1, "DescribeInstanceTypeOfferings": 1, "RunInstances": 1},
		"ssm": {"PutParameter": 1, "GetParameters": 1},
	}
	if diff := cmp.Diff(want, a.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestADryRunIsMadeOnlyOfWhatIsThere(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*awssim.Config)
		runs   int
	}{
		{"the first pool's image is not there: the second's is taken", func(c *awssim.Config) { delete(c.Images, "ami-1") }, 1},
		{"no image is there", func(c *awssim.Config) { clear(c.Images) }, 0},
		{"no subnet is there", func(c *awssim.Config) { c.Subnets = nil }, 0},
		{"the group is of another VPC", func(c *awssim.Config) { c.VPCs["sg-a"] = "vpc-2" }, 0},
		{"no type is offered in the first zone", func(c *awssim.Config) { c.Offered = func(_, zone string) bool { return zone != "us-east-1a" } }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, of := checked(t, tt.change)
			provision.Checker{EC2: a.EC2(), SSM: a.SSM()}.Check(t.Context(), of)
			if got := a.Calls()["ec2"]["RunInstances"]; got != tt.runs {
				t.Errorf("%d dry runs, want %d", got, tt.runs)
			}
		})
	}
}

func TestAQuestionThatIsNotAnsweredSaysNothingOfTheFile(t *testing.T) {
	for _, op := range []string{"DescribeSubnets", "DescribeSecurityGroups", "GetParameters", "DescribeImages", "DescribeInstanceTypeOfferings", "RunInstances"} {
		for _, fault := range []string{"throttle", "lose", "fail"} {
			a, of := checked(t, nil)
			a.Next(op, fault)
			for i, p := range (provision.Checker{EC2: a.EC2(), SSM: a.SSM()}).Check(t.Context(), of) {
				if i > 0 || !p.Unsure || p.Stops {
					t.Errorf("%s of %s: %+v", fault, op, p)
				}
			}
		}
	}
}
