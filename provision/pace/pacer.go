package pace

import (
	"context"
	"fmt"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"
)

const (
	// patience is how long a call waits for its tokens at most. Acts have 20
	// seconds in all, and some of one plan wait for others to be done.
	patience = 3 * time.Second
	// answerTime is what a call needs, of the time that its context leaves.
	answerTime = 2 * time.Second
	// ahead is how much of what refills a plan may count on.
	ahead = time.Second
)

// Clock is the time by which tokens refill, and by which contexts end.
type Clock struct {
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Pacer gives calls their turn. It is safe for concurrent use.
type Pacer struct {
	clock Clock

	mu      sync.Mutex // guards several buckets that one call draws on
	buckets map[Kind]*rate.Limiter
}

// New is a Pacer for a share of the account's buckets, above 0 and up to 1, all
// of them full. A share so small that a bucket would hold no token holds one.
func New(share float64, c Clock) *Pacer {
	p := &Pacer{clock: c, buckets: map[Kind]*rate.Limiter{}}
	for k := range Account() {
		b := managed(k, share)
		p.buckets[k] = rate.NewLimiter(rate.Limit(b.Refill), int(b.Size))
	}
	return p
}

// Left is how many machines may be launched or started now, and how many configs
// stored, before a call had to wait for more than a moment.
func (p *Pacer) Left() (machines, configs int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	stores := p.buckets[Parameters]
	machines = int(p.buckets[Launched].TokensAt(now))
	configs = int(stores.TokensAt(now) + float64(stores.Limit())*ahead.Seconds())
	return max(0, machines), max(0, configs)
}

// Add puts the Pacer into the stack of an SDK client; it fits aws.Config's
// APIOptions. A call waits there before it is signed.
func (p *Pacer) Add(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("runfleet.pace", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (out middleware.InitializeOutput, _ middleware.Metadata, err error) {
		call := Call{awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), in.Parameters}
		if err := p.Wait(ctx, call); err != nil {
			return out, middleware.Metadata{}, err
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}

// Wait returns when it is a call's turn. An error says that the call must not be
// made: that of the context; or an error of the SDK with the code of too many
// calls, where its turn comes too late. A call that is refused draws on no bucket;
// one that its context ends while it waits gives back what it waited for.
func (p *Pacer) Wait(ctx context.Context, c Call) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := p.clock.Now()
	most := patience
	if end, ok := ctx.Deadline(); ok {
		most = max(0, min(most, end.Sub(now)-answerTime))
	}
	delay, undo := p.draw(c, now, most)
	switch {
	case delay > most:
		return &smithy.GenericAPIError{
			Code: "RequestLimitExceeded", Fault: smithy.FaultClient,
			Message: fmt.Sprintf("not asked: the fleet's share of the account's %s calls is used up for %s", c.Service, delay.Round(time.Millisecond)),
		}
	case delay <= 0:
		return nil
	}
	select {
	case <-p.clock.After(delay):
		return nil
	case <-ctx.Done():
		undo(p.clock.Now())
		return ctx.Err()
	}
}

// draw takes a call's tokens and says how long until they are there. If that is
// longer than most, none is taken.
func (p *Pacer) draw(c Call, now time.Time, most time.Duration) (delay time.Duration, undo func(at time.Time)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var drawn []*rate.Reservation
	undo = func(at time.Time) {
		for _, d := range drawn {
			d.CancelAt(at)
		}
	}
	tolls := c.tolls()
	for _, t := range tolls {
		b := p.buckets[t.kind]
		d := b.ReserveN(now, min(t.tokens, b.Burst()))
		drawn = append(drawn, d)
		delay = max(delay, d.DelayFrom(now))
	}
	if delay > most {
		undo(now) // at any later instant what was there at once is held for used
		return delay, nil
	}
	for _, t := range tolls {
		owe(p.buckets[t.kind], now, t.tokens)
	}
	return delay, undo
}

// owe takes what one call needs beyond a whole bucket, as a debt: calls after it
// wait the longer. A bucket of AWS's own, which is larger, bears it.
func owe(b *rate.Limiter, now time.Time, tokens int) {
	for tokens -= b.Burst(); tokens > 0; tokens -= b.Burst() {
		b.ReserveN(now, min(tokens, b.Burst()))
	}
}
