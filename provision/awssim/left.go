package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Left is what is still there, for tests and the demo's summary. Templates are
// named, the rest are ids; Experiments are FIS's templates.
type Left struct {
	Instances, Parameters, Templates, Fleets, Volumes, Experiments []string
}

// Left lists instances that nobody ended, stopped ones too, parameters under a
// prefix, launch templates, fleets that were not deleted, volumes whose
// instance is terminated, and experiment templates.
func (a *Account) Left(prefix string) Left {
	var l Left
	a.do(func() {
		for _, i := range a.order {
			if i.state != types.InstanceStateNameShuttingDown && i.state != types.InstanceStateNameTerminated {
				l.Instances = append(l.Instances, i.id)
			}
		}
		l.Parameters = a.names(prefix)
		for _, t := range a.templates {
			l.Templates = append(l.Templates, t.name)
		}
		l.Fleets = a.leftFleets()
		for _, t := range a.fis.templates {
			l.Experiments = append(l.Experiments, t.id)
		}
		for _, v := range a.volumes {
			if v.instance == "" {
				l.Volumes = append(l.Volumes, v.id)
			}
		}
	})
	return l
}

// Alive lists the tags of every instance that is pending or running, in order
// of launch.
func (a *Account) Alive() []map[string]string {
	var all []map[string]string
	a.do(func() {
		for _, i := range a.order {
			if i.alive() {
				all = append(all, i.told().Tags)
			}
		}
	})
	return all
}

// There lists the tags of every instance that nobody ended, stopped ones too, in
// order of launch.
func (a *Account) There() []map[string]string {
	var all []map[string]string
	a.do(func() {
		for _, i := range a.order {
			if i.state != types.InstanceStateNameShuttingDown && i.state != types.InstanceStateNameTerminated {
				all = append(all, i.told().Tags)
			}
		}
	})
	return all
}

// Instances are all that were ever launched, in order of launch.
func (a *Account) Instances() (all []Instance) {
	a.do(func() {
		for _, i := range a.order {
			all = append(all, i.told())
		}
	})
	return all
}

// Launched is how many instances were ever launched.
func (a *Account) Launched() (n int) {
	a.do(func() { n = len(a.order) })
	return n
}

// Cost is what the instances cost so far in USD: from running until they shut
// down or stop, at least a minute each, without disks and traffic.
func (a *Account) Cost() (usd float64) {
	a.do(func() {
		for _, i := range a.order {
			billed := i.billed
			if !i.since.IsZero() {
				billed += max(a.cfg.Now().Sub(i.since), time.Minute)
			}
			usd += billed.Hours() * a.cfg.Price(i.offer.kind, i.offer.spot)
		}
	})
	return usd
}
