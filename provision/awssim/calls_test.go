package awssim

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

func TestBuckets(t *testing.T) {
	describe := func(r *region, in *ec2.DescribeInstancesInput) error {
		_, err := r.ec2.DescribeInstances(t.Context(), in)
		return err
	}
	for _, tt := range []struct {
		name          string
		call          func(*region, int) error
		size, refills int // calls at once, then calls a second
		code          string
	}{
		{"describe with a page", func(r *region, _ int) error {
			return describe(r, &ec2.DescribeInstancesInput{MaxResults: aws.Int32(1000)})
		}, 100, 20, "RequestLimitExceeded"},
		{"describe everything", func(r *region, _ int) error {
			return describe(r, &ec2.DescribeInstancesInput{})
		}, 50, 10, "RequestLimitExceeded"},
		{"launch", func(r *region, n int) error {
			_, err := r.ec2.CreateFleet(t.Context(), r.request(fmt.Sprint("intent-", n), 1, false, "c6g.xlarge/subnet-a"))
			return err
		}, 50, 5, "RequestLimitExceeded"},
		{"end", func(r *region, _ int) error {
			_, err := r.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{"i-0"}})
			return err
		}, 100, 5, "RequestLimitExceeded"},
		{"start", func(r *region, _ int) error {
			_, err := r.ec2.StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: []string{"i-0"}})
			return err
		}, 5, 2, "RequestLimitExceeded"},
		{"end many machines at once", func(r *region, _ int) error {
			_, err := r.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: make([]string, 20)})
			return err
		}, 50, 1, "RequestLimitExceeded"},
		{"parameters", func(r *region, _ int) error {
			_, err := r.ssm.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/a")})
			return err
		}, 40, 40, "ThrottlingException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, nil)
			r.pass(time.Minute) // the launch template took a token
			calls := 0
			until := func() (n int) {
				for ; n < 1000; n++ {
					calls++
					if code(tt.call(r, calls)) == tt.code {
						return n
					}
				}
				return n
			}
			if got := until(); got != tt.size {
				t.Errorf("%d calls at once, want %d", got, tt.size)
			}
			r.pass(time.Second)
			if got := until(); got != tt.refills {
				t.Errorf("%d calls after a second, want %d", got, tt.refills)
			}
		})
	}
}

func TestUnlimited(t *testing.T) {
	r := open(t, func(c *Config) { c.Limits.Unlimited = true })
	for range 1000 {
		if _, err := r.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFaultsOfCalls(t *testing.T) {
	get := func(r *region) string {
		_, err := r.ssm.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/a")})
		return code(err)
	}
	window := func(w Window) Faults {
		w.From, w.Until = time.Minute, 2*time.Minute
		return Faults{Windows: []Window{w}}
	}
	for _, tt := range []struct {
		name   string
		faults Faults
		want   []string // at once, in the window, after it
	}{
		{"a healthy region answers", Faults{}, []string{"ParameterNotFound", "ParameterNotFound", "ParameterNotFound"}},
		{"every reply may be lost", Faults{Lost: 1}, []string{"lost", "lost", "lost"}},
		{"a window throttles", window(Window{Throttled: 1}), []string{"ParameterNotFound", "ThrottlingException", "ParameterNotFound"}},
		{"a window fails one operation", window(Window{Operation: "GetParameter", ServerError: 1}), []string{"ParameterNotFound", "InternalServerError", "ParameterNotFound"}},
		{"a window of another operation does nothing", window(Window{Operation: "CreateFleet", Lost: 1}), []string{"ParameterNotFound", "ParameterNotFound", "ParameterNotFound"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, nil)
			r.SetFaults(tt.faults)
			var got []string
			for range tt.want {
				got = append(got, get(r))
				r.pass(time.Minute)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEndedContextCallsNothing(t *testing.T) {
	r := open(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.ec2.CreateFleet(ctx, r.request("intent-1", 1, false, "c6g.xlarge/subnet-a")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	want := map[string]map[string]int{"ec2": {"CreateLaunchTemplate": 1}}
	if diff := cmp.Diff(want, r.Calls()); diff != "" || r.Launched() != 0 {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestDescribeFilters(t *testing.T) {
	r := open(t, nil)
	spot, demand := r.launched("intent-1", 1, true)[0], r.launched("intent-2", 1, false)[0]
	r.pass(time.Minute)
	both := map[string]string{spot: "running", demand: "running"}
	for _, tt := range []struct {
		name   string
		filter types.Filter
		want   map[string]string
	}{
		{"by tag", filter("tag:fleet", "other", "acme"), both},
		{"by another tag's value", filter("tag:fleet", "acm"), map[string]string{}},
		{"by a tag's pattern", filter("tag:fleet", "a*m?"), both},
		{"by tag key", filter("tag-key", "fleet"), both},
		{"by state", filter("instance-state-name", "pending", "running"), both},
		{"by another state", filter("instance-state-name", "stopped"), map[string]string{}},
		{"by client token", filter("client-token", "intent-1"), map[string]string{spot: "running"}},
		{"by lifecycle", filter("instance-lifecycle", "spot"), map[string]string{spot: "running"}},
		{"on-demand has no lifecycle", filter("instance-lifecycle", "on-demand"), map[string]string{}},
		{"by id", filter("instance-id", demand), map[string]string{demand: "running"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := r.seen(&ec2.DescribeInstancesInput{Filters: []types.Filter{tt.filter}})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
	for _, in := range []*ec2.DescribeInstancesInput{
		{Filters: []types.Filter{filter("no-such-filter", "x")}},
		{InstanceIds: []string{spot}, MaxResults: aws.Int32(10)},
		{MaxResults: aws.Int32(4)},
		{NextToken: aws.String("x")},
	} {
		if _, err := r.ec2.DescribeInstances(t.Context(), in); err == nil {
			t.Errorf("%+v was answered", in)
		}
	}
}

func TestDescribePages(t *testing.T) {
	r := open(t, nil)
	want := map[string]string{}
	for _, id := range r.launched("intent-1", 23, false) {
		want[id] = "running"
	}
	r.pass(time.Minute)
	got, pages := map[string]string{}, 0
	in := &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5)}
	for {
		out, err := r.ec2.DescribeInstances(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, v := range out.Reservations {
			got[*v.Instances[0].InstanceId] = string(v.Instances[0].State.Name)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 5 {
		t.Errorf("%d pages (-want +got):\n%s", pages, diff)
	}
}
