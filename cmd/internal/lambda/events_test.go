package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/queue"
)

const (
	eventsARN  = "arn:aws:sqs:us-east-1:123456789012:events"
	reportsARN = "arn:aws:sqs:us-east-1:123456789012:reports"
)

// wakes counts what looks are asked for.
type wakes struct {
	asked []string
	err   error
}

func (w *wakes) Wake(context.Context) error {
	w.asked = append(w.asked, "wake")
	return w.err
}

func (w *wakes) Full(context.Context) error {
	w.asked = append(w.asked, "full")
	return w.err
}

// message is one of a batch.
type message struct{ id, body, sender, arn string }

func handedOver(t *testing.T, all ...message) []byte {
	t.Helper()
	var records []map[string]any
	for _, m := range all {
		records = append(records, map[string]any{
			"messageId": m.id, "body": m.body, "eventSourceARN": m.arn, "attributes": map[string]string{"SenderId": m.sender, "ApproximateReceiveCount": "2"},
		})
	}
	payload, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestWhatBecomesOfABatch(t *testing.T) {
	job, err := queue.EncodeEvent(fleet.Event{ID: "guid", Kind: "workflow_job.queued", At: time.Unix(1, 0), Job: &fleet.Job{
		Key: fleet.JobKey{ID: 7, Attempt: 1}, Repo: "acme/w", Status: fleet.Queued, Class: fleet.Class{Scope: fleet.Scope{Owner: "acme"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	event := message{"e", string(job), "AIDA", eventsARN}
	wake := message{"w", `{"v":1,"kind":"wake","at":"2026-01-05T12:00:00Z"}`, "AIDA", eventsARN}
	poison := message{"p", "poison", "AIDA", eventsARN}
	report := message{"r", `{"v":1,"kind":"notice","machine":"i-1","at":"2026-01-05T12:00:00Z"}`, "AROA:i-1", reportsARN}
	from := func(m message, arn string) message {
		m.arn = arn
		return m
	}
	for _, tt := range []struct {
		name   string
		batch  []message
		noWake error
		answer string
		asked  []string
		sent   int
	}{
		{"all is recorded, and looked at once", []message{event, report}, nil, `{"batchItemFailures":[]}`, []string{"wake"}, 2},
		{"a poison message is left, alone", []message{poison, event}, nil, `{"batchItemFailures":[{"itemIdentifier":"p"}]}`, []string{"wake"}, 1},
		{"of poison nobody looks", []message{poison}, nil, `{"batchItemFailures":[{"itemIdentifier":"p"}]}`, nil, 0},
		{"a wake that was kept back is passed on", []message{wake}, nil, `{"batchItemFailures":[]}`, []string{"wake"}, 0},
		{"and is kept if it cannot be, while what is recorded is", []message{event, wake}, errors.New("no answer"),
			`{"batchItemFailures":[{"itemIdentifier":"w"}]}`, []string{"wake"}, 1},
		{"an event by the reports' queue is none", []message{from(event, reportsARN)}, nil, `{"batchItemFailures":[{"itemIdentifier":"e"}]}`, nil, 0},
		{"nor by any other", []message{from(event, eventsARN+"2")}, nil, `{"batchItemFailures":[{"itemIdentifier":"e"}]}`, nil, 0},
		{"nor is a report by the events'", []message{from(report, eventsARN)}, nil, `{"batchItemFailures":[{"itemIdentifier":"r"}]}`, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			book, w := &posted{}, &wakes{err: tt.noWake}
			silent := slog.New(slog.DiscardHandler)
			f := &events{parts: made(&queue.Intake{Recorder: book, Now: time.Now, Log: silent}), wakes: w, trust: "123456789012:events", log: silent}
			answer, err := f.handle(t.Context(), handedOver(t, tt.batch...))
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(answer)
			if err != nil || string(text) != tt.answer {
				t.Errorf("answer %s, error %v", text, err)
			}
			if diff := cmp.Diff(tt.asked, w.asked); diff != "" || len(book.events) != tt.sent {
				t.Errorf("%d recorded, looks asked for (-want +got):\n%s", len(book.events), diff)
			}
		})
	}
	if _, err := (&events{}).handle(t.Context(), []byte("nonsense")); err == nil {
		t.Error("what is no batch is answered")
	}
}

func TestATickAsksForAFullLook(t *testing.T) {
	w := &wakes{}
	answer, err := tick{w}.handle(t.Context(), []byte(`{}`))
	if answer != nil || err != nil || fmt.Sprint(w.asked) != "[full]" {
		t.Errorf("asked %v, answer %v, error %v", w.asked, answer, err)
	}
	w.err = errors.New("no answer")
	if _, err := (tick{w}).handle(t.Context(), nil); !errors.Is(err, w.err) {
		t.Errorf("error %v", err)
	}
}
