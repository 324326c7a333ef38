package provisiontest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
)

func launched(t *testing.T, e Env) {
	c := provision.New(e.config())
	for id, market := range map[fleet.IntentID]fleet.Market{e.intent("spot"): fleet.Spot, e.intent("demand"): fleet.OnDemand} {
		l := e.launch(t, c, market, 3)
		want := e.must(t, c, id, l)
		for _, m := range want {
			if m.Intent != id || m.Pool != l.Pool || m.Template != l.Template || m.EC2Fleet == "" || m.Offer.Market != market {
				t.Errorf("launched %+v", m)
			}
			if !slices.ContainsFunc(l.Offers, func(o fleet.Offer) bool { return o.Compare(m.Offer) == 0 }) {
				t.Errorf("launched what was not offered: %+v", m.Offer)
			}
		}
		e.pass()
		var got []fleet.Machine
		for _, m := range alive(t, c) {
			if m.Intent == id {
				got = append(got, m)
			}
		}
		// EC2's own launch time may differ by its clock and ours.
		same := cmp.Options{
			cmpopts.SortSlices(func(a, b fleet.Machine) bool { return a.ID < b.ID }),
			cmpopts.IgnoreFields(fleet.Machine{}, "State"), cmpopts.EquateApproxTime(time.Minute),
		}
		if !e.right(t, FleetsForgotten) {
			same = append(same, cmpopts.IgnoreFields(fleet.Machine{}, "EC2Fleet"))
		}
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("%s listed (-launched +listed):\n%s", market, diff)
		}
	}
}

func strangers(t *testing.T, e Env) {
	c := provision.New(e.config())
	e.must(t, c, e.intent("1"), e.launch(t, c, fleet.Spot, 1))
	e.pass()
	other := e.config()
	other.Fleet = e.Fleet + "-other"
	if got := alive(t, provision.New(other)); len(got) != 0 {
		t.Errorf("another fleet lists %s", ids(got))
	}
}

func pages(t *testing.T, e Env) {
	e.cheap(t)
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.OnDemand, 600)
	want := append(e.must(t, c, e.intent("1"), l), e.must(t, c, e.intent("2"), l)...)
	e.pass()
	if got := alive(t, c); len(got) != len(want) {
		t.Errorf("listed %d of %d machines", len(got), len(want))
	}
}

func partial(t *testing.T, e Env) {
	need(t, e.Empty != nil, "an empty offer")
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.OnDemand, 2)
	gone := l.Offers[0]
	e.Empty(gone)
	got, err := c.Launch(t.Context(), e.intent("1"), l)
	if err != nil || len(got.Machines) != 2 {
		t.Fatalf("launched %+v, error %v", got, err)
	}
	for _, m := range got.Machines {
		if m.Offer.Compare(gone) == 0 {
			t.Errorf("launched from an empty offer: %+v", m)
		}
	}
	for _, r := range got.Refused {
		if r.Offer.Compare(gone) != 0 || !errors.Is(r.Err, fleet.ErrNoCapacity) {
			t.Errorf("refused %+v", r)
		}
	}
}

func empty(t *testing.T, e Env) {
	need(t, e.Empty != nil, "an empty offer")
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.Spot, 2)
	for _, o := range l.Offers {
		e.Empty(o)
	}
	got, err := c.Launch(t.Context(), e.intent("1"), l)
	if err != nil || len(got.Machines) != 0 || len(got.Refused) == 0 {
		t.Fatalf("launched %+v, error %v", got, err)
	}
	for _, r := range got.Refused {
		if !errors.Is(r.Err, fleet.ErrNoCapacity) || r.Offer.Market != fleet.Spot {
			t.Errorf("refused %+v", r)
		}
	}
	e.must(t, c, e.intent("2"), e.launch(t, c, fleet.OnDemand, 2))
}

func replayed(t *testing.T, e Env) {
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.Spot, 2)
	first := e.must(t, c, e.intent("1"), l)
	// Another process, after a crash, sends what the ledger holds.
	again := e.must(t, provision.New(e.config()), e.intent("1"), l)
	if ids(first) != ids(again) {
		t.Errorf("launched %s, then %s", ids(first), ids(again))
	}
	e.pass()
	if got := alive(t, c); len(got) != 2 {
		t.Errorf("alive: %s", ids(got))
	}
}

func mismatch(t *testing.T, e Env) {
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.Spot, 1)
	e.must(t, c, e.intent("1"), l)
	l.Count = 2
	_, err := c.Launch(t.Context(), e.intent("1"), l)
	if !errors.Is(err, fleet.ErrConfig) || !strings.Contains(err.Error(), "sent before with another request") {
		t.Errorf("error %v", err)
	}
}

func throttled(t *testing.T, e Env) {
	need(t, e.Throttle != nil, "throttling")
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.Spot, 1)
	e.Throttle("CreateFleet")
	if _, err := c.Launch(t.Context(), e.intent("1"), l); !errors.Is(err, fleet.ErrThrottled) {
		t.Errorf("error %v", err)
	}
	e.pass()
	if got := alive(t, c); len(got) != 0 {
		t.Errorf("alive: %s", ids(got))
	}
	e.must(t, c, e.intent("1"), l)
}

func lost(t *testing.T, e Env) {
	need(t, e.Lose != nil, "a lost answer")
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.Spot, 2)
	e.Lose("CreateFleet")
	if _, err := c.Launch(t.Context(), e.intent("1"), l); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Fatalf("error %v", err)
	}
	found := e.must(t, c, e.intent("1"), l)
	e.pass()
	got := alive(t, c)
	if len(got) != 2 || len(found) != 2 {
		t.Errorf("found %s, alive %s", ids(found), ids(got))
	}
}

func templateGone(t *testing.T, e Env) {
	c := provision.New(e.config())
	l := e.launch(t, c, fleet.OnDemand, 1)
	if err := provision.New(e.config()).Sweep(t.Context(), nil, []string{l.Template}); err != nil {
		t.Fatal(err)
	}
	e.pass()
	got, err := c.Launch(t.Context(), e.intent("1"), l)
	if !errors.Is(err, fleet.ErrConfig) {
		t.Fatalf("launched %+v from a template that is gone, error %v", got, err)
	}
	e.must(t, c, e.intent("2"), e.launch(t, c, fleet.OnDemand, 1))
}
