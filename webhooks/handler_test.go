package webhooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// memory is a ledger that remembers events, or fails.
type memory struct {
	mu     sync.Mutex
	events []fleet.Event
	err    error
}

func (m *memory) Record(_ context.Context, events ...fleet.Event) ([]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	fresh := make([]bool, len(events))
	for i, e := range events {
		fresh[i] = true
		for _, old := range m.events {
			fresh[i] = fresh[i] && old.ID != e.ID
		}
	}
	m.events = append(m.events, events...)
	return fresh, nil
}

// newHandler makes a handler of App 12345 that records in the ledger and logs
// into the buffer.
func newHandler(ledger Recorder, log io.Writer) *Handler {
	return &Handler{
		Secrets: [][]byte{[]byte("new secret"), []byte("old secret")}, AppID: 12345, Ledger: ledger,
		Now: func() time.Time { return learned },
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// delivery is a request as GitHub makes it.
func delivery(body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "workflow_job")
	r.Header.Set("X-GitHub-Delivery", guid)
	r.Header.Set("X-GitHub-Hook-Installation-Target-Type", "integration")
	r.Header.Set("X-GitHub-Hook-Installation-Target-ID", "12345")
	r.Header.Set("X-Hub-Signature-256", sign("new secret", body))
	return r
}

func serve(h *Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestExamplesOfGitHubAreRecorded(t *testing.T) {
	for name, body := range examples(t) {
		t.Run(name, func(t *testing.T) {
			ledger, woken := &memory{}, 0
			h := newHandler(ledger, io.Discard)
			h.Wake = func() { woken++ }
			for range 2 { // the second is no news
				if w := serve(h, delivery(body)); w.Code != http.StatusAccepted {
					t.Errorf("answer %d %s", w.Code, w.Body)
				}
			}
			if diff := cmp.Diff([]fleet.Event{wanted()[name], wanted()[name]}, ledger.events); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
			if woken != 1 || h.Count(Recorded) != 2 {
				t.Errorf("woken %d times, counted %d", woken, h.Count(Recorded))
			}
		})
	}
}

func TestHandlerKnowsGitHubsTestVector(t *testing.T) {
	h := &Handler{Secrets: [][]byte{[]byte("It's a Secret to Everybody")}}
	sum, ok := signature([]string{"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"})
	for range 2 { // the second uses a hash again
		if !ok || !h.signed([]byte("Hello, World!"), sum) {
			t.Error("the signature of the test vector is refused")
		}
	}
	if h.signed([]byte("Hello, World"), sum) {
		t.Error("the signature fits another text")
	}
}

func TestHandlerAnswers(t *testing.T) {
	header := func(name, value string) func(r *http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	absent := func(name string) func(r *http.Request) {
		return func(r *http.Request) { r.Header.Del(name) }
	}
	body := func(text string) func(r *http.Request) {
		return func(r *http.Request) { *r = *delivery([]byte(text)) }
	}
	good := sign("new secret", edited())
	tests := []struct {
		name string
		edit func(r *http.Request)
		want Outcome
		code int
	}{
		{"a delivery as GitHub makes it is recorded", func(*http.Request) {}, Recorded, 202},
		{"a charset is no reason to refuse", header("Content-Type", "application/json; charset=utf-8"), Recorded, 202},
		{"the old secret is good while the secret rotates", header("X-Hub-Signature-256", sign("old secret", edited())), Recorded, 202},
		{"a hook that is no App's has no App id to check", header("X-GitHub-Hook-Installation-Target-Type", "repository"), Recorded, 202},
		{"another path is not found", func(r *http.Request) { r.URL.Path = "/webhooks" }, Elsewhere, 404},
		{"another method is refused", func(r *http.Request) { r.Method = http.MethodGet }, NotPost, 405},
		{"text is refused", header("Content-Type", "text/plain"), WrongType, 415},
		{"a type that is none is refused", header("Content-Type", ";;"), WrongType, 415},
		{"a missing signature is refused", absent("X-Hub-Signature-256"), Unsigned, 401},
		{"a signature by SHA-1 is not looked at", func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1=0123456789012345678901234567890123456789")
		}, Unsigned, 401},
		{"a signature without algorithm is refused", header("X-Hub-Signature-256", good[7:]), Unsigned, 401},
		{"half a signature is refused", header("X-Hub-Signature-256", good[:39]), Unsigned, 401},
		{"a signature that is not hexadecimal is refused", header("X-Hub-Signature-256", good[:70]+"z"), Unsigned, 401},
		{"two signatures are refused", func(r *http.Request) { r.Header.Add("X-Hub-Signature-256", good) }, Unsigned, 401},
		{"a signature by another secret is refused", header("X-Hub-Signature-256", sign("secret", edited())), Unsigned, 401},
		{"a signature by an empty secret is refused", header("X-Hub-Signature-256", sign("", edited())), Unsigned, 401},
		{"a body that was changed is refused", func(r *http.Request) {
			r.Body = io.NopCloser(bytes.NewReader(edited(`"private":true`, `"private":null`)))
		}, Unsigned, 401},
		{"a body that breaks off is refused", func(r *http.Request) { r.ContentLength++ }, Broken, 400},
		{"a delivery of another App is refused", header("X-GitHub-Hook-Installation-Target-ID", "54321"), Foreign, 403},
		{"an App id that is none is refused", header("X-GitHub-Hook-Installation-Target-ID", "x"), Foreign, 403},
		{"a ping is answered", header("X-GitHub-Event", "ping"), Ping, 200},
		{"an unknown event is ignored", header("X-GitHub-Event", "star"), Ignored, 200},
		{"an unknown action is ignored", body(`{"action":"paused"}`), Ignored, 200},
		{"a missing event is refused", absent("X-GitHub-Event"), Malformed, 400},
		{"a missing GUID is refused", absent("X-GitHub-Delivery"), Malformed, 400},
		{"a GUID that is none is refused", header("X-GitHub-Delivery", "a b"), Malformed, 400},
		{"an empty body is refused", body(""), Malformed, 400},
		{"a body that is no JSON is refused", body("{private"), Malformed, 400},
		{"a form is no JSON", func(r *http.Request) {
			*r = *delivery([]byte("payload={}&payload={}"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}, Malformed, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ledger, log := &memory{}, &bytes.Buffer{}
			h := newHandler(ledger, log)
			r := delivery(edited())
			tt.edit(r)
			w := serve(h, r)
			if w.Code != tt.code || w.Body.String() != tt.want.String()+"\n" || h.Count(tt.want) != 1 {
				t.Errorf("answer %d %q, want %d %q", w.Code, w.Body, tt.code, tt.want)
			}
			if recorded := len(ledger.events) == 1; recorded != (tt.want == Recorded) {
				t.Errorf("recorded %d events", len(ledger.events))
			}
			if text := log.String(); !strings.Contains(text, "outcome=") || strings.Contains(text, "private") {
				t.Errorf("the log says nothing, or something of the body: %s", text)
			}
			if h.inFlight.Load() != 0 {
				t.Errorf("%d bytes are still held", h.inFlight.Load())
			}
		})
	}
}

func TestHeaderNamesAreGoodInAnyCase(t *testing.T) {
	ledger := &memory{}
	server := httptest.NewServer(newHandler(ledger, io.Discard))
	defer server.Close()
	r, err := http.NewRequest(http.MethodPost, server.URL+"/webhook", bytes.NewReader(edited()))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range delivery(edited()).Header {
		r.Header[strings.ToLower(name)] = values
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted || len(ledger.events) != 1 {
		t.Errorf("answer %s, recorded %d events", answer.Status, len(ledger.events))
	}
}

func TestHandlerTakesForms(t *testing.T) {
	ledger := &memory{}
	form := []byte(url.Values{"payload": {string(edited())}}.Encode())
	r := delivery(form) // the signature is that of the form
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := serve(newHandler(ledger, io.Discard), r); w.Code != http.StatusAccepted || len(ledger.events) != 1 {
		t.Errorf("answer %d %s, recorded %d events", w.Code, w.Body, len(ledger.events))
	}
}

func TestHandlerLeavesADeliveryToGitHubWhenTheLedgerIsInTrouble(t *testing.T) {
	ledger := &memory{err: errors.New("ledger is busy")}
	h := newHandler(ledger, io.Discard)
	h.Wake = func() { t.Error("woken for nothing") }
	w := serve(h, delivery(edited()))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("answer %d %v", w.Code, w.Header())
	}
}

func TestRefusalsOfStrangersAreLoggedOnceAMinute(t *testing.T) {
	log, at := &bytes.Buffer{}, learned
	h := newHandler(&memory{}, log)
	h.Now = func() time.Time { return at }
	for range 90 { // a second each
		r := delivery(edited())
		r.Header.Del("X-Hub-Signature-256")
		serve(h, r)
		at = at.Add(time.Second)
	}
	if n := strings.Count(log.String(), "outcome=unauthorized"); n != 2 {
		t.Errorf("%d lines of log:\n%s", n, log)
	}
}

// Setting a fleet up ends with a ping, for which people look in serve's log.
func TestAPingIsALineOfAnOrdinaryLog(t *testing.T) {
	log := &bytes.Buffer{}
	h := newHandler(&memory{}, nil)
	h.Log = slog.New(slog.NewTextHandler(log, nil))
	for range 2 { // whoever caught one can send it again and again
		r := delivery([]byte(`{}`))
		r.Header.Set("X-GitHub-Event", "ping")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "level=INFO msg=webhook outcome=pong") {
		t.Errorf("the log:\n%s", text)
	}
}
