package world

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awssim"
)

// agent is what the program on a machine does: fetch the config, run the
// runner for one job, power off.
type agent struct {
	machine string
	ended   bool
	runner  githubsim.RunnerID
	jobs    int
}

const (
	pollEvery = 5 * time.Second
	startUp   = 2 * time.Second // from config to session
	giveUp    = 20 * time.Minute
)

func bodyOf(d githubsim.Delivery) io.Reader { return bytes.NewReader(d.Body) }

func (w *World) onLaunch(i awssim.Instance) {
	w.check.launched(w, i)
	a := &agent{machine: i.ID}
	w.agents[i.ID] = a
	if len(w.agents) == w.cfg.Reclaim {
		w.After(i.Boot/2, func() { w.AWS.Reclaim(i.ID) })
	}
	if i.NeverBoots {
		return
	}
	w.After(i.Boot, func() { w.poll(a, w.Now().Add(giveUp)) })
}

// poll fetches the machine's config; the delete is the claim.
func (w *World) poll(a *agent, until time.Time) {
	if a.ended {
		return
	}
	config, ok, err := w.tokens().Take(context.Background(), fleet.MachineID(a.machine))
	switch {
	case err == nil && ok:
		w.After(startUp, func() { w.connect(a, config) })
	case w.Now().Before(until):
		w.After(pollEvery, func() { w.poll(a, until) })
	default:
		w.AWS.PowerOff(a.machine)
	}
}

func (w *World) connect(a *agent, config string) {
	if a.ended {
		return
	}
	id, err := w.GitHub.Connect(config)
	if err != nil {
		w.AWS.PowerOff(a.machine)
		return
	}
	a.runner = id
	w.byID[id] = a
}

func (w *World) onAssign(r githubsim.RunnerID, j githubsim.JobID) {
	a := w.byID[r]
	a.jobs++
	w.perMost = max(w.perMost, a.jobs)
	w.jobs[j] = a.machine
}

func (w *World) onRelease(r githubsim.RunnerID, _ githubsim.Release) {
	if a := w.byID[r]; a != nil && !a.ended {
		w.After(time.Second, func() { w.AWS.PowerOff(a.machine) })
	}
}

func (w *World) onEnd(i awssim.Instance) {
	a := w.agents[i.ID]
	a.ended = true
	w.check.ended(w, i)
	if a.runner != 0 {
		w.GitHub.Vanish(a.runner)
	}
}
