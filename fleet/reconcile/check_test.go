package reconcile

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// checked is a rig that goes by a generation of the fleet file, and what checks
// of it are answered.
type checked struct {
	*rig
	found Check
	ok    bool
	asked int
	log   *bytes.Buffer
}

func checking(t *testing.T) *checked {
	c := &checked{rig: rigged(t), ok: true, log: &bytes.Buffer{}}
	c.Generation = "s3/one"
	c.Log = slog.New(slog.NewTextHandler(c.log, nil))
	return c
}

// recheck looks, has the file checked if that is due, and says whether there is
// news and what was told.
func (c *checked) recheck() (news bool, told int) {
	c.t.Helper()
	c.look()
	c.log.Reset()
	news, err := c.Recheck(c.t.Context(), func(context.Context) (Check, bool) {
		c.asked++
		return c.found, c.ok
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return news, strings.Count(c.log.String(), "does not fit")
}

func TestAFleetFileIsCheckedOnceForEachGenerationWhoeverLooks(t *testing.T) {
	c := checking(t)
	c.found = Check{Done: true}
	for i, step := range []struct {
		name string
		do   func()
		want int // checks so far
	}{
		{"the first look", func() {}, 1},
		{"an hour later", func() { c.now = c.now.Add(time.Hour) }, 1},
		{"a process that is new", func() { c.anew(); c.Generation = "s3/one" }, 1},
		{"another file", func() { c.Generation = "s3/two" }, 2},
		{"and no answer", func() { c.Generation, c.ok = "s3/three", false }, 3},
		{"is not waited for at each look", func() { c.now = c.now.Add(checkAgain - time.Second) }, 3},
		{"and is no check", func() { c.now = c.now.Add(time.Second) }, 4},
		{"until there is one", func() { c.ok, c.now = true, c.now.Add(checkAgain) }, 5},
		{"or not all is well", func() { c.Generation, c.found = "s3/four", Check{} }, 6},
		{"which is asked again", func() { c.now = c.now.Add(checkAgain - time.Second) }, 6},
		{"a minute later", func() { c.now = c.now.Add(time.Second) }, 7},
	} {
		step.do()
		if c.recheck(); c.asked != step.want {
			t.Errorf("%d, %s: %d checks, want %d", i+1, step.name, c.asked, step.want)
		}
	}
}

func TestWhatACheckFindsStopsItsPoolsAndIsToldOnce(t *testing.T) {
	c := checking(t)
	c.queue(1, acme)
	c.found = Check{Problems: []string{"the group is not there", "a type is not offered"}, Stops: map[string]string{"arm": "the group is not there"}}
	c.yard.recipes[0].Offers = nil // nothing is launched before the check
	if news, told := c.recheck(); !news || told != 2 {
		t.Errorf("at first: news %t, %d told", news, told)
	}
	c.yard.recipes[0].Offers = []fleet.Offer{odA}
	c.anew()
	c.Generation = "s3/one"
	c.look()
	if got := c.state().Jobs[0].Verdict.String(); !strings.Contains(got, "the group is not there") || len(c.launches()) > 0 {
		t.Errorf("a new process: verdict %q, calls %q", got, c.launches())
	}
	if got := ProblemsIn(c.state().Marks)["arm"]; got != "the group is not there" {
		t.Errorf("people hear %q", got)
	}
	c.now = c.now.Add(checkAgain)
	if news, told := c.recheck(); news || told != 0 {
		t.Errorf("a minute later: news %t, %d told", news, told)
	}
	c.found, c.now = Check{Done: true}, c.now.Add(checkAgain)
	if news, told := c.recheck(); !news || told != 0 {
		t.Errorf("once it fits: news %t, %d told", news, told)
	}
	if c.look(); len(c.launches()) != 1 {
		t.Errorf("once it fits: verdict %s", c.state().Jobs[0].Verdict)
	}
}

func TestWhatAnotherFilesCheckFoundStopsNothing(t *testing.T) {
	c := checking(t)
	c.found = Check{Stops: map[string]string{"arm": "the group is not there"}}
	c.recheck()
	c.Generation = "s3/two"
	c.queue(1, acme)
	if c.look(); len(c.launches()) != 1 {
		t.Errorf("verdict %s", c.state().Jobs[0].Verdict)
	}
	if news, _ := c.recheck(); !news {
		t.Error("that this file's finds the same is no news")
	}
}

func TestACheckThatIsNotRecordedIsMadeAgain(t *testing.T) {
	c := checking(t)
	c.look()
	whole := c.Ledger
	c.Ledger = &deafLedger{whole}
	ask := func(context.Context) (Check, bool) { return Check{Done: true}, true }
	if _, err := c.Recheck(t.Context(), ask); !errors.Is(err, ledger.ErrBusy) {
		t.Errorf("error %v", err)
	}
	c.Ledger, c.found = whole, Check{Done: true}
	if c.recheck(); c.asked != 1 {
		t.Errorf("%d checks", c.asked)
	}
}

// deafLedger takes no outcome.
type deafLedger struct{ ledger.Ledger }

func (*deafLedger) Settle(context.Context, fleet.Change) error { return ledger.ErrBusy }
