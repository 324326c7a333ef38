package provision

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/runfleet/runfleet/fleet"
)

// endBatch is how many machines one call ends, stops or starts: fewer calls than
// machines, and a refused call concerns few.
const endBatch = 100

// End terminates machines. It returns those that EC2 did not end, each with its
// error: fleet.ErrState for one that is protected from its end, fleet.ErrAbsent
// for one that EC2 does not know: it is gone, or too new.
func (c *Cloud) End(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return turn("end", ids, func(list []string) error {
		_, err := c.EC2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: list})
		return translate(err)
	})
}

// withoutUnknown calls for ids, and again without those that EC2 does not
// know: one of them makes EC2 refuse the whole call. Their names stand in the
// sentence of an error whose code begins with prefix; where they do not, halves
// of the ids are tried.
func withoutUnknown(ids []string, prefix string, call func([]string) error) error {
	for len(ids) > 0 {
		err := call(ids)
		if err == nil || !strings.HasPrefix(code(err), prefix) {
			return err
		}
		a, _ := errors.AsType[*answer](err)
		named := strings.FieldsFunc(a.text, notInID)
		known := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(named, id) })
		if len(known) == len(ids) && len(ids) == 1 {
			return nil
		}
		if len(known) == len(ids) {
			half := len(ids) / 2
			return errors.Join(withoutUnknown(ids[:half], prefix, call), withoutUnknown(ids[half:], prefix, call))
		}
		ids = known
	}
	return nil
}

// notInID reports whether a character separates ids in a sentence: whole ids
// are compared, because one may begin like another.
func notInID(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
}
