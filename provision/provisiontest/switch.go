package provisiontest

import (
	"errors"
	"testing"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
)

// states are the states of machines as the list shows them.
func states(t *testing.T, c *provision.Cloud) map[fleet.MachineID]fleet.MachineState {
	t.Helper()
	list, err := c.Machines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := map[fleet.MachineID]fleet.MachineState{}
	for _, m := range list {
		all[m.ID] = m.State
	}
	return all
}

func switched(t *testing.T, e Env) {
	c := provision.New(e.config())
	machines := e.must(t, c, e.intent("1"), e.launch(t, c, fleet.OnDemand, 3))
	e.pass()
	const stranger = fleet.MachineID("i-0fedcba9876543210")
	list := []fleet.MachineID{machines[0].ID, stranger, machines[1].ID}
	for _, tt := range []struct {
		verb string
		call func() map[fleet.MachineID]error
		want fleet.MachineState
	}{
		{"stop", func() map[fleet.MachineID]error { return c.Stop(t.Context(), list) }, fleet.Stopped},
		{"start", func() map[fleet.MachineID]error { return c.Start(t.Context(), list) }, fleet.Up},
	} {
		for range 2 { // what is so already is no error
			left := tt.call()
			if len(left) != 1 || !errors.Is(left[stranger], fleet.ErrAbsent) {
				t.Errorf("%s: left %v", tt.verb, left)
			}
			e.pass()
		}
		got := states(t, c)
		if got[machines[0].ID] != tt.want || got[machines[1].ID] != tt.want || got[machines[2].ID] != fleet.Up {
			t.Errorf("after %s: %v", tt.verb, got)
		}
	}
	if left := c.End(t.Context(), list); len(left) != 1 || !errors.Is(left[stranger], fleet.ErrAbsent) {
		t.Errorf("left %v", left)
	}
	e.pass()
	if got := alive(t, c); ids(got) != string(machines[2].ID) {
		t.Errorf("alive: %s", ids(got))
	}
}

func switchedLate(t *testing.T, e Env) {
	need(t, e.Throttle != nil && e.Lose != nil, "throttling and lost answers")
	c := provision.New(e.config())
	list := []fleet.MachineID{e.must(t, c, e.intent("1"), e.launch(t, c, fleet.OnDemand, 1))[0].ID}
	e.pass()
	for _, tt := range []struct {
		operation string
		call      func() map[fleet.MachineID]error
		want      fleet.MachineState
	}{
		{"StopInstances", func() map[fleet.MachineID]error { return c.Stop(t.Context(), list) }, fleet.Stopped},
		{"StartInstances", func() map[fleet.MachineID]error { return c.Start(t.Context(), list) }, fleet.Up},
	} {
		e.Throttle(tt.operation)
		if left := tt.call(); !errors.Is(left[list[0]], fleet.ErrThrottled) {
			t.Errorf("throttled %s: left %v", tt.operation, left)
		}
		e.Lose(tt.operation)
		if left := tt.call(); !errors.Is(left[list[0]], fleet.ErrUnknownOutcome) {
			t.Errorf("%s without an answer: left %v", tt.operation, left)
		}
		e.pass()
		if left := tt.call(); len(left) != 0 {
			t.Errorf("%s again: left %v", tt.operation, left)
		}
		if got := states(t, c); got[list[0]] != tt.want {
			t.Errorf("after %s: %v", tt.operation, got)
		}
	}
}

func noRoomToStart(t *testing.T, e Env) {
	e.mustBeRight(t, DoneAtOnce)
	need(t, e.Empty != nil, "an empty offer")
	c := provision.New(e.config())
	machines := e.must(t, c, e.intent("1"), e.launch(t, c, fleet.OnDemand, 2))
	e.pass()
	list := []fleet.MachineID{machines[0].ID, machines[1].ID}
	if left := c.Stop(t.Context(), list); len(left) != 0 {
		t.Fatalf("left %v", left)
	}
	if left := c.Start(t.Context(), list); !errors.Is(left[list[0]], fleet.ErrState) {
		t.Errorf("started while it stops: left %v", left)
	}
	e.pass()
	e.Empty(machines[0].Offer)
	left := c.Start(t.Context(), list)
	if !errors.Is(left[list[0]], fleet.ErrNoCapacity) {
		t.Errorf("left %v", left)
	}
}
