package awssim

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/aws/smithy-go"
)

// request is what limits and faults look at in a call.
type request struct {
	service, op string
	machines    int  // that it starts, stops or terminates
	unfiltered  bool // describes everything at once
}

// answer does a call under the account's mutex, unless faults or limits refuse
// it. A lost reply is lost after the effect.
func answer[T any](ctx context.Context, a *Account, r request, do func() (*T, error)) (out *T, err error) {
	if err := ctx.Err(); err != nil {
		return nil, &smithy.CanceledError{Err: err}
	}
	a.do(func() {
		var lost bool
		if lost, err = a.admit(r); err != nil {
			return
		}
		if out, err = do(); err != nil {
			out = nil
		}
		if lost {
			out, err = nil, errLost
		}
	})
	return out, err
}

// admit counts a call and asks faults and limits.
func (a *Account) admit(r request) (lost bool, err error) {
	if a.calls[r.service] == nil {
		a.calls[r.service] = map[string]int{}
	}
	a.calls[r.service][r.op]++
	if next := a.once[r.op]; len(next) > 0 {
		a.once[r.op] = next[1:]
		switch next[0] {
		case "lose":
			return true, nil
		case "fail":
			return false, serverError(r.service)
		}
		return false, throttled(r.service)
	}
	atThrottled, atLost, atServer := a.rates(r.op)
	switch x := a.draw("call", r.op); {
	case x < atThrottled:
		return false, throttled(r.service)
	case x < atThrottled+atServer:
		return false, serverError(r.service)
	case x < atThrottled+atServer+atLost:
		lost = true
	}
	if !a.cfg.Limits.Unlimited && !a.pay(a.cfg.Limits.tolls(r)) {
		return false, throttled(r.service)
	}
	return lost, nil
}

// Next plays a fault on the next call of an operation: "throttle", "lose" or
// "fail". Several are played in turn.
func (a *Account) Next(operation, fault string) {
	a.do(func() { a.once[operation] = append(a.once[operation], fault) })
}

// Calls counts calls by service ("ec2", "ssm", "sqs", "fis") and operation, refused ones
// included.
func (a *Account) Calls() map[string]map[string]int {
	out := map[string]map[string]int{}
	a.do(func() {
		for service, ops := range a.calls {
			out[service] = maps.Clone(ops)
		}
	})
	return out
}

func refuse(code, format string, args ...any) error {
	return &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

func throttled(service string) error {
	if service != "ec2" {
		return refuse("ThrottlingException", "Rate exceeded")
	}
	return refuse("RequestLimitExceeded", "Request limit exceeded.")
}

func serverError(service string) error {
	code := "InternalError"
	if service != "ec2" {
		code = "InternalServerError"
	}
	return &smithy.GenericAPIError{Code: code, Message: "an internal error has occurred", Fault: smithy.FaultServer}
}

// errLost is what a client sees of a reply that never came.
var errLost = errors.New("read tcp: connection reset by peer")
