//go:build unix && !lambda

package wire

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/webhooks"
)

// limited lets no file of this process grow beyond a size until room is called.
func limited(t *testing.T, size int64) (room func()) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	now := was
	now.Cur = uint64(size)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
	room = func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(room)
	return room
}

// GitHub keeps what is answered by 503, and sends it again when asked to.
func TestADeliveryThatADiskHasNoRoomForIsTakenLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Fleet: "f", Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	woken := 0
	h := &webhooks.Handler{
		Secrets: [][]byte{[]byte(benchSecret)}, AppID: 1, Ledger: store, Now: time.Now, Wake: func() { woken++ },
	}
	template := benchTemplate(t)
	post := func(n int64) *httptest.ResponseRecorder {
		r := signed(t, template, n)
		r.URL.Path = "/webhook"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	if w := post(1); w.Code != http.StatusAccepted {
		t.Fatalf("status %d", w.Code)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	room := limited(t, info.Size())
	for range 3 { // as often as GitHub may ask
		w := post(2)
		body, err := io.ReadAll(w.Result().Body)
		if err != nil || w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.TrimSpace(string(body)) != "busy" {
			t.Errorf("status %d, header %v, body %q, error %v", w.Code, w.Header(), body, err)
		}
	}
	if woken != 1 || h.Count(webhooks.Unrecorded) != 3 {
		t.Errorf("woken %d times, %d unrecorded", woken, h.Count(webhooks.Unrecorded))
	}
	room()
	if w := post(2); w.Code != http.StatusAccepted || woken != 2 {
		t.Errorf("after room was made: status %d, woken %d times", w.Code, woken)
	}
	state, err := store.Read(t.Context())
	if err != nil || len(state.Jobs) != 2 {
		t.Errorf("%d jobs, error %v", len(state.Jobs), err)
	}
}
