package provisiontest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
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
			KeepsTokens: true, // the proxy does
			Empty: func(o fleet.Offer) {
				wire.AddEmpty(awsproxy.Offer{Type: o.Type, Zone: o.Zone, Market: string(o.Market)})
			},
			Throttle: next(awsproxy.Throttled), Lose: next(awsproxy.Lost),
		}
	})
}
