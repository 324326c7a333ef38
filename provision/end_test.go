package provision

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/runfleet/runfleet/fleet"
)

// ender is an EC2 that does not know some machines, and says which or not.
func ender(unknown map[string]bool, says bool, ended map[string]bool) *script {
	return &script{end: func(in *ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error) {
		var missing []string
		for _, id := range in.InstanceIds {
			if unknown[id] {
				missing = append(missing, id)
			}
		}
		switch {
		case len(in.InstanceIds) > endBatch:
			return nil, apiError("InvalidParameterValue", "too many")
		case len(missing) > 0 && says:
			return nil, apiError("InvalidInstanceID.NotFound", "The instance IDs '"+strings.Join(missing, ", ")+"' do not exist")
		case len(missing) > 0:
			return nil, apiError("InvalidInstanceID.NotFound", "some do not exist")
		}
		for _, id := range in.InstanceIds {
			ended[id] = true
		}
		return &ec2.TerminateInstancesOutput{}, nil
	}}
}

func TestUnknownMachinesDoNotKeepOthersFromEnding(t *testing.T) {
	for _, says := range []bool{true, false} {
		ended := map[string]bool{}
		unknown := map[string]bool{"i-1": true, "i-77": true, "i-249": true}
		left := New(acme(ender(unknown, says, ended))).End(t.Context(), machineIDs(250))
		for id := range unknown {
			if !errors.Is(left[fleet.MachineID(id)], fleet.ErrAbsent) {
				t.Errorf("EC2 says which (%v): %s: %v", says, id, left[fleet.MachineID(id)])
			}
		}
		if len(left) != 3 || len(ended) != 247 {
			t.Errorf("EC2 says which (%v): %d ended, left %v", says, len(ended), left)
		}
	}
}

func TestABatchThatFailsDoesNotStopTheRest(t *testing.T) {
	calls := 0
	s := &script{end: func(*ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error) {
		if calls++; calls == 1 {
			return nil, apiError("RequestLimitExceeded", "")
		}
		return &ec2.TerminateInstancesOutput{}, nil
	}}
	left := New(acme(s)).End(t.Context(), machineIDs(150))
	if len(left) != 100 || !errors.Is(left["i-0"], fleet.ErrThrottled) || calls != 2 {
		t.Errorf("%d calls, %d left, i-0 for %v", calls, len(left), left["i-0"])
	}
}

// guard is an EC2 in which some machines are protected: it ends nobody of a call
// that names one, and names the first of them in its refusal, or none.
type guard struct {
	protected []string
	silent    bool
	ended     map[string]bool
	calls     int
}

func (g *guard) end(in *ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error) {
	g.calls++
	for _, id := range in.InstanceIds {
		if slices.Contains(g.protected, id) && g.silent {
			return nil, apiError("OperationNotPermitted", "An instance may not be terminated.")
		} else if slices.Contains(g.protected, id) {
			return nil, apiError("OperationNotPermitted", "The instance '"+id+"' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.")
		}
	}
	for _, id := range in.InstanceIds {
		g.ended[id] = true
	}
	return &ec2.TerminateInstancesOutput{}, nil
}

func TestAProtectedMachineStaysAlone(t *testing.T) {
	all := machineIDs(100)
	names := make([]string, len(all))
	for i, id := range all {
		names[i] = string(id)
	}
	for _, tt := range []struct {
		name      string
		protected []string
		silent    bool
		calls     int // at most
	}{
		{"nobody is", nil, false, 1},
		{"one that EC2 names", []string{"i-7"}, false, 2},
		{"three that EC2 names one after the other", []string{"i-7", "i-8", "i-99"}, false, 4},
		{"one that it does not name", []string{"i-7"}, true, 15},
		{"all of them", names, false, 100},
		{"all of them, without a name", names, true, 199},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &guard{protected: tt.protected, silent: tt.silent, ended: map[string]bool{}}
			left := New(acme(&script{end: g.end})).End(t.Context(), all)
			if len(left) != len(tt.protected) || len(g.ended) != len(all)-len(tt.protected) || g.calls > tt.calls {
				t.Errorf("%d calls, %d ended, left %v", g.calls, len(g.ended), left)
			}
			for _, id := range tt.protected {
				if err := left[fleet.MachineID(id)]; !errors.Is(err, fleet.ErrState) || !strings.Contains(err.Error(), "end "+id+": ") {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
}

// Beside a protected machine, what ends the patience of EC2 ends the search.
func TestASearchForAProtectedMachineStopsWhereThereIsNoAnswer(t *testing.T) {
	calls := 0
	s := &script{end: func(*ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error) {
		if calls++; calls == 1 {
			return nil, apiError("OperationNotPermitted", "An instance may not be terminated.")
		}
		return nil, context.DeadlineExceeded
	}}
	left := New(acme(s)).End(t.Context(), machineIDs(100))
	if calls != 2 || len(left) != 100 {
		t.Errorf("%d calls, %d left", calls, len(left))
	}
	for id, err := range left {
		if !errors.Is(err, fleet.ErrUnknownOutcome) {
			t.Errorf("%s: %v", id, err)
		}
	}
}
