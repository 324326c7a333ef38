package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/runfleet/runfleet/fleet"
)

// Stop stops machines; their disks stay. It returns those that EC2 did not
// stop, each with its error: fleet.ErrState for one that does not run yet or
// any more, fleet.ErrAbsent for one that EC2 does not know. To stop what is
// stopped is no error.
func (c *Cloud) Stop(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return turn("stop", ids, func(list []string) error {
		_, err := c.EC2.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: list})
		return translate(err)
	})
}

// Start starts stopped machines. It returns those that EC2 did not start, each
// with its error: fleet.ErrNoCapacity or fleet.ErrQuota where it has no room,
// fleet.ErrState for one that is still being stopped, or ends, and
// fleet.ErrAbsent. To start what runs is no error.
func (c *Cloud) Start(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return turn("start", ids, func(list []string) error {
		_, err := c.EC2.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: list})
		return translate(err)
	})
}

// turn calls for machines, in batches.
func turn(verb string, ids []fleet.MachineID, call func([]string) error) map[fleet.MachineID]error {
	refused := map[fleet.MachineID]error{}
	for batch := range slices.Chunk(ids, endBatch) {
		list := make([]string, len(batch))
		for i, id := range batch {
			list[i] = string(id)
		}
		turnSome(list, call, func(id string, err error) {
			refused[fleet.MachineID(id)] = fmt.Errorf("%s %s: %w", verb, id, err)
		})
	}
	return refused
}

// turnSome calls for ids, which EC2 changes all or none: again without those
// that it names in a refusal, and one by one where it has no room for all.
func turnSome(ids []string, call func([]string) error, refuse func(id string, err error)) {
	for len(ids) > 0 {
		err := call(ids)
		named := named(err, ids)
		switch {
		case err == nil:
			return
		case len(named) > 0 && len(named) < len(ids):
			for _, id := range named {
				refuse(id, absent(err))
			}
			ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(named, id) })
		case len(ids) > 1 && single(err):
			turnEach(ids, call, refuse)
			return
		default:
			for _, id := range ids {
				refuse(id, absent(err))
			}
			return
		}
	}
}

// turnEach calls for ids one by one. What is no answer about one machine is
// none about the ones behind it, which are not asked for.
func turnEach(ids []string, call func([]string) error, refuse func(id string, err error)) {
	for i, id := range ids {
		err := call([]string{id})
		if err == nil {
			continue
		}
		refuse(id, absent(err))
		if !errors.Is(err, fleet.ErrState) && !unknown(err) {
			for _, rest := range ids[i+1:] {
				refuse(rest, err)
			}
			return
		}
	}
}

// single reports whether an error says that a call for fewer machines may do.
func single(err error) bool {
	return errors.Is(err, fleet.ErrState) || errors.Is(err, fleet.ErrNoCapacity) || errors.Is(err, fleet.ErrQuota) || unknown(err)
}

// named are those of the ids that a refusal is about.
func named(err error, ids []string) (found []string) {
	a, ok := errors.AsType[*answer](err)
	if !ok || !errors.Is(err, fleet.ErrState) && !unknown(err) {
		return nil
	}
	words := strings.FieldsFunc(a.text, notInID)
	for _, id := range ids {
		if slices.Contains(words, id) {
			found = append(found, id)
		}
	}
	return found
}

// unknown reports whether EC2 does not know a machine.
func unknown(err error) bool { return strings.HasPrefix(code(err), "InvalidInstanceID") }

// absent is fleet.ErrAbsent for machines that EC2 does not know.
func absent(err error) error {
	if unknown(err) {
		return fmt.Errorf("%w: %s", fleet.ErrAbsent, err.Error())
	}
	return err
}
