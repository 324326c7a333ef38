package pace

import (
	"math"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// Bucket is a token bucket: what it holds, and what refills a second.
type Bucket struct{ Size, Refill float64 }

// Kind names a bucket.
type Kind string

// The buckets.
const (
	Describe   Kind = "describe"   // EC2: calls that only ask
	Mutate     Kind = "mutate"     // EC2: calls that change something, CreateFleet and StopInstances too
	Run        Kind = "run"        // RunInstances
	Start      Kind = "start"      // StartInstances
	Terminate  Kind = "terminate"  // TerminateInstances
	Tag        Kind = "tag"        // CreateTags, DeleteTags
	Launched   Kind = "launched"   // machines that are launched or started
	Stopped    Kind = "stopped"    // machines that are stopped
	Ended      Kind = "ended"      // machines that are ended
	Parameters Kind = "parameters" // SSM: all calls
)

// Account is what AWS allows an account in a region unless it raised it. Source:
// request throttling in EC2's developer guide; the standard throughput of SSM's
// Parameter Store. EC2 counts launched and started machines apart, and does not
// say whether those of a fleet count: here they count together.
func Account() map[Kind]Bucket {
	return map[Kind]Bucket{
		Describe: {100, 20}, Mutate: {50, 5}, Run: {5, 2}, Start: {5, 2}, Terminate: {100, 5}, Tag: {100, 10},
		Launched: {1000, 2}, Stopped: {1000, 20}, Ended: {1000, 20},
		Parameters: {40, 40},
	}
}

const (
	// margin is how much of its share the fleet draws: calls that leave in step
	// arrive closer together.
	margin = 0.9
	// polled is the part of SSM's calls that is left to machines, which ask for
	// their configs.
	polled = 0.5
)

// Polls is how many calls of SSM a second all machines together may make.
func Polls(share float64) float64 { return Account()[Parameters].Refill * share * polled }

// managed is what the manager draws of a bucket.
func managed(k Kind, share float64) Bucket {
	b := Account()[k]
	part := share * margin
	if k == Parameters {
		part *= 1 - polled
	}
	return Bucket{math.Max(1, math.Floor(b.Size*part)), b.Refill * part}
}

// Call is a call as the SDK knows it.
type Call struct {
	Service   string // its id, such as EC2
	Operation string // such as CreateFleet
	Input     any    // of EC2, a pointer to the operation's own type
}

// toll is what a call takes from a bucket.
type toll struct {
	kind   Kind
	tokens int
}

// tolls are what a call takes: nothing, where no limit is known. A call for many
// machines takes a token for the request and one for each machine.
func (c Call) tolls() []toll {
	switch {
	case c.Service == "SSM":
		return []toll{{Parameters, 1}}
	case c.Service != "EC2":
		return nil
	case strings.HasPrefix(c.Operation, "Describe"), strings.HasPrefix(c.Operation, "Get"):
		return []toll{{Describe, 1}}
	case strings.HasSuffix(c.Operation, "Tags"):
		return []toll{{Tag, 1}}
	}
	switch in := c.Input.(type) {
	case *ec2.CreateFleetInput:
		n := 0
		if in.TargetCapacitySpecification != nil {
			n = int(aws.ToInt32(in.TargetCapacitySpecification.TotalTargetCapacity))
		}
		return []toll{{Mutate, 1}, {Launched, n}}
	case *ec2.RunInstancesInput:
		if aws.ToBool(in.DryRun) {
			return []toll{{Run, 1}}
		}
		return []toll{{Run, 1}, {Launched, int(aws.ToInt32(in.MaxCount))}}
	case *ec2.StartInstancesInput:
		return []toll{{Start, 1}, {Launched, len(in.InstanceIds)}}
	case *ec2.StopInstancesInput:
		return []toll{{Mutate, 1}, {Stopped, len(in.InstanceIds)}}
	case *ec2.TerminateInstancesInput:
		return []toll{{Terminate, 1}, {Ended, len(in.InstanceIds)}}
	}
	return []toll{{Mutate, 1}}
}
