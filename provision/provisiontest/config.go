package provisiontest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

const machine = fleet.MachineID("i-0123456789abcdef0")

// encoded is a config of n bytes as GitHub sends it.
func encoded(n int) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"` + strings.Repeat("x", n-6) + `":1}`))
}

func taken(t *testing.T, e Env) {
	s := e.store()
	if _, ok, err := s.Take(t.Context(), machine); ok || err != nil {
		t.Errorf("before there is one: %v, error %v", ok, err)
	}
	if err := s.Put(t.Context(), machine, encoded(3000)); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := s.Take(t.Context(), machine); got != encoded(3000) || !ok || err != nil {
		t.Errorf("took %d bytes, %v, error %v", len(got), ok, err)
	}
	if _, ok, err := s.Take(t.Context(), machine); ok || err != nil {
		t.Errorf("a second time: %v, error %v", ok, err)
	}
}

func overwritten(t *testing.T, e Env) {
	s := e.store()
	if err := s.Put(t.Context(), machine, encoded(10)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), machine, encoded(11)); !errors.Is(err, fleet.ErrTaken) {
		t.Errorf("put again: error %v", err)
	}
	if got, _, err := s.Take(t.Context(), machine); got != encoded(10) {
		t.Errorf("took another config, error %v", err)
	}
}

func claimed(t *testing.T, e Env) {
	s := e.store()
	for round := range 20 {
		machine := fleet.MachineID(fmt.Sprintf("i-%017d", round))
		if err := s.Put(t.Context(), machine, encoded(10)); err != nil {
			t.Fatal(err)
		}
		took := make(chan bool)
		go func() {
			_, ok, err := s.Take(t.Context(), machine)
			if err != nil {
				t.Error(err)
			}
			took <- ok
		}()
		gone, err := s.Withdraw(t.Context(), machine)
		if err != nil {
			t.Error(err)
		}
		if ok := <-took; ok != gone {
			t.Fatalf("round %d: the agent has it: %v; the manager thinks so: %v", round, ok, gone)
		}
	}
}

func tiers(t *testing.T, e Env) {
	s := e.store()
	for i, n := range []int{4096, 4097, 8192} {
		id := fleet.MachineID(fmt.Sprintf("i-%017d", i))
		if err := s.Put(t.Context(), id, encoded(n)); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		if got, ok, err := s.Take(t.Context(), id); got != encoded(n) || !ok {
			t.Errorf("%d bytes: took %d, error %v", n, len(got), err)
		}
	}
	if err := s.Put(t.Context(), machine, encoded(8193)); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("more than SSM takes: %v", err)
	}
}

func stored(t *testing.T, e Env) {
	s := e.store()
	for i := range 25 {
		if err := s.Put(t.Context(), fleet.MachineID(fmt.Sprintf("i-%017d", i)), encoded(10)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.ClaimOwner(t.Context(), "ledger-1"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Stored(t.Context())
	if err != nil || len(got) != 25 {
		t.Fatalf("stored %d, error %v", len(got), err)
	}
	for id, at := range got {
		if !strings.HasPrefix(string(id), "i-") || at.IsZero() {
			t.Errorf("stored %s at %s", id, at)
		}
	}
}

func owned(t *testing.T, e Env) {
	s := e.store()
	claim := func(id, want string) {
		t.Helper()
		if got, err := s.ClaimOwner(t.Context(), id); got != want || err != nil {
			t.Errorf("%s claims: owner %q, error %v", id, got, err)
		}
	}
	if owner, err := s.Owner(t.Context()); !errors.Is(err, fleet.ErrAbsent) {
		t.Errorf("before any claim: owner %q, error %v", owner, err)
	}
	claim("ledger-1", "ledger-1")
	claim("ledger-2", "ledger-1")
	if err := s.Adopt(t.Context(), "ledger-2"); err != nil {
		t.Fatal(err)
	}
	claim("ledger-1", "ledger-2")
	if owner, err := s.Owner(t.Context()); owner != "ledger-2" || err != nil {
		t.Errorf("after the adoption: owner %q, error %v", owner, err)
	}
}

func parameterFaults(t *testing.T, e Env) {
	need(t, e.Throttle != nil && e.Lose != nil, "throttling and lost answers")
	s := e.store()
	e.Throttle("PutParameter")
	if err := s.Put(t.Context(), machine, encoded(10)); !errors.Is(err, fleet.ErrThrottled) {
		t.Errorf("throttled put: %v", err)
	}
	e.Lose("PutParameter")
	if err := s.Put(t.Context(), machine, encoded(10)); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("put without an answer: %v", err)
	}
	if err := s.Put(t.Context(), machine, encoded(10)); !errors.Is(err, fleet.ErrTaken) {
		t.Errorf("put after it: %v", err)
	}
	e.Lose("DeleteParameter")
	if _, err := s.Withdraw(t.Context(), machine); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("withdraw without an answer: %v", err)
	}
	if gone, err := s.Withdraw(t.Context(), machine); !gone || err != nil {
		t.Errorf("withdraw after it: taken %v, error %v", gone, err)
	}
}
