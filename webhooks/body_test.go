package webhooks

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	one := [][]byte{[]byte("secret")}
	tests := []struct {
		name string
		h    *Handler
		want string
	}{
		{"one secret is enough", &Handler{Secrets: one, AppID: 1, Ledger: &memory{}}, ""},
		{"no secret is refused", &Handler{AppID: 1, Ledger: &memory{}}, "webhooks: no secret"},
		{"an empty secret is refused", &Handler{Secrets: [][]byte{one[0], {}}, AppID: 1, Ledger: &memory{}}, "webhooks: a secret is empty"},
		{"three secrets are refused", &Handler{Secrets: make([][]byte, 3), AppID: 1, Ledger: &memory{}}, "webhooks: more than two secrets"},
		{"no App is refused", &Handler{Secrets: one, Ledger: &memory{}}, "webhooks: no App id"},
		{"no ledger is refused", &Handler{Secrets: one, AppID: 1}, "webhooks: no ledger"},
		{"a negative limit is refused", &Handler{Secrets: one, AppID: 1, Ledger: &memory{}, MaxInFlight: -1}, "webhooks: a limit is negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.h.Check(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("error %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAHandlerWithoutSecretsTrustsNobody(t *testing.T) {
	for _, secrets := range [][][]byte{nil, {nil}, {{}, {}}} {
		h := newHandler(&memory{}, io.Discard)
		h.Secrets = secrets
		r := delivery(edited())
		r.Header.Set("X-Hub-Signature-256", sign("", edited()))
		if w := serve(h, r); w.Code != http.StatusUnauthorized {
			t.Errorf("secrets %q: answer %d", secrets, w.Code)
		}
	}
}

// unread fails the test if anyone reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestWhatIsCheapToRefuseIsRefusedUnread(t *testing.T) {
	tests := []struct {
		name string
		edit func(r *http.Request)
		want int
	}{
		{"a declared length over 25 MB", func(r *http.Request) { r.ContentLength = maxBody + 1 }, 413},
		{"a missing signature", func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }, 401},
		{"a malformed signature", func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "sha256=") }, 401},
		{"another type", func(r *http.Request) { r.Header.Set("Content-Type", "image/png") }, 415},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := delivery(edited())
			r.Body = io.NopCloser(unread{t})
			tt.edit(r)
			if w := serve(newHandler(&memory{}, io.Discard), r); w.Code != tt.want {
				t.Errorf("answer %d", w.Code)
			}
		})
	}
}

func TestBodiesOfAnyLengthAreReadWhole(t *testing.T) {
	for _, size := range []int{1 << 10, step - 1, step, step + 1, 1 << 20, maxBody} {
		for _, declared := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d bytes, declared %v", size, declared), func(t *testing.T) {
				body := edited()
				body = append(body, bytes.Repeat([]byte(" "), size-len(body))...)
				r := delivery(body)
				if !declared {
					r.ContentLength = -1
				}
				h := newHandler(&memory{}, io.Discard)
				if w := serve(h, r); w.Code != http.StatusAccepted || h.inFlight.Load() != 0 {
					t.Errorf("answer %d %s, %d bytes held", w.Code, w.Body, h.inFlight.Load())
				}
			})
		}
	}
}

func TestABodyThatTurnsOutTooLargeIsRefused(t *testing.T) {
	r := delivery(make([]byte, maxBody+1))
	r.ContentLength = -1
	h := newHandler(&memory{}, io.Discard)
	if w := serve(h, r); w.Code != http.StatusRequestEntityTooLarge || h.inFlight.Load() != 0 {
		t.Errorf("answer %d %s, %d bytes held", w.Code, w.Body, h.inFlight.Load())
	}
}

func TestBodiesInFlightAreBounded(t *testing.T) {
	h := newHandler(&memory{}, io.Discard)
	h.MaxInFlight = int64(len(edited())) + 100
	source, sink := io.Pipe()
	slow := delivery(edited())
	slow.Body = source
	first := make(chan int)
	go func() { first <- serve(h, slow).Code }()
	if _, err := sink.Write(edited()[:10]); err != nil { // it is read, so the first holds its share
		t.Fatal(err)
	}
	w := serve(h, delivery(edited()))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || h.Count(Full) != 1 {
		t.Errorf("the second is answered %d %v", w.Code, w.Header())
	}
	if _, err := sink.Write(edited()[10:]); err != nil {
		t.Fatal(err)
	}
	if code := <-first; code != http.StatusAccepted {
		t.Errorf("the first is answered %d", code)
	}
	if w := serve(h, delivery(edited())); w.Code != http.StatusAccepted {
		t.Errorf("the third is answered %d", w.Code)
	}
}

func TestABodyThatGrowsOverTheLimitIsRefused(t *testing.T) {
	h := newHandler(&memory{}, io.Discard)
	h.MaxInFlight = 2 * step
	if w := serve(h, delivery(make([]byte, 3*step))); w.Code != http.StatusServiceUnavailable || h.inFlight.Load() != 0 {
		t.Errorf("answer %d %s, %d bytes held", w.Code, w.Body, h.inFlight.Load())
	}
}

func TestABodyThatDoesNotComeIsGivenUp(t *testing.T) {
	h := newHandler(&memory{}, io.Discard)
	h.Patience = 20 * time.Millisecond
	server := httptest.NewServer(h)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
		"Content-Length: 100\r\nX-Hub-Signature-256: sha256=%s\r\n\r\n{", strings.Repeat("0", 64))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestTimeout || h.inFlight.Load() != 0 {
		t.Errorf("answer %s, %d bytes held", answer.Status, h.inFlight.Load())
	}
}

func FuzzHandler(f *testing.F) {
	good := sign("new secret", edited())
	f.Add("application/json", good, "workflow_job", guid, "12345", edited())
	f.Add("application/x-www-form-urlencoded", "", "ping", "", "", []byte("payload=%7B%7D"))
	f.Add("application/json;", "sha256=00", "workflow_job", "-", "x", []byte("{}"))
	f.Fuzz(func(t *testing.T, kind, signed, event, id, app string, body []byte) {
		for _, signature := range []string{signed, sign("old secret", body)} {
			ledger := &memory{}
			h := newHandler(ledger, io.Discard)
			r := delivery(body)
			r.Header.Set("Content-Type", kind)
			r.Header.Set("X-Hub-Signature-256", signature)
			r.Header.Set("X-GitHub-Event", event)
			r.Header.Set("X-GitHub-Delivery", id)
			r.Header.Set("X-GitHub-Hook-Installation-Target-ID", app)
			w := serve(h, r)
			if recorded := len(ledger.events) == 1; recorded != (w.Code == http.StatusAccepted) {
				t.Fatalf("answer %d, recorded %d events", w.Code, len(ledger.events))
			}
			if len(ledger.events) > 0 && !trusted(signature, body) {
				t.Fatal("recorded without a right signature")
			}
			if w.Code >= 500 || h.inFlight.Load() != 0 {
				t.Fatalf("answer %d, %d bytes held", w.Code, h.inFlight.Load())
			}
		}
	})
}

// trusted reports whether the signature is one of either secret.
func trusted(signature string, body []byte) bool {
	s := strings.ToLower(signature)
	return s == sign("new secret", body) || s == sign("old secret", body)
}
