package awssim

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// TerminateInstances ends instances; one unknown id refuses the whole call. To
// end what is ended is no error. A protected one keeps those of its zone, and
// refuses the call, while those of other zones end. Source: EC2's API reference,
// TerminateInstances.
func (e *EC2) TerminateInstances(ctx context.Context, in *ec2.TerminateInstancesInput, _ ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error) {
	r := request{service: "ec2", op: "TerminateInstances", machines: len(in.InstanceIds)}
	return answer(ctx, e.a, r, func() (*ec2.TerminateInstancesOutput, error) {
		err := e.a.unknown(in.InstanceIds)
		if err != nil {
			return nil, err
		}
		list, refused := e.a.unprotected(in.InstanceIds)
		changes, err := e.a.change(list, nil, func(i *instance) { e.a.end(i, byUser) })
		if refused != nil {
			return nil, refused
		}
		return &ec2.TerminateInstancesOutput{TerminatingInstances: changes}, err
	})
}

// unprotected are those of the ids that a call ends, and its refusal if one of
// them is protected.
func (a *Account) unprotected(ids []string) (list []string, err error) {
	zones := map[string]bool{}
	for _, id := range ids {
		if i := a.instances[id]; i.protected && i.removed.IsZero() {
			zones[i.offer.zone] = true
			if err == nil {
				err = refuse("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", id)
			}
		}
	}
	for _, id := range ids {
		if !zones[a.instances[id].offer.zone] {
			list = append(list, id)
		}
	}
	return list, err
}

// Protect has an instance refuse to be ended by API, or not any more, as its
// attribute disableApiTermination does.
func (a *Account) Protect(id string, on bool) {
	a.do(func() {
		if i := a.instances[id]; i != nil {
			i.protected = on
		}
	})
}

// StopInstances stops running on-demand instances, all or none.
func (e *EC2) StopInstances(ctx context.Context, in *ec2.StopInstancesInput, _ ...func(*ec2.Options)) (*ec2.StopInstancesOutput, error) {
	r := request{service: "ec2", op: "StopInstances", machines: len(in.InstanceIds)}
	return answer(ctx, e.a, r, func() (*ec2.StopInstancesOutput, error) {
		changes, err := e.a.change(in.InstanceIds, stoppable, func(i *instance) {
			if i.state == types.InstanceStateNameRunning {
				e.a.lag(i)
				e.a.stop(i, byUser)
			}
		})
		return &ec2.StopInstancesOutput{StoppingInstances: changes}, err
	})
}

// stoppable refuses a one-time Spot instance, which EC2 can only end, and one
// that does not run yet or no more.
func stoppable(i *instance) error {
	if i.offer.spot {
		return refuse("UnsupportedOperation", "You can't stop the Spot Instance '%s' because it is associated with a one-time Spot Instance request.", i.id)
	}
	switch i.state {
	case types.InstanceStateNameRunning, types.InstanceStateNameStopping, types.InstanceStateNameStopped:
		return nil
	}
	return wrongState(i, "stopped")
}

func wrongState(i *instance, wanted string) error {
	return refuse("IncorrectInstanceState", "The instance '%s' is %s: it cannot be %s.", i.id, i.state, wanted)
}

// StartInstances starts stopped instances, all or none. An offer without room
// refuses the call.
func (e *EC2) StartInstances(ctx context.Context, in *ec2.StartInstancesInput, _ ...func(*ec2.Options)) (*ec2.StartInstancesOutput, error) {
	r := request{service: "ec2", op: "StartInstances", machines: len(in.InstanceIds)}
	return answer(ctx, e.a, r, func() (*ec2.StartInstancesOutput, error) {
		wanted := map[offer]int{}
		changes, err := e.a.change(in.InstanceIds, func(i *instance) error { return e.a.startable(i, wanted) }, func(i *instance) {
			if i.state == types.InstanceStateNameStopped {
				e.a.lag(i)
				i.reason, i.sentence, i.launched = "", "", e.a.cfg.Now()
				e.a.boot(i)
			}
		})
		return &ec2.StartInstancesOutput{StartingInstances: changes}, err
	})
}

// startable refuses what cannot be started; wanted counts the machines of the
// same call. A stopped machine kept its address.
func (a *Account) startable(i *instance, wanted map[offer]int) error {
	if i.alive() {
		return nil
	}
	if i.state != types.InstanceStateNameStopped {
		return wrongState(i, "started")
	}
	wanted[i.offer]++
	a.offers.taken[i.subnet]--
	room, code := a.room(i.offer, i.subnet)
	a.offers.taken[i.subnet]++
	if room < wanted[i.offer] {
		return refuse(code, "%s", sentence(code, i.offer))
	}
	return nil
}

// change does something to instances if all of them are known and fit.
func (a *Account) change(ids []string, fits func(*instance) error, do func(*instance)) ([]types.InstanceStateChange, error) {
	if len(ids) == 0 {
		return nil, refuse("MissingParameter", "The request must contain the parameter InstanceId")
	}
	if err := a.unknown(ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if fits == nil {
			break
		}
		if err := fits(a.instances[id]); err != nil {
			return nil, err
		}
	}
	var changes []types.InstanceStateChange
	for _, id := range ids {
		i := a.instances[id]
		c := types.InstanceStateChange{InstanceId: aws.String(id), PreviousState: state(i)}
		do(i)
		c.CurrentState = state(i)
		changes = append(changes, c)
	}
	return changes, nil
}

func state(i *instance) *types.InstanceState {
	return &types.InstanceState{Name: i.state, Code: aws.Int32(stateCodes[i.state])}
}
