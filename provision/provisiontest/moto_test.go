package provisiontest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awsproxy"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/provisiontest"
	"github.com/runfleet/runfleet/provision/queue"
	"github.com/runfleet/runfleet/provision/tokens"
)

// TestMoto runs the suite on a moto server, which checks what no simulation of
// ours can: signing, serialisation, paging and parsing. Our proxy before it plays
// what moto cannot. Start moto_server and name its address, such as
// http://127.0.0.1:5000, in RUNFLEET_MOTO.
func TestMoto(t *testing.T) {
	address := os.Getenv("RUNFLEET_MOTO")
	if address == "" {
		t.Skip("RUNFLEET_MOTO names no server")
	}
	cfg := aws.Config{
		HTTPClient: &http.Client{},
		Region:     "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "moto", SecretAccessKey: "moto"}, nil
		}),
	}
	provisiontest.Run(t, func(t *testing.T) provisiontest.Env {
		reset, err := http.Post(address+"/moto-api/reset", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		reset.Body.Close()
		wire, err := awsproxy.New(address, 1)
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(wire)
		t.Cleanup(front.Close)
		cfg := cfg
		cfg.BaseEndpoint = aws.String(front.URL)
		next := func(what awsproxy.Trouble) func(string) {
			return func(op string) { wire.AddFault(awsproxy.Fault{What: what, Operation: op, Times: 1}) }
		}
		client := provision.NewEC2(cfg)
		subnets, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
		if err != nil || len(subnets.Subnets) < 2 {
			t.Fatalf("default subnets: %v, error %v", subnets, err)
		}
		own, other := prepare(t, client, address)
		return provisiontest.Env{
			Name: "moto", Fleet: "conform", Deviations: deviations,
			Checks: client, SecurityGroups: []string{own}, Elsewhere: other, Foreign: image(t, client, "x86_64"), Rare: "hpc7g.4xlarge",
			InstanceProfile: "runfleet-machine",
			EC2:             client, SSM: tokens.NewSSM(cfg), FIS: faults.NewFIS(cfg), Region: cfg.Region, Account: "123456789012",
			Subnets: []string{*subnets.Subnets[0].SubnetId, *subnets.Subnets[1].SubnetId},
			Image:   image(t, client, "arm64"), Types: []string{"m6g.large", "m7g.large"}, Now: time.Now,
			Protect: func(t *testing.T, m fleet.MachineID, on bool) {
				_, err := client.ModifyInstanceAttribute(t.Context(), &ec2.ModifyInstanceAttributeInput{
					InstanceId: aws.String(string(m)), DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(on)},
				})
				if err != nil {
					t.Fatal(err)
				}
			},
			Wait: wait, SQS: queue.NewSQS(cfg), DrillRole: "arn:aws:iam::123456789012:role/runfleet-drills",
			Empty: func(o fleet.Offer) {
				wire.AddEmpty(awsproxy.Offer{Type: o.Type, Zone: o.Zone, Market: string(o.Market)})
			},
			Throttle: next(awsproxy.Throttled), Lose: next(awsproxy.Lost),
		}
	})
}

// deviations are what moto is known to be wrong in, behind the proxy, which keeps
// client tokens.
var deviations = []provisiontest.Deviation{
	provisiontest.FleetsForgotten, provisiontest.DoneAtOnce, provisiontest.NobodyInterrupted, provisiontest.OldTemplates,
	provisiontest.AnySize, provisiontest.TypesChange, provisiontest.SendersAlike, provisiontest.OldReceipts,
	provisiontest.DeletedForgotten,
}

// wait lets real time pass.
func wait(d time.Duration) { <-time.After(d) }

// prepare makes what a check looks for: an instance profile, by a bare request,
// because nothing else here needs IAM, and a security group of a second VPC.
func prepare(t *testing.T, client *ec2.Client, address string) (own, other string) {
	t.Helper()
	groups, err := client.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{})
	if err != nil || len(groups.SecurityGroups) == 0 {
		t.Fatalf("default security group: %v, error %v", groups, err)
	}
	vpc, err := client.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("other"), Description: aws.String("of another VPC"), VpcId: vpc.Vpc.VpcId,
	})
	if err != nil {
		t.Fatal(err)
	}
	body := "Action=CreateInstanceProfile&Version=2010-05-08&InstanceProfileName=runfleet-machine"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=moto/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("make an instance profile: %v, error %v", resp, err)
	}
	resp.Body.Close()
	return *groups.SecurityGroups[0].GroupId, *made.GroupId
}

func image(t *testing.T, client *ec2.Client, arch string) string {
	t.Helper()
	out, err := client.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Filters: []types.Filter{
		{Name: aws.String("architecture"), Values: []string{arch}}, {Name: aws.String("name"), Values: []string{"al2023-ami-2*"}},
	}})
	if err != nil || len(out.Images) == 0 {
		t.Fatalf("image for %s: %v", arch, err)
	}
	return aws.ToString(out.Images[0].ImageId)
}
