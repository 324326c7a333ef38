package awsproxy_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/awsproxy"
	"github.com/runfleet/runfleet/provision/pace"
)

// limits are the part of the account's buckets that a fleet may draw on.
func limits(share float64) (all []awsproxy.Limit) {
	for kind, of := range map[pace.Kind]awsproxy.Limit{
		pace.Mutate:     {Service: "ec2", Operations: []string{"CreateFleet"}},
		pace.Parameters: {Service: "ssm"},
	} {
		b := pace.Account()[kind]
		of.Size, of.Refill = b.Size*share, b.Refill*share
		all = append(all, of)
	}
	return all
}

// burst stores thirty configs and makes thirty launches at once, and counts
// those that did not come about.
func (r rig) burst(t *testing.T) (undone int64) {
	var n atomic.Int64
	var wait sync.WaitGroup
	act := func(do func() error) {
		wait.Go(func() {
			switch err := do(); {
			case errors.Is(err, fleet.ErrThrottled):
				n.Add(1)
			case err != nil:
				t.Error(err)
			}
		})
	}
	for i := range 30 {
		act(func() error { return r.store.Put(t.Context(), fleet.MachineID(fmt.Sprint("i-", i)), config) })
		act(func() error {
			_, err := r.cloud.Launch(t.Context(), fleet.IntentID(fmt.Sprint("intent-", i)), launch(fleet.OnDemand))
			return err
		})
	}
	wait.Wait()
	return n.Load()
}

func TestABurstKeepsToTheShareThatTheAccountAllows(t *testing.T) {
	const share = 0.5
	p := pace.New(share, pace.Clock{Now: time.Now, After: time.After})
	paced := rigged(t, func(cfg *aws.Config) { cfg.APIOptions = append(cfg.APIOptions, p.Add) })
	paced.proxy.SetLimits(limits(share)...)
	undone := paced.burst(t)
	if n := paced.proxy.Exceeded(); n > 0 {
		t.Errorf("%d calls were throttled", n)
	}
	// Half of 50, less the margin, and what refills while a call waits.
	if made := paced.launches.Load(); made+paced.puts.Load()+undone != 60 || made < 22 || made > 30 {
		t.Errorf("%d launches, %d parameters, %d not asked for", made, paced.puts.Load(), undone)
	}
	unpaced := rigged(t)
	unpaced.proxy.SetLimits(limits(share)...)
	if undone := unpaced.burst(t); undone == 0 || int(undone) != unpaced.proxy.Exceeded() {
		t.Errorf("without a pace %d calls were throttled, and %d not made", unpaced.proxy.Exceeded(), undone)
	}
}
