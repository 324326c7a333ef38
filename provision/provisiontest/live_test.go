//go:build live

package provisiontest_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/provisiontest"
	"github.com/runfleet/runfleet/provision/queue"
	"github.com/runfleet/runfleet/provision/tokens"
)

// TestLive runs the four suites on an account of AWS, which pays for some dozens of
// small machines, a few minutes each, and for experiments of FIS. It refuses unless
// the environment names region, account, subnets and what else place asks for, and
// unless the credentials are of that account. Each test has a fleet of its own and
// leaves nothing of it.
//
// No account has been asked yet: it was compiled, its refusals are tested, and
// against moto it removed all that it made but instant fleets, which moto does not
// tag. Whether the suites hold on AWS, and how long they take there, nobody knows.
func TestLive(t *testing.T) {
	p, err := placeOf(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion(p.region))
	if err != nil {
		t.Fatal(err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatalf("nothing was touched: ask AWS whose the credentials are: %v", err)
	}
	if err := p.owned(aws.ToString(who.Account)); err != nil {
		t.Fatal(err)
	}
	images := map[string]string{}
	for _, arch := range []string{"arm64", "x86_64"} {
		images[arch] = amazonLinux(t, cfg, arch)
	}
	run, tests := "conform-"+strconv.FormatInt(time.Now().Unix(), 36), 0
	provisiontest.Run(t, func(t *testing.T) provisiontest.Env {
		tests++
		e := p.env(cfg, fmt.Sprintf("%s-%d", run, tests))
		e.Image, e.Foreign = images["arm64"], images["x86_64"]
		b := newBroom(t, cfg, e.Fleet)
		t.Cleanup(b.sweep)
		return e
	})
}

// env is the place for a test's fleet.
func (p place) env(cfg aws.Config, name string) provisiontest.Env {
	client := provision.NewEC2(cfg)
	return provisiontest.Env{
		Name: "the account", Fleet: name, Paid: true,
		EC2: client, Checks: client, SSM: tokens.NewSSM(cfg), SQS: queue.NewSQS(cfg), FIS: faults.NewFIS(cfg),
		Region: p.region, Account: p.account, Subnets: p.subnets, SecurityGroups: []string{p.group},
		InstanceProfile: p.profile, DrillRole: p.role, Types: p.types,
		Elsewhere: p.elsewhere, Rare: "hpc7g.4xlarge",
		Now: time.Now, Wait: wait, Pass: wait,
		Protect: func(t *testing.T, m fleet.MachineID, on bool) {
			_, err := client.ModifyInstanceAttribute(t.Context(), &ec2.ModifyInstanceAttributeInput{
				InstanceId: aws.String(string(m)), DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(on)},
			})
			if err != nil {
				t.Fatal(err)
			}
		},
	}
}

// amazonLinux is AWS's newest image for an architecture.
func amazonLinux(t *testing.T, cfg aws.Config, arch string) string {
	t.Helper()
	out, err := ssm.NewFromConfig(cfg).GetParameter(t.Context(), &ssm.GetParameterInput{
		Name: aws.String("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-" + arch),
	})
	if err != nil {
		t.Fatalf("nothing was touched: image for %s: %v", arch, err)
	}
	return aws.ToString(out.Parameter.Value)
}
