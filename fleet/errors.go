package fleet

import (
	"errors"
	"fmt"
	"time"
)

// What an adapter's errors mean to the fleet, to be found with errors.Is.
// Whatever is none of them is logged with its text, and tried again by a
// later look.
var (
	// ErrUnknownOutcome: no answer came, so the effect may or may not be there.
	ErrUnknownOutcome = errors.New("outcome unknown")
	// ErrThrottled: the service asks for a pause; nothing happened.
	ErrThrottled = errors.New("throttled")
	// ErrTaken: there is one of that name already.
	ErrTaken = errors.New("name is taken")
	// ErrBusy: GitHub says that the runner runs a job, or that the run is not over.
	ErrBusy = errors.New("runner is busy")
	// ErrAbsent: it is not there.
	ErrAbsent = errors.New("not there")
	// ErrConfig: the request cannot succeed as the fleet is configured.
	ErrConfig = errors.New("configuration refused")
	// ErrNoCapacity: EC2 has none of an offer just now.
	ErrNoCapacity = errors.New("no capacity")
	// ErrQuota: the account may have no more of a market.
	ErrQuota = errors.New("account quota reached")
	// ErrState: EC2 is doing something else with the machine, or ends it, or
	// people protect it from that.
	ErrState = errors.New("not in a state for it")
	// ErrNotOffered: the zone does not have the type at all.
	ErrNotOffered = errors.New("not offered in the zone")
)

// LimitedError says that GitHub limits an installation. errors.Is finds
// ErrThrottled in it.
type LimitedError struct {
	Installation int64
	For          time.Duration // from now, by Retry-After or the reset header
	Text         string
	// Resource is the allowance that is used up, by GitHub's name; what is
	// counted apart goes on. Empty: nothing may be asked.
	Resource string
}

// Error says who is limited and for how long.
func (e *LimitedError) Error() string {
	return fmt.Sprintf("GitHub limits installation %d for %s: %s", e.Installation, e.For, e.Text)
}

// Is makes a LimitedError an ErrThrottled.
func (e *LimitedError) Is(target error) bool { return target == ErrThrottled }

// ShutError says that an installation is suspended or gone: nothing may be asked
// for its account. errors.Is finds ErrConfig in it.
type ShutError struct {
	Installation int64
	Text         string // GitHub's
}

// Error says which installation is shut, in GitHub's words.
func (e *ShutError) Error() string {
	return fmt.Sprintf("%s: installation %d: %s", ErrConfig, e.Installation, e.Text)
}

// Is makes a ShutError an ErrConfig.
func (e *ShutError) Is(target error) bool { return target == ErrConfig }

// Launched is what came of a launch: machines, and offers that refused.
// Partial success is normal, so both may be set.
type Launched struct {
	Machines []Machine // ID, Offer and EC2Fleet set
	Refused  []Refusal
}

// Refusal is one offer's error.
type Refusal struct {
	Offer  Offer // Type and Zone are empty if EC2 did not say
	Err    error // ErrNoCapacity, ErrQuota, ErrNotOffered, ErrConfig, ErrThrottled or other
	Detail string
}
