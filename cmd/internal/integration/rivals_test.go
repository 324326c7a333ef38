package integration_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/runfleet/runfleet/provision/awsproxy"
)

const (
	rivalJobs = 16 // in waves of four
	rivalMax  = 12 // so the last wave waits
	rivalPool = "  - {name: arm64, labels: [self-hosted, linux, arm64], arch: arm64, types: [m7g.large], image: IMAGE-arm64, prepared: true, market: on-demand, max: 12}\n"
	// apart is how long a reserve waits for its rival: the other sandbox may have
	// seen another ledger, and plan nothing.
	apart = 300 * time.Millisecond
)

// TestTwoSandboxesThatLookAtOnceKeepTheCapAndLaunchOneMachineAJob has two
// sandboxes of the look function, which a queue never wakes at once, look at once
// again and again, and holds each reserve until the other sandbox has one under
// the same plan number in flight.
func TestTwoSandboxesThatLookAtOnceKeepTheCapAndLaunchOneMachineAJob(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "rivals", rivalPool)
	m := &meeting{waits: map[string]chan struct{}{}}
	d.wire.Hold(m.hold)
	d.hub.point(d.without() + "/webhook")
	agents := &agents{d: d, booted: map[string]bool{}, off: map[string]bool{}}
	round, queued := 0, 0
	until(t, soon, "as many jobs as machines run to their end", func() string {
		launched := len(d.aws.instances(d.fleet))
		if launched >= queued && queued < rivalJobs { // a wave has its machines
			for range 4 {
				d.hub.queue(4*time.Second, "self-hosted", "arm64")
			}
			queued += 4
		}
		round++
		d.lookAtOnce(round)
		done := agents.work()
		if n, all := len(d.alive("")), len(d.aws.instances(d.fleet)); n > rivalMax || all > queued {
			t.Fatalf("%d machines, %d were launched for %d jobs", n, all, queued)
		}
		if done < rivalMax {
			return fmt.Sprintf("%d of %d are done, %d machines were launched", done, queued, launched)
		}
		return ""
	})
	ran := map[string]int{}
	for _, o := range d.hub.outcomes() {
		if o.Runner != "" {
			ran[o.Runner]++
		}
	}
	met, alone := m.count()
	t.Logf("%d rounds, %d reserves at once, %d alone", round, met, alone)
	if len(ran) < rivalMax || slices.Max(slices.Collect(maps.Values(ran))) > 1 {
		t.Errorf("jobs ran on %v", ran)
	}
	if _, most, _ := d.look.story(); most != 2 || met < rivalJobs/4-1 {
		t.Errorf("%d sandboxes looked at once, and %d reserves met another", most, met)
	}
}

// without is feed without the looks: those are the test's own.
func (d *deployment) without() (url string) {
	ctx := d.t.Context()
	d.ends.Go(func() { d.poll(ctx, d.events, d.intake) })
	d.ends.Go(func() { d.poll(ctx, d.reports, d.intake) })
	front := httptest.NewServer(http.HandlerFunc(d.called))
	d.t.Cleanup(func() {
		front.Close()
		d.ends.Wait() // their context is over
	})
	return front.URL
}

// lookAtOnce has both sandboxes look, at all that there is in each third round.
func (d *deployment) lookAtOnce(round int) {
	kind := "wake"
	if round%3 == 0 {
		kind = "full"
	}
	wake := batch(d.looks, []types.Message{{
		MessageId: aws.String(fmt.Sprint(round)), ReceiptHandle: aws.String("r"), Body: aws.String(fmt.Sprintf(`{"v":1,"kind":%q}`, kind)),
	}})
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if got := d.look.invoke(d.t.Context(), wake, nil); got.lost || got.failed {
				d.t.Errorf("a look came to nothing: %s", got.body)
			}
		})
	}
	both.Wait()
}

// meeting has reserves under one plan number wait for each other.
type meeting struct {
	mu         sync.Mutex
	waits      map[string]chan struct{} // by the number that would be taken
	met, alone int
}

// taken is the plan number that a transaction sets, as the ledger writes it.
var taken = regexp.MustCompile(`":next":\{"N":"([0-9]+)"\}`)

func (m *meeting) hold(c awsproxy.Call) {
	number := taken.FindSubmatch(c.Body)
	if c.Operation != "TransactWriteItems" || number == nil {
		return
	}
	key := string(number[1])
	m.mu.Lock()
	if other, ok := m.waits[key]; ok {
		delete(m.waits, key)
		m.met++
		m.mu.Unlock()
		close(other)
		return
	}
	here := make(chan struct{})
	m.waits[key] = here
	m.mu.Unlock()
	select {
	case <-here:
	case <-time.After(apart):
		m.leave(key, here)
	}
}

// leave goes on alone, if nobody came in the last moment.
func (m *meeting) leave(key string, here chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waits[key] == here {
		delete(m.waits, key)
		m.alone++
	}
}

func (m *meeting) count() (met, alone int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.met, m.alone
}
