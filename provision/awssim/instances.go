package awssim

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Instance is what a hook is told of an instance.
type Instance struct {
	ID, Type, Zone, Subnet string
	Spot                   bool
	State                  string // as EC2 names it
	Tags                   map[string]string
	Template               string // launch template's id
	UserData               []byte // decoded; not to be changed
	LaunchedAt             time.Time
	NeverBoots             bool          // its agent never starts
	Boot                   time.Duration // OnLaunch: from now until its agent starts
	ReclaimAt              time.Time     // OnNotice: when Spot takes it back
	Reason                 string        // of its end: EC2's state reason code
}

type instance struct {
	id, subnet, token string
	ami               string
	offer             offer
	template          *template
	volume            *volume
	tags              []types.Tag
	launched, shown   time.Time // shown: not described before
	removed           time.Time // no longer described; zero while it is not ended
	state             types.InstanceStateName
	was               types.InstanceStateName // what EC2 shows before lagged
	lagged            time.Time
	boots             int // tells the timers of one start from the next's
	neverBoots        bool
	protected         bool // from its end by API
	reclaim           time.Time
	reason, sentence  string
	since             time.Time     // running since; zero if it is not
	billed            time.Duration // of earlier runs
}

// visible is how long EC2 shows what has ended; usually under an hour.
const visible = 50 * time.Minute

func (i *instance) told() Instance {
	tags := map[string]string{}
	for _, t := range i.tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return Instance{
		ID: i.id, Type: i.offer.kind, Zone: i.offer.zone, Subnet: i.subnet, Spot: i.offer.spot, State: string(i.state),
		Tags: tags, Template: i.template.id, UserData: i.template.userData, LaunchedAt: i.launched,
		NeverBoots: i.neverBoots, ReclaimAt: i.reclaim, Reason: i.reason,
	}
}

// seen is the state that EC2 shows.
func (a *Account) seen(i *instance) types.InstanceStateName {
	if a.cfg.Now().Before(i.lagged) {
		return i.was
	}
	return i.state
}

// lag has EC2 show an instance in its state of now for a little longer.
func (a *Account) lag(i *instance) {
	i.was = a.seen(i)
	i.lagged = a.cfg.Now().Add(a.between(a.cfg.Faults.LagMin, a.cfg.Faults.LagMax, "state lag", i.id))
}

func (i *instance) alive() bool {
	return i.state == types.InstanceStateNamePending || i.state == types.InstanceStateNameRunning
}

// knows reports whether EC2 shows an instance: not too young, not ended long
// ago.
func (a *Account) knows(i *instance) bool {
	now := a.cfg.Now()
	return !now.Before(i.shown) && (i.removed.IsZero() || now.Before(i.removed))
}

// unknown are those of the ids that EC2 does not know, as an error.
func (a *Account) unknown(ids []string) error {
	var unknown []string
	for _, id := range ids {
		if i := a.instances[id]; i == nil || !a.knows(i) {
			unknown = append(unknown, id)
		}
	}
	switch len(unknown) {
	case 0:
		return nil
	case 1:
		return refuse("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", unknown[0])
	}
	return refuse("InvalidInstanceID.NotFound", "The instance IDs '%s' do not exist", strings.Join(unknown, ", "))
}

// DescribeInstances lists instances by id or filter, in order of launch.
func (e *EC2) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	r := request{service: "ec2", op: "DescribeInstances", unfiltered: len(in.Filters) == 0 && in.MaxResults == nil}
	return answer(ctx, e.a, r, func() (*ec2.DescribeInstancesOutput, error) {
		switch most := aws.ToInt32(in.MaxResults); {
		case len(in.InstanceIds) > 0 && in.MaxResults != nil:
			return nil, refuse("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
		case in.MaxResults != nil && (most < 5 || most > 1000):
			return nil, refuse("InvalidParameterValue", "Value (%d) for parameter maxResults is invalid. Expecting a value between 5 and 1000.", most)
		}
		if err := e.a.unknown(in.InstanceIds); err != nil {
			return nil, err
		}
		return e.a.describe(in)
	})
}

func (a *Account) describe(in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
	from, err := place(in.NextToken)
	if err != nil {
		return nil, err
	}
	for a.hidden < len(a.order) && !a.order[a.hidden].removed.IsZero() && !a.knows(a.order[a.hidden]) {
		a.hidden++
	}
	out := &ec2.DescribeInstancesOutput{}
	most := int(cmp.Or(aws.ToInt32(in.MaxResults), 1000))
	for n := max(from, a.hidden); n < len(a.order); n++ {
		i := a.order[n]
		if !a.knows(i) || len(in.InstanceIds) > 0 && !slices.Contains(in.InstanceIds, i.id) {
			continue
		}
		if fits, err := matches(in.Filters, func(name string) ([]string, bool) { return a.facts(i, name) }); err != nil {
			return nil, err
		} else if !fits {
			continue
		}
		if len(out.Reservations) == most && len(in.InstanceIds) == 0 {
			out.NextToken = aws.String(strconv.Itoa(n))
			break
		}
		out.Reservations = append(out.Reservations, types.Reservation{
			ReservationId: aws.String("r" + strings.TrimPrefix(i.id, "i")), Instances: []types.Instance{a.described(i)},
		})
	}
	return out, nil
}

// facts are what filters ask of an instance. One that is on-demand has no
// lifecycle.
func (a *Account) facts(i *instance, name string) ([]string, bool) {
	switch name {
	case "instance-id":
		return []string{i.id}, true
	case "instance-state-name":
		return []string{string(a.seen(i))}, true
	case "instance-type":
		return []string{i.offer.kind}, true
	case "client-token":
		return []string{i.token}, true
	case "availability-zone":
		return []string{i.offer.zone}, true
	case "subnet-id":
		return []string{i.subnet}, true
	case "instance-lifecycle":
		if i.offer.spot {
			return []string{"spot"}, true
		}
		return nil, true
	}
	return tagFacts(i.tags, name)
}

func (a *Account) described(i *instance) types.Instance {
	seen := a.seen(i)
	d := types.Instance{
		InstanceId: aws.String(i.id), InstanceType: types.InstanceType(i.offer.kind), SubnetId: aws.String(i.subnet),
		ImageId: aws.String(i.ami), ClientToken: aws.String(i.token), LaunchTime: aws.Time(i.launched),
		Placement: &types.Placement{AvailabilityZone: aws.String(i.offer.zone)},
		State:     &types.InstanceState{Name: seen, Code: aws.Int32(stateCodes[seen])}, Tags: i.tags,
	}
	if i.offer.spot {
		d.InstanceLifecycle = types.InstanceLifecycleTypeSpot
	}
	if i.reason != "" {
		d.StateReason = &types.StateReason{Code: aws.String(i.reason), Message: aws.String(i.sentence)}
	}
	if i.state != types.InstanceStateNameTerminated {
		d.BlockDeviceMappings = []types.InstanceBlockDeviceMapping{{
			DeviceName: aws.String(i.volume.device), Ebs: &types.EbsInstanceBlockDevice{
				VolumeId: aws.String(i.volume.id), DeleteOnTermination: aws.Bool(!i.volume.stays),
			},
		}}
	}
	return d
}

// stateCodes are the numbers of EC2's states.
var stateCodes = map[types.InstanceStateName]int32{
	types.InstanceStateNamePending: 0, types.InstanceStateNameRunning: 16, types.InstanceStateNameShuttingDown: 32,
	types.InstanceStateNameTerminated: 48, types.InstanceStateNameStopping: 64, types.InstanceStateNameStopped: 80,
}
