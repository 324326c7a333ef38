package provisiontest_test

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/provisiontest"
	"github.com/runfleet/runfleet/provision/tokens"
)

// TestMoto runs the suite on a moto server, which checks what no simulation of
// ours can: signing, serialisation, paging and parsing. Start moto_server and
// name its address, such as http://127.0.0.1:5000, in RUNFLEET_MOTO.
func TestMoto(t *testing.T) {
	address := os.Getenv("RUNFLEET_MOTO")
	if address == "" {
		t.Skip("RUNFLEET_MOTO names no server")
	}
	wire := newTroubled()
	cfg := aws.Config{
		HTTPClient:   &http.Client{Transport: wire},
		Region:       "us-east-1",
		BaseEndpoint: aws.String(address),
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
		client := provision.NewEC2(cfg)
		subnets, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
		if err != nil || len(subnets.Subnets) < 2 {
			t.Fatalf("default subnets: %v, error %v", subnets, err)
		}
		return provisiontest.Env{
			EC2: client, SSM: tokens.NewSSM(cfg), FIS: faults.NewFIS(cfg), Region: cfg.Region, Account: "123456789012",
			Subnets: []string{*subnets.Subnets[0].SubnetId, *subnets.Subnets[1].SubnetId},
			Image:   "ami-12c6146b", Types: []string{"m6g.large", "m7g.large"}, Now: time.Now,
			Protect: func(t *testing.T, m fleet.MachineID, on bool) {
				_, err := client.ModifyInstanceAttribute(t.Context(), &ec2.ModifyInstanceAttributeInput{
					InstanceId: aws.String(string(m)), DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(on)},
				})
				if err != nil {
					t.Fatal(err)
				}
			},
			Throttle: wire.next(wire.throttle), Lose: wire.next(wire.lose),
		}
	})
}
