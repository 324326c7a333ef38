package awssim

import (
	"cmp"
	"strings"
	"time"
)

// Limits are token buckets: what they hold and what refills a second. A zero
// one has the default beside it. Source: EC2's request throttling per account
// and region as its user guide gives it; SSM's default throughput.
type Limits struct {
	Describe      Bucket // Describe calls: 100, 20
	Unfiltered    Bucket // DescribeInstances and DescribeVolumes with neither filter nor page: 50, 10
	Mutate        Bucket // calls that change something, CreateFleet too: 50, 5
	Start         Bucket // StartInstances: 5, 2
	Terminate     Bucket // TerminateInstances: 100, 5
	Tag           Bucket // CreateTags: 100, 10
	StartMachines Bucket // instances that are started: 1000, 2
	EndMachines   Bucket // instances that are stopped or terminated, each: 1000, 20
	Parameters    Bucket // all calls of SSM: 40, 40
	Experiments   Bucket // all calls of FIS: 10, 2, a guess on the low side, for AWS publishes none
	Unlimited     bool
}

// Bucket is a token bucket's size and refill a second.
type Bucket struct{ Size, Refill float64 }

func (l Limits) withDefaults() Limits {
	l.Describe = cmp.Or(l.Describe, Bucket{100, 20})
	l.Unfiltered = cmp.Or(l.Unfiltered, Bucket{50, 10})
	l.Mutate = cmp.Or(l.Mutate, Bucket{50, 5})
	l.Start = cmp.Or(l.Start, Bucket{5, 2})
	l.Terminate = cmp.Or(l.Terminate, Bucket{100, 5})
	l.Tag = cmp.Or(l.Tag, Bucket{100, 10})
	l.StartMachines = cmp.Or(l.StartMachines, Bucket{1000, 2})
	l.EndMachines = cmp.Or(l.EndMachines, Bucket{1000, 20})
	l.Parameters = cmp.Or(l.Parameters, Bucket{40, 40})
	l.Experiments = cmp.Or(l.Experiments, Bucket{10, 2})
	return l
}

// toll is what a call takes from one bucket.
type toll struct {
	bucket string
	limit  Bucket
	tokens int
}

// tolls are what a call takes. A call of many machines takes a token for the
// request and one for each machine.
func (l Limits) tolls(r request) []toll {
	switch {
	case r.service == "ssm":
		return []toll{{"parameters", l.Parameters, 1}}
	case r.service == "sqs":
		return nil // a standard queue takes more than a fleet sends
	case r.service == "fis":
		return []toll{{"experiments", l.Experiments, 1}}
	case r.unfiltered:
		return []toll{{"unfiltered", l.Unfiltered, 1}}
	case strings.HasPrefix(r.op, "Describe"):
		return []toll{{"describe", l.Describe, 1}}
	case r.op == "StartInstances":
		return []toll{{"start", l.Start, 1}, {"machines to start", l.StartMachines, r.machines}}
	case r.op == "StopInstances":
		return []toll{{"mutate", l.Mutate, 1}, {"machines to stop", l.EndMachines, r.machines}}
	case r.op == "TerminateInstances":
		return []toll{{"terminate", l.Terminate, 1}, {"machines to terminate", l.EndMachines, r.machines}}
	case r.op == "CreateTags":
		return []toll{{"tag", l.Tag, 1}}
	}
	return []toll{{"mutate", l.Mutate, 1}}
}

type bucket struct {
	left float64
	at   time.Time
}

// pay takes every toll, or none if a bucket has too little.
func (a *Account) pay(tolls []toll) bool {
	now := a.cfg.Now()
	for _, t := range tolls {
		b := a.buckets[t.bucket]
		if b == nil {
			b = &bucket{left: t.limit.Size, at: now}
			a.buckets[t.bucket] = b
		}
		b.left = min(t.limit.Size, b.left+t.limit.Refill*now.Sub(b.at).Seconds())
		b.at = now
		if b.left < float64(t.tokens) {
			return false
		}
	}
	for _, t := range tolls {
		a.buckets[t.bucket].left -= float64(t.tokens)
	}
	return true
}
