package world

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
)

// machine is an instance with the agent on it: the real one's judgement, and
// the world's effects.
type machine struct {
	id       string
	standing bool
	boots    int
	state    agent.State
	wake     time.Time // the Tick that is planned; zero if none
	off      bool      // it is stopped
	ended    bool
	runner   githubsim.RunnerID
	jobs     int
	busy     bool
	quits    bool      // it stops itself after each start
	quit     int       // how often it did, without a job in between
	quitAt   time.Time // the last time
}

const (
	startUp    = 2 * time.Second // from config to session
	exit       = time.Second     // from the runner's last word to its end
	watchEvery = 5 * time.Second // how often an agent looks for a notice
)

// What a runner writes.
const (
	listening = "Listening for Jobs"
	running   = "Running job: build"
	completed = "Job build completed with result: Succeeded"
)

func bodyOf(d githubsim.Delivery) io.Reader { return bytes.NewReader(d.Body) }

func (w *World) onLaunch(i awssim.Instance) {
	m, never := w.agents[i.ID], i.NeverBoots
	if m == nil {
		w.check.launched(w, i)
		m = &machine{id: i.ID, standing: i.Tags[provision.TagLifetime] == string(fleet.Standing)}
		w.agents[i.ID], m.quits = m, w.quits(m)
		if len(w.agents) == w.cfg.Reclaim {
			w.After(i.Boot/2, func() { w.AWS.Reclaim(i.ID) })
		}
		w.spot(i)
		never = w.stillborn(i)
	} else {
		w.started(m, i)
	}
	m.boots++
	if !never {
		w.during(m, i.Boot, func() { w.boot(m) })
	}
}

// during plans what happens to a machine unless it is stopped or ended before.
func (w *World) during(m *machine, d time.Duration, f func()) {
	boots := m.boots
	w.After(d, func() {
		if !m.ended && !m.off && m.boots == boots {
			f()
		}
	})
}

func (w *World) boot(m *machine) {
	settings := agent.Settings{Standing: m.standing, Configured: m.standing && m.runner != 0}
	state, effects := agent.Begin(fleet.MachineID(m.id), settings, w.Now())
	m.state = state
	w.do(m, effects)
}

// tell lets an agent know of an event, and does what it leads to.
func (w *World) tell(m *machine, e agent.Event) {
	if m.ended || m.off {
		return
	}
	state, effects := m.state.On(w.Now(), e)
	m.state = state
	w.do(m, effects)
}

func (w *World) do(m *machine, effects []agent.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case agent.Ask:
			w.take(m)
		case agent.Start:
			w.during(m, startUp, func() { w.connect(m, string(e.Config)) })
		case agent.Interrupt:
			w.interrupt(m)
		case agent.Kill:
			w.GitHub.Vanish(m.runner)
			w.tell(m, agent.Exited{Code: -1})
		case agent.Tell:
			w.report(e.Report)
		case agent.PowerOff:
			w.AWS.PowerOff(m.id)
		}
	}
	if at := m.state.Wake(); !at.IsZero() && !at.Equal(m.wake) {
		m.wake = at
		w.After(at.Sub(w.Now()), func() {
			if m.wake.Equal(at) {
				m.wake = time.Time{}
				w.tell(m, agent.Tick{})
			}
		})
	}
}

// take fetches the machine's config; the delete is the claim.
func (w *World) take(m *machine) {
	config, ok, err := w.tokens().Take(context.Background(), fleet.MachineID(m.id))
	if err == nil && ok {
		w.tell(m, agent.Claimed{Config: agent.Secret(config)})
		return
	}
	w.tell(m, agent.NotYet{})
}

func (w *World) connect(m *machine, config string) {
	id, err := m.runner, error(nil)
	if config == "" {
		err = w.GitHub.Listen(id) // an earlier boot has registered it
	} else {
		id, err = w.enlist(config)
	}
	if err != nil {
		w.tell(m, agent.Exited{Code: 1})
		return
	}
	m.runner = id
	w.byID[id] = m
	w.says(m, listening)
	w.quit(m)
}

// enlist is what a runner does with its config: just-in-time, or the enrolment
// of a pool that registers by token.
func (w *World) enlist(config string) (githubsim.RunnerID, error) {
	var e fleet.Enrolment
	if body, err := base64.StdEncoding.DecodeString(config); err != nil || json.Unmarshal(body, &e) != nil || e.Protocol == 0 {
		return w.GitHub.Connect(config)
	}
	id, err := w.GitHub.Register(e.Token, githubsim.Registration{Name: e.Name, Group: e.Group, Labels: e.Labels, Ephemeral: e.Ephemeral})
	if err != nil {
		return 0, err
	}
	return id, w.GitHub.Listen(id)
}

// says is a line that a machine's runner writes.
func (w *World) says(m *machine, text string) {
	w.tell(m, agent.Line{Text: w.Now().UTC().Format("2006-01-02 15:04:05Z") + ": " + text})
}

// interrupt is Ctrl-C to the runner. One that is busy fails its job first, and
// is released then.
func (w *World) interrupt(m *machine) {
	w.GitHub.Shutdown(m.runner)
	if !m.busy {
		w.during(m, exit, func() { w.tell(m, agent.Exited{}) })
	}
}

func (w *World) onAssign(r githubsim.RunnerID, j githubsim.JobID) {
	m := w.byID[r]
	m.jobs++
	m.busy, m.quit = true, 0
	if m.standing {
		w.stood.jobs++
	} else {
		w.perMost = max(w.perMost, m.jobs)
	}
	w.jobs[j] = m.id
	w.says(m, running)
}

func (w *World) onRelease(r githubsim.RunnerID, why githubsim.Release) {
	m := w.byID[r]
	if m == nil {
		return
	}
	m.busy = false
	if why == githubsim.JobDone {
		w.says(m, completed)
	}
	w.during(m, exit, func() { w.tell(m, agent.Exited{}) })
}

func (w *World) onEnd(i awssim.Instance) {
	m := w.agents[i.ID]
	m.ended = true
	w.check.ended(w, i)
	if i.ID == w.story.dead.ID {
		w.story.deadEnd = w.Now()
	}
	if m.runner != 0 {
		w.GitHub.Vanish(m.runner)
	}
}
