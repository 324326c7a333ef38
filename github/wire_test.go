package github_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
)

// noon is when these tests happen.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// The cast: an organisation, and a person who has only repositories.
var (
	acme  = fleet.Scope{Installation: 7, Owner: "acme"}
	alice = fleet.Scope{Installation: 8, Owner: "alice", Repo: "tools"}
)

// wire is a network inside the process: a RoundTripper that calls a handler.
type wire struct {
	handler http.Handler
	mu      sync.Mutex
	asked   []string // method, path and query of each request, tokens apart
	tokens  int      // token requests
	wanted  []string // their bodies
}

// RoundTrip answers a request with what the handler wrote. A handler that
// panics with an error breaks the connection.
func (w *wire) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w.note(r)
	defer func() {
		if broken, ok := recover().(error); ok {
			resp, err = nil, broken
		}
	}()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	w.handler.ServeHTTP(rec, r)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", rec.status, http.StatusText(rec.status)), StatusCode: rec.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: rec.header, Body: io.NopCloser(&rec.body), Request: r,
	}, nil
}

func (w *wire) note(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		w.tokens++
		body, _ := io.ReadAll(r.Body)
		w.wanted = append(w.wanted, strings.TrimSpace(string(body)))
		r.Body = io.NopCloser(bytes.NewReader(body))
		return
	}
	w.asked = append(w.asked, r.Method+" "+r.URL.RequestURI())
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// rig is a Client with what surrounds it.
type rig struct {
	*github.Client
	wire *wire
	mux  *http.ServeMux
	log  *bytes.Buffer
	now  time.Time
}

// rigged makes a Client whose GitHub answers nothing but tokens. Tests add
// what they need to the mux.
func rigged(t *testing.T) *rig {
	t.Helper()
	r := &rig{mux: http.NewServeMux(), log: &bytes.Buffer{}, now: noon}
	r.wire = &wire{handler: r.mux}
	r.mux.HandleFunc("POST /app/installations/{id}/access_tokens", func(w http.ResponseWriter, req *http.Request) {
		reply(w, http.StatusCreated, fmt.Sprintf(`{"token":"ghs_%s","expires_at":%q}`,
			req.PathValue("id"), time.Now().Add(time.Hour).Format(time.RFC3339)))
	})
	r.Client = client(t, r.config(t))
	return r
}

func (r *rig) config(t *testing.T) github.Config {
	return github.Config{
		AppID: 1, PrivateKeys: [][]byte{privateKey(t)}, Transport: shape(t, r.wire),
		Now:    func() time.Time { return r.now },
		Log:    slog.New(slog.NewTextHandler(r.log, nil)),
		Decode: decode,
	}
}

// on answers one call with a status and a body, and headers as pairs.
func (r *rig) on(pattern string, status int, body string, header ...string) {
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body, header...) })
}

func reply(w http.ResponseWriter, status int, body string, header ...string) {
	for i := 0; i < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func client(t *testing.T, cfg github.Config) *github.Client {
	t.Helper()
	c, err := github.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func privateKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf(key)
}

func pemOf(key *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

// decode stands for the decoder of webhooks: the body's text is the job's name.
func decode(event, guid string, body []byte, at time.Time) (fleet.Event, bool, error) {
	switch s := string(body); {
	case strings.Contains(s, "broken"):
		return fleet.Event{}, false, fmt.Errorf("body is broken: ghs_secret")
	case strings.Contains(s, "foreign"):
		return fleet.Event{}, false, nil
	default:
		return fleet.Event{ID: guid, Kind: event, At: at, Job: &fleet.Job{Name: s}}, true, nil
	}
}

// calls are the port's four methods, for what holds of each of them.
func (r *rig) calls() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"mint": func(ctx context.Context) error {
			_, _, err := r.Mint(ctx, fleet.Mint{Scope: alice, Labels: "arm64,linux"}, "rf-1")
			return err
		},
		"remove": func(ctx context.Context) error { return r.Remove(ctx, alice, 11) },
		"runners": func(ctx context.Context) error {
			_, err := r.Runners(ctx, alice, "rf-")
			return err
		},
		"job": func(ctx context.Context) error {
			_, err := r.Job(ctx, fleet.Job{Key: fleet.JobKey{ID: 5}, Repo: "alice/tools", Class: fleet.Class{Scope: alice}})
			return err
		},
		"rerun": func(ctx context.Context) error {
			return r.Rerun(ctx, fleet.Rerun{Job: fleet.JobKey{ID: 5, Attempt: 1}, Run: 9, Repo: "alice/tools", Scope: alice})
		},
	}
}
