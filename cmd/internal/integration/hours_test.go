package integration_test

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awsproxy"
)

// shiftPools are two standing machines that are open twice a day, and a pool of
// another architecture whose machines register by token for one job each.
const shiftPools = `  - name: build
    labels: [self-hosted, linux, build]
    arch: arm64
    types: [m7g.large]
    image: IMAGE-arm64
    prepared: true
    lifetime: standing
    parameters: {url: /ci/%[1]s/gh-url, token: /ci/%[1]s/gh-token}
    max: 2
    hours: {open: "%[2]d %[3]d,%[5]d * * *", close: "%[2]d %[4]d,%[6]d * * *", zone: UTC, closed: wait}
`

const tokenPool = `  - {name: once, labels: [self-hosted, linux, once], arch: x86_64, types: [m6i.large], image: IMAGE-x86_64, prepared: true, registration: token, market: on-demand, max: 5}
`

// pools writes the pools so that build is open since an hour ago, closes in three
// hours, and opens in five.
func (d *shift) pools() string {
	now := time.Now().UTC()
	hour := func(in int) int { return (now.Hour() + in + 24) % 24 }
	d.closes, d.opens = now.Truncate(time.Minute).Add(3*time.Hour), now.Truncate(time.Minute).Add(5*time.Hour)
	return fmt.Sprintf(shiftPools, d.fleet, now.Minute(), hour(-1), hour(3), hour(5), hour(9))
}

// shift is a manager over a closing and an opening of its fleet's hours.
type shift struct {
	*crew
	file          string
	closes, opens time.Time // of pool build
	ahead         time.Duration
	managers      []*process                    // the last one lives
	secrets       []string                      // tokens
	up            map[string]githubsim.RunnerID // standing machines, by their ids

	mu    sync.Mutex
	calls []awsproxy.Call // that AWS has done, in their order
}

// bootEstimate is how long before its opening a pool's machines are made ready.
const bootEstimate = 45 * time.Second

// TestAStandingPoolClosesAndOpensOnTheWire moves the fleet's clock by starting its
// manager again.
func TestAStandingPoolClosesAndOpensOnTheWire(t *testing.T) {
	t.Parallel()
	s := newSite(t, "hours")
	d := &shift{crew: s.newCrew(1), up: map[string]githubsim.RunnerID{}}
	d.wire.Watch(d.keep)
	d.file = s.write("ledger", d.pools()+tokenPool)
	d.at(time.Now())
	d.stand()
	work := s.hub.queue(18*time.Second, "build", "linux")
	s.job(work, "in_progress")
	busy, idle := d.roles(work)

	d.at(d.closes.Add(-3 * time.Second)) // it is open still, and the manager lives over the closing
	d.stops(idle)
	s.tells(d.file, "hours show", "closed until", "wait")
	d.once(s.hub.queue(time.Second, "self-hosted", "once"))
	s.job(work, "success")
	d.at(d.closes.Add(time.Hour)) // its first look is a full one, and sees the runner free
	d.stops(busy)
	// Only now: GitHub would give it to the busy one's runner as soon as that is free.
	night := s.hub.queue(time.Second, "build")
	until(t, soon, "the job hears that its pool is closed", func() string {
		if _, out := s.verb(d.file, "explain", fmt.Sprint(night)); !strings.Contains(out, "closed: pool build is closed until") {
			return out
		}
		return ""
	})

	d.at(d.opens.Add(-bootEstimate - 3*time.Second))
	d.starts(idle, busy)
	s.job(night, "success")
	d.stood(idle, busy)

	s.write("ledger", tokenPool)
	d.at(d.opens.Add(time.Hour))
	d.gone(idle, busy)
	d.unharmed()
}

// at starts a manager whose clock is moved to an instant, after the one before has
// ended.
func (d *shift) at(instant time.Time) {
	d.t.Helper()
	if n := len(d.managers); n > 0 {
		d.managers[n-1].signal(syscall.SIGTERM)
		if code := d.managers[n-1].code(soon); code != 0 {
			d.t.Errorf("the manager before the clock was moved: exit %d", code)
		}
	}
	d.ahead = time.Until(instant).Round(time.Second)
	d.managers = append(d.managers, d.serve(d.file, "--drain", "0s", "--clock-offset", d.ahead.String()))
}

// stand is the first time that both standing machines come up.
func (d *shift) stand() {
	d.t.Helper()
	until(d.t, soon, "two standing machines", func() string {
		if n := len(d.alive("build")); n != 2 {
			return fmt.Sprint(n, " machines")
		}
		return ""
	})
	for _, i := range d.alive("build") {
		id := aws.ToString(i.InstanceId)
		if i.Architecture != ec2types.ArchitectureValuesArm64 || i.InstanceType != ec2types.InstanceTypeM7gLarge || i.InstanceLifecycle != "" {
			d.t.Errorf("machine %s is a %s of %s, lifecycle %q", id, i.InstanceType, i.Architecture, i.InstanceLifecycle)
		}
		e := d.enrols(id)
		d.up[id] = e.runner
		if e.Ephemeral || e.Group != "" && e.Group != "Default" {
			d.t.Errorf("a standing machine's enrolment: %+v", e)
		}
		token := d.aws.parameter("/ci/"+d.fleet+"/gh-token", true)
		if token == nil || token.Type != "SecureString" || aws.ToString(token.Value) != e.token() {
			d.t.Errorf("the plain form's token is not the one of %s, or no secret", id)
		}
		if url := d.aws.parameter("/ci/"+d.fleet+"/gh-url", false); url == nil || aws.ToString(url.Value) != e.URL {
			d.t.Errorf("the plain form's address is not %s", e.URL)
		}
	}
	if n := d.hub.calls()["registration-token"]; n != 1 {
		d.t.Errorf("GitHub was asked for %d registration tokens, for one organisation", n)
	}
}

// once is the one job of a machine that registers by token.
func (d *shift) once(job jobID) {
	d.t.Helper()
	i := d.machine("once")
	id := aws.ToString(i.InstanceId)
	if i.Architecture != ec2types.ArchitectureValuesX8664 {
		d.t.Errorf("machine %s is of %s", id, i.Architecture)
	}
	if e := d.enrols(id); !e.Ephemeral {
		d.t.Errorf("its enrolment is not for one job: %+v", e)
	}
	d.job(job, "success")
	until(d.t, soon, "its registration goes with its job", func() string {
		for _, r := range d.hub.runners() {
			if r.Name == d.runner(id) {
				return "it is there"
			}
		}
		return ""
	})
	d.aws.powerOff(id)
	if d.aws.parameter(d.path(id), false) != nil {
		d.t.Errorf("the config of %s is there again", id)
	}
}

// roles are the machine that has a job, and the other one.
func (d *shift) roles(work jobID) (busy, idle string) {
	d.t.Helper()
	for _, r := range d.hub.runners() {
		for id, runner := range d.up {
			switch {
			case runner != r.ID:
			case r.Job == work:
				busy = id
			default:
				idle = id
			}
		}
	}
	if busy == "" || idle == "" {
		d.t.Fatalf("job %d runs on none of %v: %+v", work, d.up, d.hub.runners())
	}
	return busy, idle
}
