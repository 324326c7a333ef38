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
		_ = turnSome(list, call, func(ids []string, err error) {
			for _, id := range ids {
				refused[fleet.MachineID(id)] = fmt.Errorf("%s %s: %w", verb, id, absent(err))
			}
		})
	}
	return refused
}

// turnSome calls for ids, of which one that EC2 refuses holds up the others:
// again without those that it names in its refusal, by halves where it names
// none, and one by one where it has no room for all. That is less than twice as
// many calls as ids. What is no answer about single ids ends it; it is returned,
// and stands for all that were not asked for.
func turnSome(ids []string, call func([]string) error, refuse func(ids []string, err error)) error {
	for len(ids) > 0 {
		err := call(ids)
		named := named(err, ids)
		switch {
		case err == nil:
			return nil
		case len(named) > 0 && len(named) < len(ids):
			refuse(named, err)
			ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(named, id) })
		case len(ids) > 1 && noRoom(err):
			return turnParts(ids, 1, call, refuse)
		case len(ids) > 1 && ofOne(err):
			return turnParts(ids, (len(ids)+1)/2, call, refuse)
		case ofOne(err):
			refuse(ids, err)
			return nil
		default:
			refuse(ids, err)
			return err
		}
	}
	return nil
}

// turnParts calls for ids in parts of a size.
func turnParts(ids []string, size int, call func([]string) error, refuse func(ids []string, err error)) error {
	for len(ids) > 0 {
		part := ids[:min(size, len(ids))]
		ids = ids[len(part):]
		if err := turnSome(part, call, refuse); err != nil {
			refuse(ids, err)
			return err
		}
	}
	return nil
}

// ofOne reports whether a refusal may be about one machine of several.
func ofOne(err error) bool { return errors.Is(err, fleet.ErrState) || unknown(err) }

// noRoom reports whether fewer machines may find room.
func noRoom(err error) bool {
	return errors.Is(err, fleet.ErrNoCapacity) || errors.Is(err, fleet.ErrQuota)
}

// named are those of the ids that a refusal is about.
func named(err error, ids []string) (found []string) {
	a, ok := errors.AsType[*answer](err)
	if !ok || !ofOne(err) {
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
