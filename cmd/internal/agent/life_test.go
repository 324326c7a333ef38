package agent

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyEvent is all that can happen, in any order, sensible or not.
func anyEvent() *rapid.Generator[Event] {
	return rapid.Custom(func(t *rapid.T) Event {
		return rapid.SampledFrom([]Event{
			Claimed{"config"}, NotYet{}, NotYet{}, Line{listens}, Line{begins}, Line{succeeds}, Line{tooOld}, Line{"anything"}, Line{vanished}, Line{notFound},
			Exited{rapid.IntRange(-1, 8).Draw(t, "code")}, Broken{"broken"}, Updated{}, Rebalance{},
			Notice{noon.Add(time.Duration(rapid.IntRange(-5, 300).Draw(t, "deadline")) * time.Second)}, Notice{}, Stop{}, Tick{}, Tick{},
		}).Draw(t, "event")
	})
}

// witness holds what must be so of any life.
type witness struct {
	t                             *rapid.T
	configs, asks, ended, offs    int
	noticed, interrupted, started bool
}

func (w *witness) see(effects []Effect) {
	for _, e := range effects {
		if w.offs > 0 {
			w.t.Fatalf("%T after PowerOff", e)
		}
		switch e := e.(type) {
		case Ask:
			w.asks++
			if w.started {
				w.t.Fatal("asked with a config in hand")
			}
		case Start:
			if e.Config != "" {
				w.configs++
			}
			if w.noticed || w.interrupted || w.configs != 1 {
				w.t.Fatalf("started: notice %v, interrupted %v, %d configs", w.noticed, w.interrupted, w.configs)
			}
			w.started = true
		case Interrupt:
			if w.interrupted || !w.started {
				w.t.Fatal("interrupted twice, or nothing")
			}
			w.interrupted = true
		case Kill:
			if !w.interrupted {
				w.t.Fatal("killed without a warning")
			}
		case Tell:
			if e.Report.Kind == "ended" {
				w.ended++
			}
			if e.Report.Machine != "i-1" || e.Report.At.IsZero() {
				w.t.Fatalf("report %+v", e.Report)
			}
		case PowerOff:
			w.offs++
			if w.ended != 1 || e.Outcome == "" || e.Reason == "" {
				w.t.Fatalf("powered off after %d last reports: %+v", w.ended, e)
			}
		}
	}
}

func TestEveryLifeEndsOnceAndWithoutASecondConfig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &witness{t: t}
		now := noon
		a, effects := Begin("i-1", Settings{}, now)
		w.see(effects)
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "later")) * time.Second)
			e := anyEvent().Draw(t, "what")
			before := a
			a, effects = a.On(now, e)
			w.see(effects)
			w.noticed = a.noticed // no runner may be started from now on
			if before.Over() && len(effects) > 0 {
				t.Fatal("something happened after the end")
			}
			if !a.Over() && !a.Wake().After(now) {
				t.Fatalf("at %v it is due since %v", now, a.Wake())
			}
		}
		// Whatever was, time alone brings it to its end.
		for range 10_000 {
			if a.Over() {
				break
			}
			now = a.Wake()
			a, effects = a.On(now, Tick{})
			if a.asking {
				w.see(effects)
				a, effects = a.On(now, NotYet{})
			}
			w.see(effects)
		}
		if w.offs != 1 || now.Sub(noon) > 10*time.Hour {
			t.Fatalf("%d ends, after %v", w.offs, now.Sub(noon))
		}
	})
}

func TestTheSameEventsAreTheSameLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := Begin("i-1", Settings{}, noon)
		for i := range rapid.IntRange(1, 20).Draw(t, "events") {
			e := anyEvent().Draw(t, "what")
			now := noon.Add(time.Duration(i) * 10 * time.Second)
			one, first := a.On(now, e)
			two, second := a.On(now, e) // a is a value: the first call left it alone
			if one != two || len(first) != len(second) {
				t.Fatalf("%T led to %+v, then to %+v", e, first, second)
			}
			a = one
		}
	})
}
