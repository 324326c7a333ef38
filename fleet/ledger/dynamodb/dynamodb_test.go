package dynamodb

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

func TestStore(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T, now func() time.Time) ledgertest.Store {
		_, api, name := table(t)
		s, err := Open(t.Context(), Config{API: api, Table: name, Fleet: "f", Now: now, Pause: noPause})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestARestartKeepsAll(t *testing.T) {
	_, api, name := table(t)
	ledgertest.Restart(t, func(t *testing.T, now func() time.Time) ledgertest.Store {
		return open(t, api, name)
	})
}
