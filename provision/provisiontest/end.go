package provisiontest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
)

func unknownEnd(t *testing.T, e Env) {
	c := provision.New(e.config())
	machines := e.must(t, c, e.intent("1"), e.launch(t, c, fleet.OnDemand, 3))
	e.pass()
	list := []fleet.MachineID{"i-0123456789abcdef0", machines[0].ID, "i-0fedcba9876543210", machines[1].ID}
	for range 2 { // to end what is ended is no error
		left := c.End(t.Context(), list)
		if len(left) != 2 || !errors.Is(left[list[0]], fleet.ErrAbsent) || !errors.Is(left[list[2]], fleet.ErrAbsent) {
			t.Errorf("left %v", left)
		}
	}
	e.pass()
	if got := alive(t, c); ids(got) != string(machines[2].ID) {
		t.Errorf("alive: %s, not only %s", ids(got), machines[2].ID)
	}
	if e.Throttle != nil {
		e.Throttle("TerminateInstances")
		if left := c.End(t.Context(), list); len(left) != len(list) || !errors.Is(left[machines[0].ID], fleet.ErrThrottled) {
			t.Errorf("throttled: left %v", left)
		}
	}
}

func guarded(t *testing.T, e Env) {
	c := provision.New(e.config())
	machines := e.must(t, c, e.intent("1"), e.launch(t, c, fleet.OnDemand, 4))
	e.pass()
	list := []fleet.MachineID{machines[0].ID, machines[1].ID, machines[2].ID}
	e.Protect(t, machines[1].ID, true)
	for range 2 {
		left := c.End(t.Context(), list)
		if len(left) != 1 || !errors.Is(left[machines[1].ID], fleet.ErrState) {
			t.Errorf("left %v", left)
		}
		e.pass()
	}
	want := []string{string(machines[1].ID), string(machines[3].ID)}
	got := strings.Fields(ids(alive(t, c)))
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("alive: %v, want %v", got, want)
	}
	e.Protect(t, machines[1].ID, false)
	if left := c.End(t.Context(), list); len(left) != 0 {
		t.Errorf("no more protected: left %v", left)
	}
}

func templates(t *testing.T, e Env) {
	one, two := provision.New(e.config()), provision.New(e.config())
	first := e.launch(t, one, fleet.OnDemand, 1)
	if again := e.launch(t, two, fleet.OnDemand, 1); first.Template != again.Template {
		t.Errorf("templates %s and %s", first.Template, again.Template)
	}
	changed := e.config()
	changed.Pools[0].DiskGiB++
	other := e.launch(t, provision.New(changed), fleet.OnDemand, 1)
	if other.Template == first.Template || !strings.HasSuffix(other.Template, ":1") {
		t.Errorf("template of a changed pool is %s, before %s", other.Template, first.Template)
	}
	e.pass()
	_, all, err := one.Leftovers(t.Context())
	if err != nil || len(all) != 2 {
		t.Errorf("templates %v, error %v", all, err)
	}
}

func swept(t *testing.T, e Env) {
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.OnDemand, 2)
	machines := e.must(t, c, e.intent("1"), l)
	template, _, _ := strings.Cut(l.Template, ":")
	e.pass()

	var delete []string
	kept := e.right(t, FleetsForgotten)
	if kept {
		delete = []string{machines[0].EC2Fleet}
		c = provision.New(e.config()) // a new process learns of them from machines
		alive(t, c)
	}
	fleets, made, err := c.Leftovers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := fleets[machines[0].EC2Fleet]; !ok || len(fleets) != 1 {
		t.Errorf("instant fleets %v, not only %s", fleets, machines[0].EC2Fleet)
	}
	if _, ok := made[template]; !ok || len(made) != 1 {
		t.Errorf("templates %v, not only %s", made, template)
	}
	if left := c.End(t.Context(), []fleet.MachineID{machines[0].ID, machines[1].ID}); len(left) != 0 {
		t.Fatalf("left %v", left)
	}
	e.pass()
	for range 2 {
		if err := c.Sweep(t.Context(), delete, []string{template}); err != nil {
			t.Error(err)
		}
	}
	e.pass()
	fleets, made, err = c.Leftovers(t.Context())
	if err != nil || len(made) != 0 || kept && len(fleets) != 0 {
		t.Errorf("left: %v, %v, error %v", fleets, made, err)
	}
}
