package pace_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/provision/pace"
)

var clock = pace.Clock{Now: time.Now, After: time.After}

// fleetOf is a launch of machines; the others likewise.
func fleetOf(machines int) pace.Call {
	return pace.Call{Service: "EC2", Operation: "CreateFleet", Input: &ec2.CreateFleetInput{
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(int32(machines))},
	}}
}

func endOf(machines int) pace.Call {
	return pace.Call{Service: "EC2", Operation: "TerminateInstances", Input: &ec2.TerminateInstancesInput{InstanceIds: make([]string, machines)}}
}

func startOf(machines int) pace.Call {
	return pace.Call{Service: "EC2", Operation: "StartInstances", Input: &ec2.StartInstancesInput{InstanceIds: make([]string, machines)}}
}

func stopOf(machines int) pace.Call {
	return pace.Call{Service: "EC2", Operation: "StopInstances", Input: &ec2.StopInstancesInput{InstanceIds: make([]string, machines)}}
}

var (
	put    = pace.Call{Service: "SSM", Operation: "PutParameter"}
	list   = pace.Call{Service: "EC2", Operation: "DescribeInstances"}
	try    = pace.Call{Service: "EC2", Operation: "RunInstances", Input: &ec2.RunInstancesInput{DryRun: aws.Bool(true), MaxCount: aws.Int32(1)}}
	report = pace.Call{Service: "SQS", Operation: "SendMessage"}
)

func refused(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "RequestLimitExceeded"
}

func TestABurstIsServedAtOnceAndTheRestAtThePaceOfTheShare(t *testing.T) {
	for _, tt := range []struct {
		name  string
		share float64
		call  pace.Call
		burst int           // calls without a wait
		next  time.Duration // that the one after them waits; -1: it is refused
	}{
		{"parameters, of which machines have half", 1, put, 18, time.Second / 18},
		{"half of the parameters", 0.5, put, 9, time.Second / 9},
		{"launches of one machine, at EC2's pace of calls that change something", 1, fleetOf(1), 45, time.Second * 10 / 45},
		{"launches of many, at its pace of machines", 1, fleetOf(300), 3, -1},
		{"questions", 1, list, 90, time.Second / 18},
		{"a tenth of the questions", 0.1, list, 9, time.Second * 10 / 18},
		{"starts", 1, startOf(1), 4, time.Second * 10 / 18},
		{"stops", 1, stopOf(1), 45, time.Second * 10 / 45},
		{"ends", 1, endOf(1), 90, time.Second * 10 / 45},
		{"ends of a hundred", 1, endOf(100), 9, -1},
		{"dry runs", 1, try, 4, time.Second * 10 / 18},
		{"a share that is less than one call", 0.01, try, 1, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, began := pace.New(tt.share, clock), time.Now()
				for i := range tt.burst {
					if err := p.Wait(t.Context(), tt.call); err != nil || time.Since(began) > 0 {
						t.Fatalf("call %d: %v after %s", i+1, err, time.Since(began))
					}
				}
				err := p.Wait(t.Context(), tt.call)
				switch waited := time.Since(began); {
				case tt.next < 0 && (!refused(err) || waited > 0):
					t.Errorf("the call after the burst: %v after %s", err, waited)
				case tt.next >= 0 && (err != nil || (waited-tt.next).Abs() > time.Microsecond):
					t.Errorf("the call after the burst: %v after %s, not %s", err, waited, tt.next)
				}
			})
		})
	}
}

func TestWhatHasNoLimitIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := pace.New(0.01, clock), time.Now()
		for range 1000 {
			if err := p.Wait(t.Context(), report); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 { // all that is there, and then some
			_ = p.Wait(t.Context(), put)
		}
		if err := p.Wait(t.Context(), fleetOf(1)); err != nil || time.Since(began) > 0 {
			t.Errorf("a launch behind parameters that wait: %v after %s", err, time.Since(began))
		}
	})
}

func TestAWaitObeysItsContext(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit time.Duration // of the context
		stop  time.Duration // when it is cancelled; 0: never
		wants func(error) bool
		after time.Duration
	}{
		{"the turn comes in time", time.Minute, 0, func(err error) bool { return err == nil }, time.Second},
		{"no time would be left for an answer", 2900 * time.Millisecond, 0, refused, 0},
		{"cancelled while it waits", time.Minute, 300 * time.Millisecond, func(err error) bool { return errors.Is(err, context.Canceled) }, 300 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pace.New(1.0/18, clock) // one parameter a second
				if err := p.Wait(t.Context(), put); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				if tt.stop > 0 {
					time.AfterFunc(tt.stop, cancel)
				}
				began := time.Now()
				err := p.Wait(ctx, put)
				if waited := time.Since(began); !tt.wants(err) || (waited-tt.after).Abs() > time.Microsecond {
					t.Errorf("%v after %s", err, waited)
				}
				if err == nil {
					return
				}
				// What was given up is there for the next.
				if err := p.Wait(t.Context(), put); err != nil || time.Since(began) > time.Second+time.Microsecond {
					t.Errorf("the next: %v after %s", err, time.Since(began))
				}
			})
		})
	}
}

func TestACallThatIsRefusedDrawsOnNoBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked time.Duration // a clock does not stand still between two questions
		p := pace.New(1, pace.Clock{After: time.After, Now: func() time.Time {
			asked += time.Nanosecond
			return time.Now().Add(asked)
		}})
		for range 3 {
			if err := p.Wait(t.Context(), fleetOf(300)); err != nil { // of 900 machines
				t.Fatal(err)
			}
		}
		for range 100 { // more than there are requests
			if err := p.Wait(t.Context(), fleetOf(300)); !refused(err) {
				t.Fatalf("machines that there are not: %v", err)
			}
		}
		began := time.Now()
		if err := p.Wait(t.Context(), stopOf(1)); err != nil || time.Since(began) > 0 {
			t.Errorf("another request: %v after %s", err, time.Since(began))
		}
	})
}

func TestACallThatNeedsMoreThanTheBucketHoldsLeavesADebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := pace.New(0.05, clock), time.Now() // 45 machines, 0.9 a second
		if err := p.Wait(t.Context(), endOf(60)); err != nil || time.Since(began) > 0 {
			t.Fatalf("%v after %s", err, time.Since(began))
		}
		time.Sleep(15 * time.Second)
		if err := p.Wait(t.Context(), endOf(2)); !refused(err) {
			t.Errorf("while the debt is not paid: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := p.Wait(t.Context(), endOf(2)); err != nil {
			t.Errorf("when it is: %v", err)
		}
	})
}

func TestAPlanIsToldWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(1, clock)
		told := func(machines, configs int) {
			t.Helper()
			if m, c := p.Left(); m != machines || c != configs {
				t.Errorf("%d machines and %d configs, not %d and %d", m, c, machines, configs)
			}
		}
		told(900, 36) // 18, and what refills in a second
		for _, c := range []pace.Call{fleetOf(500), startOf(100), put, put} {
			if err := p.Wait(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		told(300, 34)
		time.Sleep(time.Minute)
		told(300+108, 36)
	})
}

// The account's own bucket never runs dry, whatever is asked when.
func TestNoSpanHoldsMoreThanTheBucketAndWhatRefills(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		now := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
		share := rapid.Float64Range(0.05, 1).Draw(r, "share")
		p := pace.New(share, pace.Clock{Now: func() time.Time { return now }, After: func(d time.Duration) <-chan time.Time {
			now = now.Add(d)
			due := make(chan time.Time, 1)
			due <- now
			return due
		}})
		var sent []time.Time
		for range rapid.IntRange(1, 200).Draw(r, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(r, "pause")) * time.Millisecond)
			if p.Wait(t.Context(), put) == nil {
				sent = append(sent, now)
			}
		}
		b := pace.Account()[pace.Parameters]
		for i := range sent {
			for k := i; k < len(sent); k++ {
				span := sent[k].Sub(sent[i])
				most := max(1, b.Size*share/2) + b.Refill*share/2*span.Seconds()
				if n := float64(k - i + 1); n > most+1e-6 {
					r.Fatalf("%v calls within %s at share %v, not %v", n, span, share, most)
				}
			}
		}
	})
}
