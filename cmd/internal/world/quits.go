package world

import (
	"time"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
)

// Quits is standing machines whose agents stop them some minutes after their
// runners began to listen, at each start anew: GitHub lets go of the runner.
type Quits struct {
	Rate  float64       // how many of them
	Until time.Duration // none that is launched later does; 0: whenever
}

const (
	quitSoonest, quitLatest = 30 * time.Second, 4 * time.Minute

	mostQuits = 3               // in a row: then a machine is ended
	quitRest  = 3 * time.Minute // before it is started again, at least
)

// quits draws whether a machine is one that stops itself.
func (w *World) quits(m *machine) bool {
	until := w.cfg.Quits.Until
	return m.standing && chance(w.cfg.Seed, "quits "+m.id) < w.cfg.Quits.Rate && (until == 0 || w.Now().Before(w.cfg.Begin.Add(until)))
}

// quit plans the end of a runner that listens, unless it has a job then.
func (w *World) quit(m *machine) {
	if !m.quits {
		return
	}
	span := time.Duration(chance(w.cfg.Seed, "quit "+m.id+" "+time.Duration(m.boots).String()) * float64(quitLatest-quitSoonest))
	w.during(m, quitSoonest+span, func() {
		if m.busy {
			return
		}
		w.stood.quits++
		m.quitAt = w.Now()
		m.quit++
		w.GitHub.Shutdown(m.runner)
		w.during(m, exit, func() { w.tell(m, agent.Exited{}) })
	})
}

// restless holds that a machine which stops itself after each start rests
// before it is started again, and not for ever. A start that was reserved before
// is sent again whatever happened; a closing has other reasons for stops.
func (c *checker) restless(w *World, m *machine, i awssim.Instance, in fleet.Intent) {
	if m.quit == 0 {
		return
	}
	h := w.cfg.Hours[i.Tags[provision.TagPool]].At(w.Now(), 0)
	switch rested := w.Now().Sub(m.quitAt); {
	case in.ReservedAt.Before(m.quitAt):
		m.quit--
	case h.Closed || h.Since.After(m.quitAt):
		m.quit = 0
	case rested < quitRest:
		c.fail(w, "machine %s was started again %s after it stopped itself", i.ID, rested.Round(time.Second))
	case m.quit >= mostQuits:
		c.fail(w, "machine %s was started again, and %d times in a row it stopped itself", i.ID, m.quit)
	}
}
