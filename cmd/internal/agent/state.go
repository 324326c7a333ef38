package agent

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// State is an agent between two events. It is a value: On returns the next
// one and leaves this one as it was. It never holds the config.
type State struct {
	settings Settings
	machine  fleet.MachineID
	began    time.Time

	asking bool      // an Ask waits for its answer
	asked  time.Time // the last Ask
	ready  bool      // told so

	started    time.Time // the runner's last start; zero: there is no config yet
	updating   time.Time // the runner replaces its files since then; zero: it does not
	updates    int
	again      time.Time // when a standing machine's runner is started again; zero: it runs
	restarts   int
	oldVersion bool      // GitHub refuses the runner
	dropped    bool      // GitHub no longer has its registration
	denied     bool      // GitHub did not register it so far
	told       time.Time // the last event

	jobFrom  time.Time // the runner's only job, or its last one; zero: it had none
	jobUntil time.Time // zero: it is not over
	result   string

	rebalanced bool
	noticed    bool
	deadline   time.Time // of the notice

	interrupted time.Time // when the runner was asked to stop, and why
	why         end
	killed      time.Time

	off bool
}

// end is why a machine ends.
type end struct {
	outcome fleet.Outcome
	reason  string
}

// Begin is an agent at the boot of its machine, and what it does first.
func Begin(m fleet.MachineID, s Settings, at time.Time) (State, []Effect) {
	a := State{settings: s.withDefaults(), machine: m, began: at, told: at}
	if s.Configured {
		a.started = at
		return a, []Effect{Start{}}
	}
	a.asking, a.asked = true, at
	return a, []Effect{Ask{}}
}

// On is what an event leads to. Nothing leads anywhere after PowerOff.
func (a State) On(at time.Time, e Event) (State, []Effect) {
	if a.off {
		return a, nil
	}
	s := &step{State: a, at: at}
	s.told = at
	switch e := e.(type) {
	case Claimed:
		s.claimed(e.Config)
	case NotYet:
		s.notYet()
	case Line:
		s.line(e.Text)
	case Exited:
		s.exited(e.Code)
	case Broken:
		s.end(end{fleet.OutcomeBroken, e.Reason}, 0)
	case Updated:
		s.updated()
	case Rebalance:
		s.rebalance()
	case Notice:
		s.notice(e.Deadline)
	case Stop:
		s.interrupt(end{fleet.OutcomeStopped, "the system stopped the agent"})
	}
	s.overdue()
	return s.State, s.effects
}

// Busy reports whether a job runs.
func (a State) Busy() bool { return !a.jobFrom.IsZero() && a.jobUntil.IsZero() }

// Over reports whether the machine powers off.
func (a State) Over() bool { return a.off }

// waits reports whether the machine has no config yet.
func (a State) waits() bool { return a.started.IsZero() }

// runs reports whether there is a runner.
func (a State) runs() bool { return !a.waits() && a.updating.IsZero() && a.again.IsZero() }

// free reports whether no job runs and another may come.
func (a State) free() bool { return a.jobFrom.IsZero() || a.settings.Standing && !a.Busy() }

// Wake is when time alone leads to something: a Tick is due then. It is zero
// when nothing is left to do.
func (a State) Wake() time.Time {
	switch {
	case a.off:
		return time.Time{}
	case a.waits() && a.asking: // the answer may be a config, which is not to be lost
		return later(a.began.Add(a.settings.Wait), a.asked.Add(answer))
	case a.waits():
		return earlier(a.began.Add(a.settings.Wait), a.asked.Add(a.settings.Poll))
	case !a.updating.IsZero():
		return a.updating.Add(patience)
	case !a.again.IsZero():
		return a.again
	case !a.killed.IsZero():
		return a.killed.Add(dying)
	case !a.interrupted.IsZero():
		return a.interrupted.Add(a.settings.Grace)
	}
	at, _ := a.limit()
	return at
}

// limit is when the runner has had its time, and why.
func (a State) limit() (time.Time, end) {
	s := a.settings
	switch {
	case s.Standing && !a.Busy() && !a.noticed:
		return a.told.Add(quietly), end{} // it has none
	case !a.jobUntil.IsZero():
		return a.jobUntil.Add(linger), end{fleet.OutcomeDone, "its job is over, and the runner stayed"}
	case a.jobFrom.IsZero():
		return a.started.Add(s.Idle), end{fleet.OutcomeOverLimit, "no job within " + s.Idle.String()}
	}
	at, why := a.jobFrom.Add(s.Job), end{fleet.OutcomeOverLimit, "its job ran longer than " + s.Job.String()}
	if spot := a.deadline.Add(-s.Margin); a.noticed && spot.Before(at) {
		at, why = spot, byNotice
	}
	return at, why
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
