package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// switched is an EC2 that refuses calls by what they name, and what was asked.
func switched(refuse func(ids []string) error) (c *Cloud, asked *[]string) {
	asked = new([]string)
	ask := func(verb string, ids []string) error {
		*asked = append(*asked, verb+" "+strings.Join(ids, " "))
		return refuse(ids)
	}
	s := &script{
		stop: func(in *ec2.StopInstancesInput) (*ec2.StopInstancesOutput, error) {
			return &ec2.StopInstancesOutput{}, ask("stop", in.InstanceIds)
		},
		start: func(in *ec2.StartInstancesInput) (*ec2.StartInstancesOutput, error) {
			return &ec2.StartInstancesOutput{}, ask("start", in.InstanceIds)
		},
	}
	return New(acme(s)), asked
}

func TestMachinesAreSwitchedTogetherAsFarAsEC2Lets(t *testing.T) {
	state := func(id string) error {
		return apiError("IncorrectInstanceState", "This instance '"+id+"' is not in a state from which it can be started.")
	}
	for _, tt := range []struct {
		name   string
		refuse func(ids []string) error
		want   []string
		left   map[fleet.MachineID]error
	}{
		{"all at once", func([]string) error { return nil }, []string{"i-1 i-2 i-3"}, nil},
		{"one in another state does not keep the others", func(ids []string) error {
			if slices.Contains(ids, "i-2") {
				return state("i-2")
			}
			return nil
		}, []string{"i-1 i-2 i-3", "i-1 i-3"}, map[fleet.MachineID]error{"i-2": fleet.ErrState}},
		{"nor one that EC2 does not know", func(ids []string) error {
			if slices.Contains(ids, "i-1") {
				return apiError("InvalidInstanceID.NotFound", "The instance IDs 'i-1, i-9' do not exist")
			}
			return nil
		}, []string{"i-1 i-2 i-3", "i-2 i-3"}, map[fleet.MachineID]error{"i-1": fleet.ErrAbsent}},
		{"a refusal that names nobody is looked for by halves", func(ids []string) error {
			if slices.Contains(ids, "i-2") {
				return apiError("IncorrectInstanceState", "An instance is in another state.")
			}
			return nil
		}, []string{"i-1 i-2 i-3", "i-1 i-2", "i-1", "i-2", "i-3"}, map[fleet.MachineID]error{"i-2": fleet.ErrState}},
		{"where there is room for one, one is switched", func(ids []string) error {
			if len(ids) > 1 || ids[0] != "i-1" {
				return apiError("InsufficientInstanceCapacity", "We currently do not have sufficient m7g.large capacity.")
			}
			return nil
		}, []string{"i-1 i-2 i-3", "i-1", "i-2"}, map[fleet.MachineID]error{"i-2": fleet.ErrNoCapacity, "i-3": fleet.ErrNoCapacity}},
		{"a throttled call is not repeated", func([]string) error {
			return apiError("RequestLimitExceeded", "")
		}, []string{"i-1 i-2 i-3"}, map[fleet.MachineID]error{"i-1": fleet.ErrThrottled, "i-2": fleet.ErrThrottled, "i-3": fleet.ErrThrottled}},
		{"nor one without an answer", func([]string) error {
			return context.DeadlineExceeded
		}, []string{"i-1 i-2 i-3"}, map[fleet.MachineID]error{"i-1": fleet.ErrUnknownOutcome, "i-2": fleet.ErrUnknownOutcome, "i-3": fleet.ErrUnknownOutcome}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for verb, call := range map[string]func(*Cloud) map[fleet.MachineID]error{
				"start": func(c *Cloud) map[fleet.MachineID]error {
					return c.Start(t.Context(), []fleet.MachineID{"i-1", "i-2", "i-3"})
				},
				"stop": func(c *Cloud) map[fleet.MachineID]error {
					return c.Stop(t.Context(), []fleet.MachineID{"i-1", "i-2", "i-3"})
				},
			} {
				c, asked := switched(tt.refuse)
				left := call(c)
				var want []string
				for _, ids := range tt.want {
					want = append(want, verb+" "+ids)
				}
				if diff := cmp.Diff(want, *asked); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				if len(left) != len(tt.left) {
					t.Errorf("%s left %v", verb, left)
				}
				for id, meaning := range tt.left {
					if !errors.Is(left[id], meaning) || !strings.Contains(left[id].Error(), verb+" "+string(id)) {
						t.Errorf("%s of %s: %v", verb, id, left[id])
					}
				}
			}
		})
	}
}

func TestManyMachinesAreSwitchedInBatches(t *testing.T) {
	c, asked := switched(func([]string) error { return nil })
	var ids []fleet.MachineID
	for i := range 250 {
		ids = append(ids, fleet.MachineID(fmt.Sprint("i-", i)))
	}
	if left := c.Stop(t.Context(), ids); len(left) != 0 || len(*asked) != 3 {
		t.Errorf("%d calls, left %v", len(*asked), left)
	}
}
