package awssim

import (
	"cmp"
	"errors"
	"time"

	"github.com/aws/smithy-go"
)

// Faults is everything that goes wrong, as data. The zero value is a healthy
// region with the delays beside each field.
type Faults struct {
	BootMin, BootMax time.Duration // from launch to running: 5s to 20s
	LagMin, LagMax   time.Duration // a new instance is not described so long: 0s to 3s
	NeverBoots       float64       // an instance runs but its agent never starts
	Throttled        float64       // a call is refused although its bucket is not empty
	Lost             float64       // a call works and its reply is lost
	ServerError      float64       // a call answers 500 and does nothing
}

func (f Faults) withDefaults() Faults {
	f.BootMin = cmp.Or(f.BootMin, 5*time.Second)
	f.BootMax = max(cmp.Or(f.BootMax, 20*time.Second), f.BootMin)
	f.LagMax = max(cmp.Or(f.LagMax, 3*time.Second), f.LagMin)
	return f
}

// Limits are token buckets: what they hold and what refills a second. Source:
// EC2's and SSM's published request limits per account and region.
type Limits struct {
	Describe, Mutate, Terminate, Parameters Bucket
	Unlimited                               bool
}

// Bucket is a token bucket's size and refill a second.
type Bucket struct{ Size, Refill float64 }

func (l Limits) withDefaults() Limits {
	l.Describe = cmp.Or(l.Describe, Bucket{100, 20})
	l.Mutate = cmp.Or(l.Mutate, Bucket{50, 5})
	l.Terminate = cmp.Or(l.Terminate, Bucket{100, 5})
	l.Parameters = cmp.Or(l.Parameters, Bucket{40, 40})
	return l
}

type bucket struct {
	left float64
	at   time.Time
}

// take takes a token, or says that the bucket is empty.
func (a *Account) take(name string, limit Bucket) bool {
	now := a.cfg.Now()
	b := a.buckets[name]
	if b == nil {
		b = &bucket{left: limit.Size, at: now}
		a.buckets[name] = b
	}
	b.left = min(limit.Size, b.left+limit.Refill*now.Sub(b.at).Seconds())
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// SetEmpty says whether an offer has no capacity: type/zone/market, where each
// part may be "*".
func (a *Account) SetEmpty(offer string, empty bool) { a.do(func() { a.empty[offer] = empty }) }

// SetFaults replaces the faults from now on.
func (a *Account) SetFaults(f Faults) { a.do(func() { a.cfg.Faults = f.withDefaults() }) }

// Next plays a fault on the next call of an operation: "throttle", "lose" or
// "fail".
func (a *Account) Next(operation, fault string) {
	a.do(func() { a.once[operation] = append(a.once[operation], fault) })
}

// call counts a call and asks faults and limits. What it returns beside the
// error says that the reply is to be lost after the effect.
func (a *Account) call(service, op string, limit Bucket) (lost bool, err error) {
	if a.calls[service] == nil {
		a.calls[service] = map[string]int{}
	}
	a.calls[service][op]++
	if next := a.once[op]; len(next) > 0 {
		a.once[op] = next[1:]
		switch next[0] {
		case "lose":
			return true, nil
		case "fail":
			return false, &smithy.GenericAPIError{Code: "InternalError", Message: "an internal error has occurred", Fault: smithy.FaultServer}
		}
		return false, throttled(service)
	}
	f := a.cfg.Faults
	switch x := a.draw("call", op); {
	case x < f.Throttled:
		return false, throttled(service)
	case x < f.Throttled+f.Lost:
		return true, nil
	case x < f.Throttled+f.Lost+f.ServerError:
		return false, &smithy.GenericAPIError{Code: "InternalError", Message: "an internal error has occurred", Fault: smithy.FaultServer}
	}
	if !a.cfg.Limits.Unlimited && !a.take(service+limit.name(op), limit) {
		return false, throttled(service)
	}
	return false, nil
}

// name tells buckets apart: describing, ending and changing have one each.
func (b Bucket) name(op string) string {
	switch {
	case len(op) > 8 && op[:8] == "Describe":
		return "describe"
	case op == "TerminateInstances":
		return "terminate"
	}
	return "mutate"
}

func throttled(service string) error {
	code := "RequestLimitExceeded"
	if service == "ssm" {
		code = "ThrottlingException"
	}
	return &smithy.GenericAPIError{Code: code, Message: "Request limit exceeded.", Fault: smithy.FaultClient}
}

// errLost is what a client sees of a reply that never came.
var errLost = errors.New("read tcp: connection reset by peer")
