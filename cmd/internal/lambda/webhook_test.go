package lambda

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/webhooks"
)

// posted is the events' queue, as far as webhooks see it.
type posted struct {
	events []fleet.Event
	err    error
}

func (p *posted) Record(_ context.Context, events ...fleet.Event) ([]bool, error) {
	if p.err == nil {
		p.events = append(p.events, events...)
	}
	return nil, p.err
}

// called is a delivery as a function's URL hands it over.
func called(t *testing.T, change func(*request)) []byte {
	t.Helper()
	body, err := os.ReadFile("../../../webhooks/testdata/workflow_job/queued.1.json")
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write(body)
	in := request{Path: "/webhook", Body: string(body), Headers: map[string]string{
		"content-type": "application/json", "x-github-event": "workflow_job", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
		"x-hub-signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	}}
	in.Context.HTTP.Method, in.Context.HTTP.Source = "POST", "192.0.2.1"
	change(&in)
	payload, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestAFunctionsURLAnswersAsServeDoes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*request)
		err    error // of the queue
		status int
		header string
		sent   int
	}{
		{"a delivery that is signed", func(*request) {}, nil, 202, "", 1},
		{"one that came encoded", func(in *request) { in.Body, in.Encoded = base64.StdEncoding.EncodeToString([]byte(in.Body)), true }, nil, 202, "", 1},
		{"one that the queue does not take", func(*request) {}, errors.New("no answer"), 503, "5", 0},
		{"another's signature", func(in *request) { in.Body += " " }, nil, 401, "", 0},
		{"two signatures, as a URL joins them", func(in *request) { in.Headers["x-hub-signature-256"] += ",sha256=00" }, nil, 401, "", 0},
		{"none", func(in *request) { delete(in.Headers, "x-hub-signature-256") }, nil, 401, "", 0},
		{"an encoding that is none", func(in *request) { in.Encoded = true }, nil, 400, "", 0},
		{"another path", func(in *request) { in.Path = "/" }, nil, 404, "", 0},
		{"another method", func(in *request) { in.Context.HTTP.Method = "GET" }, nil, 405, "", 0},
		{"no method", func(in *request) { in.Context.HTTP.Method = "P O" }, nil, 400, "", 0},
		{"a ping", func(in *request) { in.Headers["x-github-event"] = "ping" }, nil, 200, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			queue := &posted{err: tt.err}
			f := &webhook{made(&webhooks.Handler{Secrets: [][]byte{[]byte("hush")}, AppID: 1, Ledger: queue})}
			answer, err := f.handle(t.Context(), called(t, tt.change))
			if err != nil {
				t.Fatal(err)
			}
			out := answer.(reply)
			if out.Status != tt.status || out.Headers["Retry-After"] != tt.header || len(queue.events) != tt.sent {
				t.Errorf("%+v, %d sent", out, len(queue.events))
			}
			if out.Status != 400 && (out.Headers["Content-Type"] != "text/plain; charset=utf-8" || !strings.HasSuffix(out.Body, "\n")) {
				t.Errorf("answer %+v", out)
			}
		})
	}
	f := &webhook{made(&webhooks.Handler{})}
	if _, err := f.handle(t.Context(), []byte("nonsense")); err == nil {
		t.Error("what is no request is answered")
	}
}

// made is parts that stay as they are.
func made[T any](v T) *parts[T] {
	now := time.Now()
	return &parts[T]{made: v, readAt: now, now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler)}
}

func TestPartsAreMadeAnewWhenTheFileSaysSomethingElse(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	generation, reads, broken := "g1", 0, error(nil)
	p := &parts[string]{
		read: func(context.Context) (wire.FleetFile, error) {
			reads++
			return wire.FleetFile{Generation: generation}, broken
		},
		build: func(_ context.Context, f wire.FleetFile) (string, error) {
			if f.Generation == "unmade" {
				return "", errors.New("no such secret")
			}
			return "parts of " + f.Generation, nil
		},
		now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler),
	}
	if err := p.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		after  time.Duration
		has    string
		broken error
		want   string
		reads  int
	}{
		{"within a minute nobody asks", 59 * time.Second, "g2", nil, "parts of g1", 1},
		{"after it the file is asked for", time.Second, "g2", nil, "parts of g2", 2},
		{"one that says the same changes nothing", time.Minute, "g2", nil, "parts of g2", 3},
		{"one that cannot be read neither", time.Minute, "g3", errors.New("no answer"), "parts of g2", 4},
		{"nor one of which nothing can be made", time.Minute, "unmade", nil, "parts of g2", 5},
		{"which is not asked for again at once", 0, "g4", nil, "parts of g2", 5},
		{"but a minute later", time.Minute, "g4", nil, "parts of g4", 6},
	} {
		now = now.Add(tt.after)
		generation, broken = tt.has, tt.broken
		if got := p.get(t.Context()); got != tt.want || reads != tt.reads {
			t.Errorf("%s: %s after %d reads", tt.name, got, reads)
		}
	}
	broken = errors.New("no answer")
	if err := (&parts[string]{read: p.read, build: p.build, now: p.now, log: p.log}).open(t.Context()); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	generation, broken = "unmade", nil
	if err := (&parts[string]{read: p.read, build: p.build, now: p.now, log: p.log}).open(t.Context()); err == nil {
		t.Error("it is ready without its parts")
	}
}
