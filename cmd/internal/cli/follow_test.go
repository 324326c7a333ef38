package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// hangUp is an output that stops its reader at a text.
type hangUp struct {
	bytes.Buffer
	at   string
	stop context.CancelFunc
}

func (h *hangUp) Write(p []byte) (int, error) {
	if strings.Contains(string(p), h.at) {
		h.stop()
	}
	return h.Buffer.Write(p)
}

func TestWhoeverStopsFollowingADrillIsToldWhatItDoes(t *testing.T) {
	drill := fleet.Drill{ID: "spot-1", Pool: "arm64", Count: 1, Notice: 4 * time.Minute}
	for _, tt := range []struct {
		name  string
		begun bool
		want  string
	}{
		{"one that nobody took up", false, "the drill waits for a manager, 1h at most; runfleet drill show spot-1 tells of it\n"},
		{"one that runs", true, "the drill goes on; runfleet drill show spot-1 tells of it\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &config.File{Name: "acme", Serve: config.Serve{Ledger: filepath.Join(t.TempDir(), "acme.db")}}
			made, err := sqlite.Open(t.Context(), sqlite.Config{Path: f.Serve.Ledger, Fleet: f.Name})
			if err != nil {
				t.Fatal(err)
			}
			if tt.begun {
				err = made.Settle(t.Context(), fleet.Change{Drills: []fleet.DrillRun{{Drill: drill, By: "ann", At: time.Now()}}})
			} else {
				err = made.Place(t.Context(), fleet.Order{ID: drill.ID, Kind: fleet.Inject, Subject: drill.Pool, By: "ann", Until: time.Now().Add(time.Hour), Drill: &drill})
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := made.Close(); err != nil {
				t.Fatal(err)
			}
			s, err := wire.OpenLedger(t.Context(), f, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			out := &hangUp{at: "waiting: ", stop: stop}
			if err := follow(ctx, out, f, s, drill.ID); err == nil || !strings.HasSuffix(out.String(), tt.want) {
				t.Errorf("%v, said %q", err, out.String())
			}
		})
	}
}

func TestADrillIsAgreedToByYesAlone(t *testing.T) {
	for said, want := range map[string]bool{
		"y\n": true, "Y\n": true, "yes\n": true, " yes ": true, "n\n": false, "\n": false, "": false, "yesterday\n": false, "no\ny\n": false,
	} {
		var out bytes.Buffer
		if got := agreed(strings.NewReader(said), &out); got != want || !strings.HasPrefix(out.String(), "Go on? [y/N] ") {
			t.Errorf("%q: %v, asked %q", said, got, out.String())
		}
	}
}
