package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// answer is what one look comes to.
type answer struct {
	wake time.Duration // from the look
	err  error
}

// checkAnswer is what a check comes to; none is due if it is zero.
type checkAnswer struct {
	news bool
	err  error
}

// desk is a function that looks, with what it does written down.
type desk struct {
	*look
	now     time.Time
	answers []answer // of the looks, in order; then nothing is due for a minute
	owned   error
	check   checkAnswer
	newer   bool // the fleet file is another than the parts were made of
	did     []string
	noLater error
}

func (d *desk) note(format string, args ...any) { d.did = append(d.did, fmt.Sprintf(format, args...)) }

func (d *desk) Once(context.Context) (time.Time, error) {
	a := answer{wake: time.Minute}
	if len(d.answers) > 0 {
		a, d.answers = d.answers[0], d.answers[1:]
	}
	d.note("look")
	return d.now.Add(a.wake), a.err
}

func (d *desk) Check(context.Context) (bool, error) {
	if d.check == (checkAnswer{}) {
		return false, nil
	}
	d.note("check")
	return d.check.news, d.check.err
}

func (d *desk) Full()                       { d.note("full") }
func (d *desk) Owned(context.Context) error { d.note("owned?"); return d.owned }

func manned() *desk {
	d := &desk{now: noon}
	now, silent := func() time.Time { return d.now }, slog.New(slog.DiscardHandler)
	d.look = &look{
		parts: &parts[looker]{
			read: func(context.Context) (wire.FleetFile, error) {
				if d.newer {
					return wire.FleetFile{Generation: "g2"}, nil
				}
				return wire.FleetFile{Generation: "g1"}, nil
			},
			build: func(context.Context, wire.FleetFile) (looker, error) { d.note("made anew"); return d, nil },
			now:   now, log: silent, made: d, generation: "g1", readAt: noon,
		},
		now: now, log: silent,
		later: func(_ context.Context, at time.Time) error { d.note("later %s", at.Sub(noon)); return d.noLater },
		wait:  func(_ context.Context, w time.Duration) error { d.note("wait %s", w); return nil },
	}
	return d
}

// woken is the desk's work for messages that were sent a while before noon.
func (d *desk) woken(t *testing.T, ctx context.Context, bodies ...string) []string {
	t.Helper()
	d.did = nil
	var all []message
	for i, body := range bodies {
		all = append(all, message{id: fmt.Sprint(i), body: body})
	}
	got, err := d.handle(ctx, handedOver(t, all...))
	if l, ok := got.(left); err != nil || !ok || l.Failures == nil || len(l.Failures) > 0 {
		t.Errorf("answer %v, error %v: a message returns, and holds back the others", got, err)
	}
	return d.did
}

func at(kind string, before time.Duration) string {
	return fmt.Sprintf(`{"v":1,"kind":%q,"at":%q}`, kind, noon.Add(-before).Format(time.RFC3339Nano))
}

func TestWhatALookDoes(t *testing.T) {
	wake, full := at("wake", 0), at("full", 0)
	stale := answer{err: fmt.Errorf("reserve: %w", reconcile.ErrStale)}
	for _, tt := range []struct {
		name    string
		bodies  []string
		answers []answer
		with    func(*desk)
		want    []string
	}{
		{"it waits for what the wake stands for, looks, and has itself woken later", []string{wake}, nil, nil,
			[]string{"wait 300ms", "owned?", "look", "later 1m0s"}},
		{"several wakes are one look, after the last", []string{at("wake", time.Second), at("wake", 100*time.Millisecond)}, nil, nil,
			[]string{"wait 50ms", "owned?", "look", "later 1m0s"}},
		{"a wake from a clock that goes wrong is not waited for", []string{at("wake", -time.Hour)}, nil, nil,
			[]string{"wait 1s", "owned?", "look", "later 1m0s"}},
		{"whatever comes is looked for", []string{"nonsense"}, nil, nil, []string{"wait 0s", "owned?", "look", "later 1m0s"}},
		{"a full one is full", []string{wake, full}, nil, nil, []string{"wait 300ms", "owned?", "full", "look", "later 1m0s"}},
		{"it looks on while the plan says now", []string{full}, []answer{{}, {}, {wake: 5 * time.Second}}, nil,
			[]string{"wait 0s", "owned?", "full", "look", "look", "look", "later 5s"}},
		{"what failed is tried again later", []string{full}, []answer{{err: ledger.ErrBusy}}, nil, []string{"wait 0s", "owned?", "full", "look", "later 2s"}},
		{"by an old file it reads the new one at once", []string{full}, []answer{stale}, func(d *desk) { d.newer = true },
			[]string{"wait 0s", "owned?", "full", "look", "made anew", "look", "later 1m0s"}},
		{"if there is none, it gives up", []string{full}, []answer{stale}, nil, []string{"wait 0s", "owned?", "full", "look", "later 2s"}},
		{"the fleet file is checked after the looks, and what is new is looked at at once", []string{full}, []answer{{}, {wake: 5 * time.Second}},
			func(d *desk) { d.check.news = true }, []string{"wait 0s", "owned?", "full", "look", "look", "check", "later 0s"}},
		{"a check that cannot be recorded holds up nothing", []string{full}, nil,
			func(d *desk) { d.check.err = errors.New("no answer") }, []string{"wait 0s", "owned?", "full", "look", "check", "later 1m0s"}},
		{"nothing is checked after a look that failed", []string{full}, []answer{{err: ledger.ErrBusy}},
			func(d *desk) { d.check.news = true }, []string{"wait 0s", "owned?", "full", "look", "later 2s"}},
		{"of another's fleet it does nothing", []string{full}, nil, func(d *desk) { d.owned = wire.ErrNotOwner }, []string{"wait 0s", "owned?"}},
		{"nor as long as it never heard whose it is", []string{wake}, nil, func(d *desk) { d.owned = errors.New("no answer") }, []string{"wait 300ms", "owned?"}},
		{"that no later look can be asked for holds up nothing", []string{full}, nil, func(d *desk) { d.noLater = errors.New("no answer") },
			[]string{"wait 0s", "owned?", "full", "look", "later 1m0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := manned()
			d.answers = tt.answers
			if tt.with != nil {
				tt.with(d)
			}
			if diff := cmp.Diff(tt.want, d.woken(t, t.Context(), tt.bodies...)); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALookEndsBeforeLambdaDoes(t *testing.T) {
	d := manned()
	d.answers = []answer{{}, {}, {}}
	ctx, cancel := context.WithDeadline(t.Context(), noon.Add(lookTime-time.Second)) // it is over, by the machine's clock
	defer cancel()
	if diff := cmp.Diff([]string{"wait 0s", "owned?", "full", "look", "later 0s"}, d.woken(t, ctx, at("full", 0))); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

func TestOneInvocationLooksForAMinute(t *testing.T) {
	d := manned()
	for range 100 {
		d.answers = append(d.answers, answer{})
	}
	d.parts.made = passing{d, 10 * time.Second}
	want := []string{"wait 0s", "owned?", "full", "look", "look", "look", "look", "look", "look", "later 1m0s"}
	if diff := cmp.Diff(want, d.woken(t, t.Context(), at("full", 0))); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

// passing is a desk whose looks take time.
type passing struct {
	*desk
	takes time.Duration
}

func (p passing) Once(ctx context.Context) (time.Time, error) {
	p.now = p.now.Add(p.takes)
	p.parts.readAt = p.now
	return p.desk.Once(ctx)
}

// TestWhatASandboxRemembers is one sandbox, message after message.
func TestWhatASandboxRemembers(t *testing.T) {
	d := manned()
	for _, tt := range []struct {
		name   string
		after  time.Duration
		kind   string
		answer answer
		owned  error
		want   []string
	}{
		{"the first look asks whose the fleet is", 0, "wake", answer{wake: 20 * time.Second}, nil, []string{"owned?", "look", "later 20s"}},
		{"the next does not, and a later wake is under way", time.Second, "wake", answer{wake: 30 * time.Second}, nil, []string{"look"}},
		{"an earlier one is needed", time.Second, "wake", answer{wake: 10 * time.Second}, nil, []string{"look", "later 12s"}},
		{"when that has come, another is", 10 * time.Second, "wake", answer{wake: time.Minute}, nil, []string{"look", "later 1m12s"}},
		{"a full look asks again", 0, "full", answer{wake: 2 * time.Minute}, nil, []string{"owned?", "full", "look"}},
		{"that it is not known now stops nothing", 0, "full", answer{wake: 2 * time.Minute}, errors.New("no answer"), []string{"owned?", "full", "look"}},
		{"a failure is tried again soon", 0, "wake", answer{err: ledger.ErrConflict}, nil, []string{"look", "later 14s"}},
		{"then less soon", 2 * time.Second, "wake", answer{err: ledger.ErrBusy}, nil, []string{"look", "later 18s"}},
		{"until it goes well", 4 * time.Second, "wake", answer{wake: time.Hour}, nil, []string{"look", "later 1h0m18s"}},
		{"that another has the fleet now ends it", 0, "full", answer{}, wire.ErrNotOwner, []string{"owned?"}},
		{"also for mere wakes", 0, "wake", answer{}, wire.ErrNotOwner, []string{"owned?"}},
	} {
		d.now = d.now.Add(tt.after)
		d.parts.readAt = d.now
		d.answers, d.owned = []answer{tt.answer}, tt.owned
		got := d.woken(t, t.Context(), fmt.Sprintf(`{"v":1,"kind":%q,"at":"2026-01-05T11:00:00Z"}`, tt.kind))[1:] // without the wait
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
