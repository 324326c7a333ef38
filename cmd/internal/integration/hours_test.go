package integration_test

import (
	"encoding/base64"
	"fmt"
	"slices"
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

// Where the fleet's clock stands in the hours of shiftPools.
const (
	closing = 4 * time.Hour
	opening = 6 * time.Hour
)

// pools writes the pools so that build is open since an hour ago, for three hours
// more, and again in five hours.
func (d *shift) pools() string {
	at := time.Now().UTC()
	hour := func(in int) int { return (at.Hour() + in + 24) % 24 }
	return fmt.Sprintf(shiftPools, d.fleet, at.Minute(), hour(-1), hour(3), hour(5), hour(9))
}

// shift is a manager over a closing and an opening of its fleet's hours.
type shift struct {
	*crew
	file    string
	manager *process
	log     []*process
	secrets []string
	up      map[string]githubsim.RunnerID // standing machines, by their ids

	mu    sync.Mutex
	calls []awsproxy.Call // that AWS has done, in their order
}

// TestAStandingPoolClosesAndOpensOnTheWire moves the fleet's clock by starting its
// manager again.
func TestAStandingPoolClosesAndOpensOnTheWire(t *testing.T) {
	t.Parallel()
	s := newSite(t, "hours")
	d := &shift{crew: s.newCrew(1), up: map[string]githubsim.RunnerID{}}
	d.wire.Watch(d.keep)
	d.file = s.write("ledger", d.pools()+tokenPool)
	d.at(0)
	once := s.hub.queue(time.Second, "self-hosted", "once")
	d.stand()
	d.once(once)
	work := s.hub.queue(25*time.Second, "build", "linux")
	s.job(work, "in_progress")
	busy, idle := d.roles(work)

	d.at(closing)
	d.stops(idle)
	s.tells(d.file, "hours show", "closed until", "wait")
	night := s.hub.queue(time.Second, "build")
	s.job(work, "success")
	d.at(closing + time.Minute) // its first look is a full one, and sees the runner free
	d.stops(busy)
	s.tells(d.file, "jobs", fmt.Sprint(night), "closed: pool build is closed until")

	d.at(opening)
	d.starts(idle, busy)
	s.job(night, "success")
	s.tells(d.file, "hours show", "open until")
	d.stood(idle, busy)

	s.write("ledger", tokenPool)
	d.at(opening + time.Minute)
	d.gone(idle, busy)
}

// keep hears of a call that AWS has done.
func (d *shift) keep(c awsproxy.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, c)
}

// named are the machines that calls of an operation name, in order of the calls.
func (d *shift) named(operation string) (ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		for i := 1; c.Operation == operation && c.Form.Has(fmt.Sprint("InstanceId.", i)); i++ {
			ids = append(ids, c.Form.Get(fmt.Sprint("InstanceId.", i)))
		}
	}
	return ids
}

// at starts a manager whose clock is so far ahead of the host's, after the one
// before has ended.
func (d *shift) at(offset time.Duration) {
	d.t.Helper()
	if d.manager != nil {
		d.manager.signal(syscall.SIGTERM)
		if code := d.manager.code(soon); code != 0 {
			d.t.Errorf("the manager before the clock was moved: exit %d", code)
		}
	}
	d.manager = d.serve(d.file, "--drain", "0s", "--clock-offset", offset.String())
	d.log = append(d.log, d.manager)
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

// stops waits until one machine more is stopped, and it alone.
func (d *shift) stops(machine string) {
	d.t.Helper()
	until(d.t, soon, "machine "+machine+" is stopped", func() string {
		if state := d.state(machine); state != ec2types.InstanceStateNameStopped {
			return string(state)
		}
		return ""
	})
	d.hub.shutDown(d.up[machine])
	asked := d.named("StopInstances")
	if last := len(asked) - 1; asked[last] != machine || slices.Contains(asked[:last], machine) {
		d.t.Errorf("EC2 was asked to stop %v", asked)
	}
	for other := range d.up {
		if state := d.state(other); !slices.Contains(asked, other) && state != ec2types.InstanceStateNameRunning {
			d.t.Errorf("machine %s is %s, and has a job", other, state)
		}
	}
}

// starts waits until machines are started, and lets their runners listen again
// with the registration that they have.
func (d *shift) starts(machines ...string) {
	d.t.Helper()
	for _, id := range machines {
		until(d.t, soon, "machine "+id+" runs", func() string {
			if state := d.state(id); state != ec2types.InstanceStateNameRunning {
				return string(state)
			}
			return ""
		})
		d.hub.listens(d.up[id])
	}
	asked := d.named("StartInstances")
	slices.Sort(asked)
	if want := slices.Sorted(slices.Values(machines)); !slices.Equal(want, asked) {
		d.t.Errorf("EC2 was asked to start %v, not %v", asked, want)
	}
}

func (d *shift) state(machine string) ec2types.InstanceStateName {
	d.t.Helper()
	for _, i := range d.aws.instances(d.fleet) {
		if aws.ToString(i.InstanceId) == machine {
			return i.State.Name
		}
	}
	d.t.Fatalf("EC2 does not show %s", machine)
	return ""
}

// stood checks that nothing but stops and starts was done to the machines that
// stand, and that no secret is where others can read it.
func (d *shift) stood(machines ...string) {
	d.t.Helper()
	if ended := d.named("TerminateInstances"); len(ended) > 0 {
		d.t.Errorf("EC2 was asked to end %v", ended)
	}
	var names []string
	for _, r := range d.hub.runners() {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	want := []string{d.runner(machines[0]), d.runner(machines[1])}
	if slices.Sort(want); !slices.Equal(want, names) {
		d.t.Errorf("runners %v, not %v", names, want)
	}
	if left := d.aws.parameters("/runfleet/" + d.fleet + "/machines"); len(left) > 0 {
		d.t.Errorf("configs are stored: %v", left)
	}
	if n := len(d.alive("")); n != 2 || len(d.aws.instances(d.fleet)) != 3 {
		d.t.Errorf("%d machines are there of %d", n, len(d.aws.instances(d.fleet)))
	}
	d.hidden()
}

// hidden checks that no token is in a call of EC2's, which has tags and user data,
// nor in a log or an argument.
func (d *shift) hidden() {
	d.t.Helper()
	if len(d.secrets) != 3 {
		d.t.Fatalf("%d enrolments", len(d.secrets))
	}
	var open []string
	for _, p := range d.log {
		open = append(open, p.log.String(), strings.Join(p.cmd.Args, " "))
	}
	d.mu.Lock()
	for _, c := range d.calls {
		for _, all := range c.Form {
			for _, v := range all {
				open = append(open, v)
				if data, err := base64.StdEncoding.DecodeString(v); err == nil {
					open = append(open, string(data))
				}
			}
		}
	}
	d.mu.Unlock()
	for _, text := range open {
		for _, token := range d.secrets {
			if strings.Contains(text, token) {
				d.t.Fatalf("a registration token is in the open: %.60s", text)
			}
		}
	}
}

// gone waits until machines whose pool left the file are ended, and their runners
// and configs with them.
func (d *shift) gone(machines ...string) {
	d.t.Helper()
	until(d.t, soon, "nothing is left", func() string {
		if alive, runners := d.alive(""), d.hub.runners(); len(alive)+len(runners) > 0 {
			return fmt.Sprint(idsOf(alive), runners)
		}
		return ""
	})
	ended := d.named("TerminateInstances")
	slices.Sort(ended)
	if want := slices.Sorted(slices.Values(machines)); !slices.Equal(want, ended) {
		d.t.Errorf("EC2 was asked to end %v, not %v", ended, want)
	}
	if left := d.aws.parameters("/runfleet/" + d.fleet + "/machines"); len(left) > 0 {
		d.t.Errorf("parameters left: %v", left)
	}
}
