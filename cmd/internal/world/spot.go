package world

import (
	"context"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awssim"
	"github.com/runfleet/runfleet/provision/notices"
)

const (
	spotWithin = 25 * time.Minute // of a machine's launch, Spot takes it back
	pushDelay  = 2 * time.Second  // of EventBridge
)

// spot draws whether and when Spot takes a new machine back.
func (w *World) spot(i awssim.Instance) {
	name := "spot " + strconv.Itoa(len(w.agents))
	if !i.Spot || chance(w.cfg.Seed, name) >= w.cfg.Spot {
		return
	}
	after := time.Duration(chance(w.cfg.Seed, name+" after") * float64(spotWithin)).Truncate(time.Second)
	w.After(after, func() { w.AWS.Notice(i.ID) })
}

// onNotice lets the agent find a notice, and report it unless EventBridge tells
// of it: either alone must do.
func (w *World) onNotice(i awssim.Instance) {
	m, name := w.agents[i.ID], "notice "+i.ID
	at, way := w.Now(), chance(w.cfg.Seed, name)
	w.After(watchEvery, func() {
		if way >= 0.3 && !m.ended {
			w.hear("agent ", fleet.Notice{Machine: fleet.MachineID(i.ID), Kind: fleet.Interruption, At: at, Deadline: i.ReclaimAt})
		}
		w.tell(m, agent.Notice{Deadline: i.ReclaimAt})
	})
}

// onMessage is EventBridge's rule and queue. It loses some notices of which
// the agents tell.
func (w *World) onMessage(message []byte) {
	n, err := notices.Decode(message)
	if err != nil || n.Kind == fleet.Interruption && chance(w.cfg.Seed, "notice "+string(n.Machine)) >= 0.7 {
		return
	}
	w.After(pushDelay, func() { w.hear("eventbridge "+string(n.Kind)+" ", n) })
}

// hear records a notice, as whoever reads the queue does.
func (w *World) hear(from string, n fleet.Notice) {
	e := fleet.Event{ID: from + string(n.Machine), Kind: "spot." + string(n.Kind), At: w.Now(), Notice: &n}
	if _, err := w.handler.Ledger.Record(context.Background(), e); err != nil {
		return
	}
	if n.Kind == fleet.Interruption {
		w.noticed[string(n.Machine)] = n.At
	}
	w.wake()
}

// spotStory counts the jobs that lost their machine to Spot after the fleet
// had heard of it, and how many of them have a next life.
func (w *World) spotStory() (hurt, again int) {
	attempts := map[githubsim.RunID]int{}
	all := w.GitHub.Outcomes()
	for _, o := range all {
		attempts[o.Run] = max(attempts[o.Run], o.Attempt)
	}
	for _, o := range all {
		at, ok := w.noticed[w.jobs[o.ID]]
		if !ok || o.Conclusion != "failure" || o.Done.Truncate(githubTells).Before(at) {
			continue
		}
		hurt++
		if attempts[o.Run] > o.Attempt || o.Attempt > 1 {
			again++
		}
	}
	return hurt, again
}
