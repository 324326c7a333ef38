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
func (quiet) End(context.Context, []fleet.MachineID) map[fleet.MachineID]error { return nil }
func (quiet) Machines(context.Context) ([]fleet.Machine, error)                { return nil, nil }
func (quiet) Recipes(context.Context) ([]fleet.Recipe, error)                  { return nil, nil }

// quietServer serves a quiet AWS and GitHub.
func quietServer(t *testing.T, ledger string, drain time.Duration) *server {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: ledger, Fleet: "f"})
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
	s.check = func(context.Context) bool { return true }
	return s
}

// served is a quiet server on loopback, and what stops it.
func served(t *testing.T, drain time.Duration) (url string, store *sqlite.Store, stop func(), done <-chan error) {
	t.Helper()
	return run(t, quietServer(t, filepath.Join(t.TempDir(), "f.db"), drain))
}

// run runs a server on loopback.
func run(t *testing.T, s *server) (url string, store *sqlite.Store, stop func(), done <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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

// An order comes from another process, which cannot wake this one.
func TestAnOrderOfAnotherProcessIsObeyedWithoutWaitingForTheNextFullLook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	_, store, stop, done := run(t, quietServer(t, path, 0))
	other, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Fleet: "f", Must: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	until(t, "the first look", func() bool { return marks(t, store)["looked"] != "" })
	now := time.Now()
	j := fleet.Job{Key: fleet.JobKey{ID: 1, Attempt: 1}, Class: fleet.Class{Labels: "a"}, Status: fleet.Queued, QueuedAt: now}
	if _, err := other.Record(t.Context(), fleet.Event{At: now, Job: &j}); err != nil {
		t.Fatal(err)
	}
	verdict := func(code fleet.VerdictCode) {
		t.Helper()
		until(t, "verdict "+string(code), func() bool {
			state, err := store.Read(t.Context())
			return err == nil && len(state.Jobs) == 1 && state.Jobs[0].Verdict.Code == code
		})
	}
	verdict(fleet.SetBack)
	o := fleet.Order{ID: "pause p", Kind: fleet.Pause, Subject: "p", By: "ann", At: now}
	if err := other.Place(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	verdict(fleet.Paused)
	if err := other.Lift(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	verdict(fleet.SetBack)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func marks(t *testing.T, s *sqlite.Store) map[string]string {
	t.Helper()
	state, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state.Marks
}

// until asks again and again, for far less than the minute between full looks.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestAManagerWhoseFleetAnotherLedgerAdoptedStops(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := quietServer(t, filepath.Join(t.TempDir(), "f.db"), time.Hour) // there is no drain
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
