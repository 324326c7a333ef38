package provisiontest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/queue"
)

func recorded(t *testing.T, e Env) {
	p := newPost(t, e, "")
	want := p.event(1)
	p.send(want)
	p.poll(false)
	if diff := cmp.Diff([]fleet.Event{want}, p.book.events); diff != "" || p.wakes != 1 {
		t.Errorf("%d wakes, recorded (-want +got):\n%s", p.wakes, diff)
	}
	p.quiet()
}

func batches(t *testing.T, e Env) {
	p := newPost(t, e, "")
	const all = 25
	for n := range all {
		p.send(p.event(n + 1))
	}
	for range all { // SQS may hand over fewer than it has
		if got := len(p.poll(false)); got > 10 {
			t.Errorf("%d messages at once", got)
		}
		if len(p.book.events) == all {
			break
		}
	}
	if len(p.book.events) != all {
		t.Errorf("recorded %d of %d", len(p.book.events), all)
	}
	p.quiet()
}

func refusedOnce(t *testing.T, e Env) {
	p := newPost(t, e, "")
	p.book.refuse = "guid-2"
	p.send(p.event(1), p.event(2), p.event(3))
	p.until("the others are recorded", func() bool { return slices.Equal(p.book.has(), []string{"guid-1", "guid-3"}) })
	p.book.refuse = ""
	e.Wait(again)
	got := p.poll(false)
	if len(got) != 1 || !strings.Contains(aws.ToString(got[0].Body), "guid-2") || got[0].Attributes["ApproximateReceiveCount"] == "1" {
		t.Errorf("handed over %+v", got)
	}
	if diff := cmp.Diff([]string{"guid-1", "guid-2", "guid-3"}, p.book.has()); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	p.quiet()
}

func poison(t *testing.T, e Env) {
	p := newPost(t, e, "")
	const body = `{"v":99,"kind":"of a later version"}`
	p.raw(body)
	for range tries {
		if got := p.poll(false); len(got) != 1 {
			t.Fatalf("handed over %+v", got)
		}
		e.Wait(again)
	}
	p.send(p.event(1))
	p.until("what comes after it is recorded", func() bool { return slices.Equal(p.book.has(), []string{"guid-1"}) })
	var dead []types.Message
	for range 10 {
		if dead = append(dead, p.handed(p.dead, 10)...); len(dead) > 0 {
			break
		}
		e.Wait(time.Second)
	}
	if len(dead) != 1 || aws.ToString(dead[0].Body) != body {
		t.Errorf("dead letters %+v", dead)
	}
	if !strings.Contains(p.log.String(), "unknown_version=1") || p.wakes != 1 {
		t.Errorf("%d wakes, the log says:\n%s", p.wakes, p.log.String())
	}
	p.quiet()
}

func slowTaker(t *testing.T, e Env) {
	p := newPost(t, e, "")
	p.send(p.event(1))
	p.book.before = func() {
		e.Wait(again)
		p.poll(false) // somebody else takes it in meanwhile
	}
	p.poll(false)
	if len(p.book.events) != 1 || p.book.known != 1 {
		t.Errorf("recorded %v, and %d that were known", p.book.has(), p.book.known)
	}
	p.quiet()
}

func oldReceipt(t *testing.T, e Env) {
	e.mustBeRight(t, OldReceipts)
	p := newPost(t, e, "")
	p.send(p.event(1))
	p.book.before = func() {
		e.Wait(again)
		if got := p.handed(p.url, 1); len(got) != 1 {
			t.Errorf("handed over %+v", got)
		}
	}
	p.poll(false)
	e.Wait(again)
	p.until("it comes again, and is known", func() bool { return p.book.known == 1 })
	if diff := cmp.Diff([]string{"guid-1"}, p.book.has()); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	p.quiet()
}

func longPoll(t *testing.T, e Env) {
	p := newPost(t, e, "")
	began, got := make(chan struct{}), make(chan []types.Message)
	go func() { got <- p.polled(false, began) }()
	<-began
	e.Wait(time.Second)
	p.send(p.event(1))
	if list := <-got; len(list) != 1 || len(p.book.events) != 1 {
		t.Errorf("handed over %+v, recorded %v", list, p.book.has())
	}
}

func sentTwice(t *testing.T, e Env) {
	need(t, e.Lose != nil, "a lost answer")
	p := newPost(t, e, "")
	e.Lose("SendMessage")
	q := &queue.Events{SQS: e.SQS, URL: p.url, Now: e.Now}
	if _, err := q.Record(t.Context(), p.event(1)); err != nil {
		p.send(p.event(1)) // the SDK's client did so itself
	}
	p.until("both are taken in", func() bool { return len(p.book.events)+p.book.known == 2 })
	if diff := cmp.Diff([]string{"guid-1"}, p.book.has()); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	p.quiet()
}

func lostPolls(t *testing.T, e Env) {
	need(t, e.Lose != nil, "a lost answer")
	p := newPost(t, e, "")
	p.send(p.event(1))
	e.Lose("ReceiveMessage")
	p.until("it comes again", func() bool { return len(p.book.events) == 1 })
	p.send(p.event(2))
	e.Lose("DeleteMessageBatch")
	p.until("the second comes", func() bool { return len(p.book.events) == 2 })
	p.quiet()
}

func noQueue(t *testing.T, e Env) {
	p := newPost(t, e, "")
	p.url += "-none"
	q := &queue.Events{SQS: e.SQS, URL: p.url, Now: e.Now}
	_, err := q.Record(t.Context(), p.event(1))
	if _, ok := errors.AsType[*types.QueueDoesNotExist](err); !ok {
		t.Errorf("sent to no queue: error %v", err)
	}
	if got := p.poll(false); len(got) != 0 || !strings.Contains(p.log.String(), "queue not polled") {
		t.Errorf("polled no queue: %+v, the log says:\n%s", got, p.log.String())
	}
}
