package cli

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/webhooks"
)

// quiet is an AWS and a GitHub in which nothing is and nothing happens.
type quiet struct{ reconcile.GitHub }

func (quiet) Launch(context.Context, fleet.IntentID, fleet.Launch) (fleet.Launched, error) {
	return fleet.Launched{}, fleet.ErrThrottled
}
func (quiet) End(context.Context, []fleet.MachineID) error      { return nil }
func (quiet) Machines(context.Context) ([]fleet.Machine, error) { return nil, nil }
func (quiet) Recipes(context.Context) ([]fleet.Recipe, error)   { return nil, nil }

// quietServer serves a quiet AWS and GitHub.
func quietServer(t *testing.T, drain time.Duration) *server {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "f.db"), Fleet: "f"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	log := slog.New(slog.DiscardHandler)
	p := &wire.Parts{Store: store, Woken: make(chan struct{}, 1)}
	p.Handler = &webhooks.Handler{Secrets: [][]byte{[]byte("s")}, AppID: 1, Ledger: store, Now: time.Now, Log: log, Wake: p.Wake}
	p.Reconciler = &reconcile.Reconciler{
		Ledger: store, GitHub: quiet{}, Cloud: quiet{}, Now: time.Now, Log: log,
		Fleet: func() fleet.Fleet {
			return fleet.Fleet{Name: "f", Pools: []fleet.Pool{{Name: "p", Labels: "a", Max: 1}}}
		},
	}
	s := newServer(p, "", drain, log)
	s.owned = func(context.Context) error { return nil }
	return s
}

// served is a server on loopback, and what stops it.
func served(t *testing.T, drain time.Duration) (url string, store *sqlite.Store, stop func(), done <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := quietServer(t, drain)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, l) }()
	return "http://" + l.Addr().String(), s.parts.Store, cancel, ended
}

func answered(t *testing.T, method, url, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte("s"))
	_, _ = io.WriteString(mac, body)
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"workflow_job"}, "X-Github-Delivery": {"00000000-0000-0000-0000-000000000001"},
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestAStopDrainsBeforeThePortCloses(t *testing.T) {
	url, store, stop, done := served(t, 500*time.Millisecond)
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := answered(t, "GET", url+path, ""); got != http.StatusOK {
			t.Errorf("%s: %d", path, got)
		}
	}
	stop()
	for answered(t, "GET", url+"/readyz", "") != http.StatusServiceUnavailable {
		// The stop is on its way.
	}
	body, err := os.ReadFile("../../../webhooks/testdata/workflow_job/queued.1.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := answered(t, "POST", url+"/webhook", string(body)); got != http.StatusAccepted {
		t.Errorf("a webhook while it drains: %d", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	state, err := store.Read(t.Context())
	if err != nil || len(state.Jobs) != 1 {
		t.Errorf("%d jobs recorded, error %v", len(state.Jobs), err)
	}
}

func TestARecordedJobGetsItsVerdict(t *testing.T) {
	url, store, stop, done := served(t, 0)
	body, err := os.ReadFile("../../../webhooks/testdata/workflow_job/queued.1.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := answered(t, "POST", url+"/webhook", string(body)); got != http.StatusAccepted {
		t.Fatalf("status %d", got)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		state, err := store.Read(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("no verdict: %v", err)
		}
		if len(state.Jobs) == 1 && state.Jobs[0].Verdict.Code == fleet.NoPool {
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAManagerWhoseFleetAnotherLedgerAdoptedStops(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := quietServer(t, time.Hour) // there is no drain
	s.ownEvery = time.Millisecond
	var asked atomic.Int64
	s.owned = func(context.Context) error {
		if asked.Add(1) < 3 {
			return fleet.ErrThrottled // which says nothing
		}
		return wire.ErrNotOwner
	}
	if err := s.run(t.Context(), l); !errors.Is(err, wire.ErrNotOwner) || asked.Load() != 3 {
		t.Errorf("asked %d times, error %v", asked.Load(), err)
	}
}
