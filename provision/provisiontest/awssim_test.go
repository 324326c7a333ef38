package provisiontest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/awssim"
	"github.com/runfleet/runfleet/provision/provisiontest"
	"github.com/runfleet/runfleet/provision/queue"
)

// later is a queue of what happens later, for a test that moves its own clock. A
// poll of SQS waits by it on another goroutine.
type later struct {
	mu  sync.Mutex
	now time.Time
	due []struct {
		at time.Time
		f  func()
	}
}

func (l *later) at() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *later) after(d time.Duration, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due = append(l.due, struct {
		at time.Time
		f  func()
	}{l.now.Add(d), f})
}

// pass moves the clock on, and does what falls due on the way, in order.
func (l *later) pass(d time.Duration) {
	end := l.at().Add(d)
	for f := l.next(end); f != nil; f = l.next(end) {
		f()
	}
}

// next moves the clock to what falls due first, or to the end if nothing does.
func (l *later) next(end time.Time) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := -1
	for i, e := range l.due {
		if !e.at.After(end) && (next < 0 || e.at.Before(l.due[next].at)) {
			next = i
		}
	}
	if next < 0 {
		l.now = end
		return nil
	}
	e := l.due[next]
	l.due = append(l.due[:next], l.due[next+1:]...)
	l.now = e.at
	return e.f
}

func TestAWSSim(t *testing.T) {
	provisiontest.Run(t, func(t *testing.T) provisiontest.Env {
		l := &later{now: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)}
		var messages [][]byte
		a := awssim.New(awssim.Config{
			Seed: 1, Now: l.at, After: l.after, Limits: awssim.Limits{Unlimited: true},
			Subnets:   map[string]string{"subnet-a": "us-east-1a", "subnet-b": "us-east-1b"},
			VPCs:      map[string]string{"sg-a": "vpc-1", "sg-b": "vpc-2"},
			Images:    map[string]string{"ami-0123456789abcdef0": "arm64", "ami-0123456789abcdef1": "x86_64"},
			Profiles:  []string{"runfleet-machine"},
			Offered:   func(instanceType, _ string) bool { return instanceType != "hpc7g.4xlarge" },
			Faults:    awssim.Faults{LagMin: time.Second},
			OnMessage: func(m []byte) { messages = append(messages, m) },
		})
		return provisiontest.Env{
			Name: "awssim", Fleet: "conform", DrillRole: "arn:aws:iam::123456789012:role/runfleet-drills",
			Checks: a.EC2(), Elsewhere: "sg-b", Foreign: "ami-0123456789abcdef1", Rare: "hpc7g.4xlarge",
			EC2: a.EC2(), SSM: a.SSM(), FIS: a.FIS(), Region: "us-east-1", Account: "123456789012",
			Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-a"},
			InstanceProfile: "runfleet-machine", Image: "ami-0123456789abcdef0",
			Types: []string{"c7g.large", "m7g.large"}, Now: l.at, Pass: l.pass, Wait: l.pass,
			SQS: a.SQS("AROAMANAGER:runfleet"), As: func(m fleet.MachineID) queue.SendAPI { return a.SQS("AROAMACHINE:" + string(m)) },
			Messages: func() [][]byte { return messages },
			Empty: func(o fleet.Offer) {
				a.SetEmpty(o.Type+"/"+o.Zone+"/"+string(o.Market), true)
			},
			Protect:  func(_ *testing.T, m fleet.MachineID, on bool) { a.Protect(string(m), on) },
			Throttle: func(op string) { a.Next(op, "throttle") },
			Lose:     func(op string) { a.Next(op, "lose") },
		}
	})
}
