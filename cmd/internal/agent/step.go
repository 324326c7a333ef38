package agent

import (
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// step is one event: the state that it changes, and the effects so far.
type step struct {
	State
	at      time.Time
	effects []Effect
}

var byNotice = end{fleet.OutcomeInterrupted, "Spot takes the machine"}

// warning is how long before the end a notice comes that names no deadline.
const warning = 2 * time.Minute

func (s *step) add(e Effect) { s.effects = append(s.effects, e) }

func (s *step) tell(r fleet.Report) {
	r.Machine, r.At = s.machine, s.at
	s.add(Tell{r})
}

func (s *step) claimed(c Secret) {
	if s.waits() {
		s.asking, s.started = false, s.at
		s.add(Start{c})
	}
}

func (s *step) notYet() {
	if !s.ready {
		s.tell(fleet.Report{Kind: fleet.ReportReady})
	}
	s.asking, s.ready = false, true
}

func (s *step) line(text string) {
	switch what, result := meaning(text); {
	case !s.runs():
	case what == running && s.free():
		s.jobFrom, s.jobUntil, s.result = s.at, time.Time{}, ""
		s.updates, s.restarts = 0, 0
	case what == completed && s.Busy():
		s.jobUntil, s.result = s.at, result
	case what == refused && s.free():
		s.oldVersion = true
	case what == dropped:
		s.dropped = true
	case what == denied || what == listening:
		s.denied = what == denied
	}
}

// exited judges the end of the runner by its code, as actions/runner v2.336.0
// means it.
func (s *step) exited(code int) {
	taken := !s.jobFrom.IsZero() && !s.settings.Standing
	switch {
	case !s.runs():
	case !s.interrupted.IsZero():
		s.end(s.why, code)
	case s.oldVersion || code == 7:
		s.end(end{fleet.OutcomeRefused, "GitHub refused the runner's version"}, code)
	case s.dropped && !taken:
		s.end(end{fleet.OutcomeUnused, "GitHub no longer has the runner's registration"}, code)
	case s.denied && code == 1:
		s.end(end{fleet.OutcomeRefused, "GitHub did not register the runner: its token may be over"}, code)
	case (code == 3 || code == 4) && s.free() && s.updates < mostUpdates:
		s.updates++
		s.updating = s.at
		s.add(AwaitUpdate{})
	case code == 0 && taken:
		s.end(end{fleet.OutcomeDone, "its job is over"}, code)
	case code == 0:
		s.end(end{fleet.OutcomeUnused, "GitHub let go of the runner"}, code)
	case code == 5:
		s.end(end{fleet.OutcomeConflict, "another runner holds the session"}, code)
	case s.settings.Standing && code != 1 && s.restarts < mostRestarts:
		// It keeps its registration. With 1 it says that it can't use that.
		s.restarts++
		s.again, s.jobFrom, s.jobUntil, s.result = s.at.Add(breath), time.Time{}, time.Time{}, ""
	default:
		s.end(end{fleet.OutcomeCrashed, fmt.Sprintf("the runner ended with code %d", code)}, code)
	}
}

func (s *step) updated() {
	if !s.updating.IsZero() {
		s.updating, s.started = time.Time{}, s.at
		s.add(Start{})
	}
}

func (s *step) rebalance() {
	if !s.rebalanced {
		s.rebalanced = true
		s.tell(fleet.Report{Kind: fleet.ReportRebalance, Busy: s.Busy()})
	}
}

// notice takes the first notice: a second one is the same, read again. One
// whose deadline has passed before the boot is left from a stop of the machine.
func (s *step) notice(deadline time.Time) {
	if s.noticed || !deadline.IsZero() && deadline.Before(s.began) {
		return
	}
	s.tell(fleet.Report{Kind: fleet.ReportNotice, Busy: s.Busy(), Deadline: deadline})
	s.noticed, s.deadline = true, deadline
	if deadline.IsZero() {
		s.deadline = s.at.Add(warning)
	}
	if s.free() {
		s.interrupt(byNotice)
	}
}

// interrupt begins the end of the machine, unless it has begun.
func (s *step) interrupt(why end) {
	switch {
	case !s.runs():
		s.end(why, 0)
	case s.interrupted.IsZero():
		s.interrupted, s.why = s.at, why
		s.add(Interrupt{})
	}
}

// overdue does what time asks for.
func (s *step) overdue() {
	for !s.off && !s.at.Before(s.Wake()) {
		switch {
		case s.waits() && !s.at.Before(s.began.Add(s.settings.Wait)):
			s.end(end{fleet.OutcomeNoConfig, "no config within " + s.settings.Wait.String()}, 0)
		case s.waits():
			s.asking, s.asked = true, s.at
			s.add(Ask{})
		case !s.updating.IsZero():
			s.updated()
		case !s.again.IsZero():
			s.again, s.started = time.Time{}, s.at
			s.add(Start{})
		case !s.killed.IsZero():
			s.end(s.why, -1)
		case !s.interrupted.IsZero():
			s.killed = s.at
			s.add(Kill{})
		default:
			if _, why := s.limit(); why != (end{}) {
				s.interrupt(why)
			}
		}
	}
}

func (s *step) end(why end, code int) {
	s.off = true
	s.tell(fleet.Report{
		Kind: fleet.ReportEnded, Outcome: why.outcome, Reason: why.reason, ExitCode: code,
		JobFrom: s.jobFrom, JobUntil: s.jobUntil, Result: s.result,
	})
	s.add(PowerOff{Outcome: why.outcome, Reason: why.reason})
}
