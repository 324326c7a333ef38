package pace_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
	"github.com/runfleet/runfleet/provision/pace"
	"github.com/runfleet/runfleet/provision/tokens"
)

// account is a simulated one behind the SDK's clients, that counts what it
// refused because it was asked too much.
type account struct {
	*awssim.Account
	throttled atomic.Int64
}

// serve answers in the place of a network.
func (a *account) serve(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("awssim", func(
		ctx context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler,
	) (out middleware.InitializeOutput, _ middleware.Metadata, err error) {
		switch in := in.Parameters.(type) {
		case *ec2.CreateFleetInput:
			out.Result, err = a.EC2().CreateFleet(ctx, in)
		case *ec2.TerminateInstancesInput:
			out.Result, err = a.EC2().TerminateInstances(ctx, in)
		case *ec2.DescribeInstancesInput:
			out.Result, err = a.EC2().DescribeInstances(ctx, in)
		case *ec2.CreateLaunchTemplateInput:
			out.Result, err = a.EC2().CreateLaunchTemplate(ctx, in)
		case *ec2.DescribeLaunchTemplatesInput:
			out.Result, err = a.EC2().DescribeLaunchTemplates(ctx, in)
		case *ec2.DescribeSubnetsInput:
			out.Result, err = a.EC2().DescribeSubnets(ctx, in)
		case *ssm.PutParameterInput:
			out.Result, err = a.SSM().PutParameter(ctx, in)
		case *ssm.GetParameterInput:
			out.Result, err = a.SSM().GetParameter(ctx, in)
		case *ssm.DeleteParameterInput:
			out.Result, err = a.SSM().DeleteParameter(ctx, in)
		default:
			err = fmt.Errorf("no test asks for %T", in)
		}
		if api, ok := errors.AsType[smithy.APIError](err); ok && (api.ErrorCode() == "RequestLimitExceeded" || api.ErrorCode() == "ThrottlingException") {
			a.throttled.Add(1)
		}
		return out, middleware.Metadata{}, err
	}), middleware.After)
}

// scene is a fleet in an account that allows no more than a share of what AWS
// does.
type scene struct {
	*account
	cloud *provision.Cloud
	store *tokens.Store
}

func staged(t *testing.T, share float64, paced bool) scene {
	t.Helper()
	part := func(k pace.Kind) awssim.Bucket {
		b := pace.Account()[k]
		return awssim.Bucket{Size: max(1, b.Size*share), Refill: b.Refill * share}
	}
	a := &account{Account: awssim.New(awssim.Config{
		Now: time.Now, After: func(d time.Duration, f func()) { time.AfterFunc(d, f) }, Subnets: map[string]string{"subnet-a": "us-east-1a"},
		Limits: awssim.Limits{
			Describe: part(pace.Describe), Mutate: part(pace.Mutate), Start: part(pace.Start), Terminate: part(pace.Terminate),
			StartMachines: part(pace.Launched), EndMachines: part(pace.Ended), Parameters: part(pace.Parameters),
		},
	})}
	cfg := aws.Config{Region: "us-east-1"}
	if paced {
		cfg.APIOptions = append(cfg.APIOptions, pace.New(share, clock).Add)
	}
	cfg.APIOptions = append(cfg.APIOptions, a.serve)
	return scene{a,
		provision.New(provision.Config{
			EC2: provision.NewEC2(cfg), Fleet: "acme", Ledger: "l", Region: "us-east-1", Subnets: []string{"subnet-a"}, SecurityGroups: []string{"sg-a"},
			Pools: []provision.PoolSpec{{Name: "a", Arch: fleet.ARM64, Types: []string{"m7g.large"}, Image: "ami-1", Market: fleet.OnDemand}},
		}),
		&tokens.Store{SSM: tokens.NewSSM(cfg), Fleet: "acme", Region: "us-east-1", Account: "123456789012"},
	}
}

// persist does an act until it is not refused for want of tokens, as looks do, a
// second apart.
func persist(act func() error) error {
	for {
		err := act()
		if !errors.Is(err, fleet.ErrThrottled) {
			return err
		}
		time.Sleep(time.Second)
	}
}

// atOnce does n acts, sixteen at once, as a plan does.
func atOnce(t *testing.T, n int, act func(i int) error) {
	t.Helper()
	var wait sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range n {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if err := persist(func() error { return act(i) }); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func launch(s scene, i, machines int) error {
	recipes, err := s.cloud.Recipes(context.Background())
	if err != nil {
		return err
	}
	got, err := s.cloud.Launch(context.Background(), fleet.IntentID(fmt.Sprint("i", i)), fleet.Launch{
		Pool: "a", Template: recipes[0].Template, Market: fleet.OnDemand, Count: machines, Offers: recipes[0].Offers,
	})
	if err == nil && len(got.Machines) != machines {
		return fmt.Errorf("%d machines of %d", len(got.Machines), machines)
	}
	return err
}

var bursts = []struct {
	name string
	does func(*testing.T, scene)
}{
	{"configs of 300 machines, stored and taken back", func(t *testing.T, s scene) {
		id := func(i int) fleet.MachineID { return fleet.MachineID(fmt.Sprint("i-", i)) }
		atOnce(t, 300, func(i int) error { return s.store.Put(context.Background(), id(i), "eyJhIjoiYiJ9") })
		atOnce(t, 300, func(i int) error {
			_, err := s.store.Withdraw(context.Background(), id(i))
			return err
		})
	}},
	{"launches for 120 pools", func(t *testing.T, s scene) {
		atOnce(t, 120, func(i int) error { return launch(s, i, 1) })
	}},
	{"1,500 machines, launched and ended", func(t *testing.T, s scene) {
		for i := range 15 {
			if err := persist(func() error { return launch(s, i, 100) }); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute) // until EC2 shows them all
		list, err := s.cloud.Machines(context.Background())
		if err != nil || len(list) != 1500 {
			t.Fatalf("%d machines, %v", len(list), err)
		}
		for len(list) > 0 {
			var ids []fleet.MachineID
			for _, m := range list[:min(80, len(list))] {
				ids = append(ids, m.ID)
			}
			if left := s.cloud.End(context.Background(), ids); len(left) == 0 {
				list = list[len(ids):]
			}
			time.Sleep(time.Second)
		}
	}},
}

func TestABurstWithinTheShareIsNeverRefusedByAWS(t *testing.T) {
	for _, share := range []float64{1, 0.5, 0.1} {
		for _, tt := range bursts {
			t.Run(fmt.Sprint(tt.name, ", share ", share), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, began := staged(t, share, true), time.Now()
					tt.does(t, s)
					t.Logf("after %s", time.Since(began).Round(time.Second))
					if n := s.throttled.Load(); n > 0 {
						t.Errorf("AWS refused %d calls", n)
					}
				})
			})
		}
	}
}

func TestWithoutAPaceTheSameBurstsAreRefused(t *testing.T) {
	for _, tt := range bursts[:2] {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := staged(t, 1, false)
				tt.does(t, s)
				if s.throttled.Load() == 0 {
					t.Error("AWS refused nothing, so the test above proves nothing")
				}
			})
		})
	}
}

func TestMachinesThatPollFindRoomBesideTheManager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const share = 0.5
		s := staged(t, share, true)
		ctx, stop := context.WithCancel(t.Context())
		agent := &tokens.Store{SSM: s.SSM(), Fleet: "acme", Region: "us-east-1", Account: "123456789012"}
		var polls, refused int
		var polled sync.WaitGroup
		polled.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Duration(float64(time.Second) / pace.Polls(share)))
				polls++
				if _, _, err := agent.Take(ctx, "i-none"); errors.Is(err, fleet.ErrThrottled) {
					refused++
				}
			}
		})
		bursts[0].does(t, s)
		stop()
		polled.Wait()
		if s.throttled.Load() > 0 || refused > 0 || polls < 100 {
			t.Errorf("%d calls of the manager and %d of %d polls were refused", s.throttled.Load(), refused, polls)
		}
	})
}
