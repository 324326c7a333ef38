package integration_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awsproxy"
)

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

// puts counts the configs that were stored for a machine.
func (d *shift) puts(machine string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		var about struct{ Name string }
		if c.Operation == "PutParameter" && json.Unmarshal(c.Body, &about) == nil && about.Name == d.path(machine) {
			n++
		}
	}
	return n
}

// stops waits until one machine more is stopped, and it alone.
func (d *shift) stops(machine string) {
	d.t.Helper()
	asked := d.waits("StopInstances", ec2types.InstanceStateNameStopped, machine)
	if now := time.Now().Add(d.ahead); now.Before(d.closes) {
		d.t.Errorf("machine %s is stopped %s before its pool closes", machine, d.closes.Sub(now))
	}
	d.hub.shutDown(d.up[machine])
	if slices.Index(asked, machine) != len(asked)-1 {
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
	asked := d.waits("StartInstances", ec2types.InstanceStateNameRunning, machines...)
	if slices.Sort(asked); !slices.Equal(slices.Sorted(slices.Values(machines)), asked) {
		d.t.Errorf("EC2 was asked to start %v, not %v", asked, machines)
	}
	if now := time.Now().Add(d.ahead); now.Before(d.opens.Add(-bootEstimate)) {
		d.t.Errorf("machines are started %s before their pool opens", d.opens.Sub(now))
	}
	for _, id := range machines {
		d.hub.listens(d.up[id])
	}
}

// waits until EC2 was asked to do something to machines, and has done it. It
// returns all that were ever asked for.
func (d *shift) waits(operation string, state ec2types.InstanceStateName, machines ...string) (asked []string) {
	d.t.Helper()
	for _, id := range machines {
		until(d.t, soon, operation+" of "+id, func() string {
			asked = d.named(operation)
			if is := d.state(id); is != state || !slices.Contains(asked, id) {
				return fmt.Sprintf("it is %s, asked was for %v", is, asked)
			}
			return ""
		})
	}
	return asked
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
	ids := map[string]githubsim.RunnerID{}
	for _, r := range d.hub.runners() {
		ids[r.Name] = r.ID
	}
	want := map[string]githubsim.RunnerID{}
	for _, id := range machines {
		want[d.runner(id)] = d.up[id]
		if n := d.puts(id); n != 1 {
			d.t.Errorf("%d configs were stored for %s", n, id)
		}
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		d.t.Errorf("registrations (-want +got):\n%s", diff)
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
	for _, p := range d.managers {
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
	ended := d.waits("TerminateInstances", ec2types.InstanceStateNameTerminated, machines...)
	if slices.Sort(ended); !slices.Equal(slices.Sorted(slices.Values(machines)), ended) {
		d.t.Errorf("EC2 was asked to end %v, not %v", ended, machines)
	}
	if runners := d.hub.runners(); len(runners) > 0 {
		d.t.Errorf("runners left: %+v", runners)
	}
	if left := d.aws.parameters("/runfleet/" + d.fleet + "/machines"); len(left) > 0 {
		d.t.Errorf("parameters left: %v", left)
	}
}

// unharmed checks that no manager had anything to tell a person, wherever its clock
// stood.
func (d *shift) unharmed() {
	d.t.Helper()
	for _, p := range d.managers {
		if strings.Contains(p.log.String(), "level=ERROR") {
			d.t.Errorf("runfleet %s tells of an error", strings.Join(p.cmd.Args[1:], " "))
		}
	}
}
