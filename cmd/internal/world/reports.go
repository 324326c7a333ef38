package world

import (
	"context"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const (
	reportDelay = time.Second     // of the queue
	reportLate  = 3 * time.Minute // of one in ten
)

// report has what an agent tells recorded, as whoever reads the queue does, if it
// arrives; some come late, and some twice. Notices travel by a way of their own.
func (w *World) report(r fleet.Report) {
	if _, notice := r.Notice(); notice {
		return
	}
	name := fmt.Sprintf("report %s %s %d", r.Machine, r.Kind, r.At.UnixNano())
	if chance(w.cfg.Seed, name) >= w.cfg.Reports {
		return
	}
	delay := reportDelay
	if chance(w.cfg.Seed, name+" late") < 0.1 {
		delay = reportLate
	}
	hear := func() {
		e := fleet.Event{ID: name, Kind: "report." + string(r.Kind), At: w.Now(), Report: &r}
		if _, err := w.handler.Ledger.Record(context.Background(), e); err == nil {
			w.wake()
		}
	}
	w.After(delay, hear)
	if chance(w.cfg.Seed, name+" twice") < 0.1 {
		w.After(2*delay, hear)
	}
}
