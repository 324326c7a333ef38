package queue

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

func TestWakesOfAQuarterOfASecondAreOneMessage(t *testing.T) {
	s := &sends{}
	now := noon
	q := &Looks{SQS: s, URL: "looks.fifo", Now: func() time.Time { return now }}
	var got []string
	for _, after := range []time.Duration{0, 100 * time.Millisecond, 249 * time.Millisecond, 250 * time.Millisecond, time.Second} {
		now = noon.Add(after)
		if err := errors.Join(q.Wake(t.Context()), q.Full(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	names := map[string]string{}
	for _, in := range s.got {
		id := *in.MessageDeduplicationId
		if _, ok := names[id]; !ok {
			names[id] = fmt.Sprint(len(names))
		}
		got = append(got, names[id])
		if *in.MessageGroupId != lookGroup || *in.QueueUrl != q.URL {
			t.Errorf("sent %+v", in)
		}
	}
	want := []string{"0", "1", "0", "1", "0", "1", "2", "1", "3", "4"} // wake and full by turns
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// TestALookForAWakeSeesAllThatItsWakesStandFor holds that whatever is recorded
// before a wake is recorded before the look for any wake of the same message.
func TestALookForAWakeSeesAllThatItsWakesStandFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &sends{}
		now := noon
		q := &Looks{SQS: s, URL: "looks.fifo", Now: func() time.Time { return now }}
		type wake struct{ at, due time.Time }
		byID := map[string][]wake{}
		for range 20 {
			now = noon.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "µs")) * time.Microsecond)
			if err := q.Wake(t.Context()); err != nil {
				t.Fatal(err)
			}
			in := s.got[len(s.got)-1]
			due := DecodeWake([]byte(*in.MessageBody)).Due()
			if wait := due.Sub(now); wait <= 0 || wait > quarter+skew {
				t.Fatalf("a look waits %s", wait)
			}
			byID[*in.MessageDeduplicationId] = append(byID[*in.MessageDeduplicationId], wake{now, due})
		}
		for _, all := range byID {
			for _, sent := range all {
				for _, lost := range all {
					if !lost.at.Before(sent.due) {
						t.Fatalf("what was recorded before %s is not seen at %s", lost.at, sent.due)
					}
				}
			}
		}
	})
}

func TestWhateverComesByTheLooksQueueAsksForALook(t *testing.T) {
	for _, body := range []string{"", "nonsense", `{"v":9,"kind":"wake","at":"2026-11-25T12:00:00Z"}`} {
		if w := DecodeWake([]byte(body)); w != (Wake{}) || !w.Due().IsZero() {
			t.Errorf("%q is %+v", body, w)
		}
	}
	if w := (Wake{At: noon, Full: true}); !w.Due().Equal(noon) {
		t.Errorf("a full look waits until %s", w.Due())
	}
}

func TestALaterWakeIsKeptBack(t *testing.T) {
	s := &sends{}
	q := &Events{SQS: s, URL: "events", Now: func() time.Time { return noon }}
	for _, tt := range []struct {
		after time.Duration
		want  int32
	}{{-time.Minute, 0}, {0, 0}, {time.Millisecond, 1}, {20 * time.Second, 20}, {14*time.Minute + 1, 841}, {time.Hour, 900}} {
		if err := q.Later(t.Context(), noon.Add(tt.after)); err != nil {
			t.Fatal(err)
		}
		in := s.got[len(s.got)-1]
		if in.DelaySeconds != tt.want || in.MessageGroupId != nil {
			t.Errorf("in %s: %d seconds", tt.after, in.DelaySeconds)
		}
		if m, err := Decode([]byte(*in.MessageBody), "m", noon); err != nil || !m.Wake.At.Equal(noon.Add(tt.after)) {
			t.Errorf("in %s: %+v, error %v", tt.after, m, err)
		}
	}
}

func TestAnEventIsRecordedWhenItsQueueHasIt(t *testing.T) {
	s := &sends{}
	q := &Events{SQS: s, URL: "events", Now: func() time.Time { return noon }}
	event, wire := queued()
	fresh, err := q.Record(t.Context(), event)
	if err != nil || fresh != nil || len(s.got) != 1 || *s.got[0].MessageBody != wire || *s.got[0].QueueUrl != "events" {
		t.Errorf("sent %+v, error %v", s.got, err)
	}
	s.err = errors.New("no route")
	if _, err := q.Record(t.Context(), event); !errors.Is(err, s.err) {
		t.Errorf("error %v", err)
	}
	if _, err := q.Record(t.Context(), fleet.Event{Kind: "odd"}); err == nil || len(s.got) != 2 {
		t.Errorf("%d sent, error %v", len(s.got), err)
	}
	if err := q.Later(t.Context(), noon); !errors.Is(err, s.err) {
		t.Errorf("error %v", err)
	}
	if err := (&Looks{SQS: s, URL: "looks", Now: q.Now}).Wake(t.Context()); !errors.Is(err, s.err) {
		t.Errorf("error %v", err)
	}
}
