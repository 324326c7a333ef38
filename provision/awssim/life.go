package awssim

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Why an instance ended or stopped: EC2's state reason codes.
const (
	byUser  = "Client.UserInitiatedShutdown"
	byGuest = "Client.InstanceInitiatedShutdown"
	bySpot  = "Server.SpotInstanceTermination"
	byFault = "Server.InternalError"
)

// launch makes n machines of an override.
func (a *Account) launch(o order, f *fleet, v types.FleetLaunchTemplateOverridesRequest, where offer, n int) []string {
	tags := append(slices.Clone(o.tags[types.ResourceTypeInstance]), types.Tag{Key: aws.String("aws:ec2:fleet-id"), Value: aws.String(f.id)})
	ids := make([]string, 0, n)
	for range n {
		i := &instance{
			id: a.id("i", o.entity), subnet: aws.ToString(v.SubnetId), token: f.token, offer: where, template: o.template,
			tags: tags, launched: a.cfg.Now(), ami: aws.ToString(o.template.data.ImageId),
		}
		if v.ImageId != nil {
			i.ami = *v.ImageId
		}
		i.shown = i.launched.Add(a.between(a.cfg.Faults.LagMin, a.cfg.Faults.LagMax, "lag", i.id))
		i.volume = a.newVolume(i, o.tags[types.ResourceTypeVolume])
		a.offers.taken[i.subnet]++
		a.instances[i.id] = i
		a.order = append(a.order, i)
		f.machines = append(f.machines, i)
		ids = append(ids, i.id)
		a.boot(i)
	}
	return ids
}

// boot begins a run of an instance.
func (a *Account) boot(i *instance) {
	f := a.cfg.Faults
	i.boots++
	a.occupy(i.offer, 1)
	d := a.between(f.BootMin, f.BootMax, "boot", i.id)
	i.neverBoots = a.draw("never boots", i.id) < f.NeverBoots
	dies := a.draw("dies pending", i.id) < f.DiesPending
	a.enter(i, types.InstanceStateNamePending)
	told := i.told()
	told.Boot = d
	a.tell(a.cfg.OnLaunch, told)
	run := i.boots
	a.after(d/2, func() {
		switch {
		case i.state != types.InstanceStateNamePending || i.boots != run:
		case dies:
			a.end(i, byFault)
		default:
			i.since = a.cfg.Now()
			a.enter(i, types.InstanceStateNameRunning)
		}
	})
}

// enter changes an instance's state.
func (a *Account) enter(i *instance, s types.InstanceStateName) {
	i.state = s
	if a.cfg.OnState != nil {
		a.tell(a.cfg.OnState, i.told())
	}
}

// rest ends what a running instance is billed for. A run costs a minute at
// least.
func (a *Account) rest(i *instance) {
	if !i.since.IsZero() {
		i.billed += max(a.cfg.Now().Sub(i.since), time.Minute)
		i.since = time.Time{}
	}
}

// end shuts an instance down: a few seconds later it is terminated.
func (a *Account) end(i *instance, reason string) {
	if i.state == types.InstanceStateNameShuttingDown || i.state == types.InstanceStateNameTerminated {
		return
	}
	idle := i.state == types.InstanceStateNameStopped
	a.rest(i)
	i.reason, i.sentence = reason, fmt.Sprintf("%s: the instance was shut down", reason)
	i.removed = a.cfg.Now().Add(visible)
	a.enter(i, types.InstanceStateNameShuttingDown)
	a.tell(a.cfg.OnEnd, i.told())
	a.after(a.between(5*time.Second, 30*time.Second, "end", i.id), func() {
		if !idle {
			a.occupy(i.offer, -1)
		}
		a.offers.taken[i.subnet]--
		a.release(i.volume)
		a.enter(i, types.InstanceStateNameTerminated)
	})
}

// stop stops a running instance; a few seconds later it can be started again.
func (a *Account) stop(i *instance, reason string) {
	a.rest(i)
	i.reason, i.sentence = reason, fmt.Sprintf("%s: the instance was stopped", reason)
	a.enter(i, types.InstanceStateNameStopping)
	a.after(a.between(10*time.Second, 30*time.Second, "stop", i.id), func() {
		if i.state == types.InstanceStateNameStopping {
			a.occupy(i.offer, -1)
			a.enter(i, types.InstanceStateNameStopped)
		}
	})
}

// PowerOff is the guest's own shutdown. The launch template says whether that
// ends the machine or stops it, which is EC2's default; a Spot machine ends.
func (a *Account) PowerOff(id string) {
	a.do(func() {
		i := a.instances[id]
		switch {
		case i == nil || !i.alive():
		case i.offer.spot || i.template.data.InstanceInitiatedShutdownBehavior == types.ShutdownBehaviorTerminate:
			a.end(i, byGuest)
		default:
			a.stop(i, byGuest)
		}
	})
}

// Reclaim takes a Spot instance back without warning. It does nothing to
// another one.
func (a *Account) Reclaim(id string) { a.do(func() { a.reclaim(a.instances[id]) }) }

func (a *Account) reclaim(i *instance) {
	if i != nil && i.offer.spot {
		a.end(i, bySpot)
	}
}
