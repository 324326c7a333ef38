package fleet

import (
	"fmt"
	"time"
)

// Report is what the agent on a machine tells of it. Reports are hints: the
// fleet works without them, and believes one only about the machine that sent
// it. What EC2 and GitHub show is the truth. One that asks for a config is
// registered before its pool's boot estimate has passed; one that powers off is
// no supply from then on.
type Report struct {
	Machine MachineID
	At      time.Time
	Kind    ReportKind
	Busy    bool // a job runs on the machine

	Deadline time.Time // of a notice: when Spot takes the machine; zero if it did not say

	// The rest is of ReportEnded.
	Outcome  Outcome   // what came of the machine
	Reason   string    // for people; never a text of GitHub's
	ExitCode int       // of the runner; -1 if a signal ended it, 0 too where none ran
	JobFrom  time.Time // zero if no job began
	JobUntil time.Time // zero if no job came to its end
	Result   string    // the job's, in the runner's words, such as Succeeded; empty if unknown
}

// ReportKind is what a report is about.
type ReportKind string

// The kinds of reports.
const (
	ReportReady     ReportKind = "ready"     // the agent asks for a config, and none is there yet
	ReportRebalance ReportKind = "rebalance" // Spot recommends to leave the machine
	ReportNotice    ReportKind = "notice"    // Spot takes the machine
	ReportEnded     ReportKind = "ended"     // the machine powers off
)

// Outcome is what came of a machine, as its agent saw it.
type Outcome string

// The outcomes.
const (
	OutcomeDone        Outcome = "done"        // its job ran to its end
	OutcomeNoConfig    Outcome = "no config"   // none came within the agent's limit
	OutcomeUnused      Outcome = "unused"      // GitHub let go of the runner, before any job or between two
	OutcomeRefused     Outcome = "refused"     // GitHub refused the runner's version, or its registration
	OutcomeConflict    Outcome = "conflict"    // another runner holds the session
	OutcomeCrashed     Outcome = "crashed"     // the runner ended with an error
	OutcomeInterrupted Outcome = "interrupted" // Spot took the machine
	OutcomeOverLimit   Outcome = "over limit"  // the runner had its time
	OutcomeStopped     Outcome = "stopped"     // the system stopped the agent
	OutcomeBroken      Outcome = "broken"      // the machine cannot run a runner at all
)

// Notice is the notice that a report passes on, if it does.
func (r Report) Notice() (Notice, bool) {
	kind, ok := map[ReportKind]NoticeKind{ReportRebalance: Rebalance, ReportNotice: Interruption}[r.Kind]
	return Notice{Machine: r.Machine, Kind: kind, At: r.At, Deadline: r.Deadline}, ok
}

// ApplyReport is the row after a machine told something: the row the ledger
// holds, or nil, and what it tells. It reports whether that is news. Its end is
// its last word, even where its clock was put back.
func ApplyReport(row *Report, e Event) (Report, bool) {
	next := *e.Report
	if row == nil || next.At.After(row.At) || next.Kind == ReportEnded && row.Kind != ReportEnded {
		return next, true
	}
	return *row, false
}

// reportKept is how long a report of a machine that nobody knows is kept.
const reportKept = noticeKept

// settleReports ties reports to their machines.
func (v *view) settleReports() {
	for i := range v.State.Reports {
		r := &v.State.Reports[i]
		if at, ok := v.byID[r.Machine]; ok {
			v.machines[at].report = r
		} else if v.past(r.At, reportKept) {
			v.plan.Forget = append(v.plan.Forget, r.Machine)
		}
	}
}

// asks reports whether the machine's agent waits for a config.
func (m *machineView) asks() bool { return m.report != nil && m.report.Kind == ReportReady }

// over reports whether the machine powers itself off, as its agent said. A
// standing one comes back.
func (m *machineView) over() bool {
	return m.report != nil && m.report.Kind == ReportEnded && !m.Standing
}

// releaseOver ends a machine that runs on well after its agent powered it off.
func (v *view) releaseOver(m *machineView) {
	if v.past(m.report.At, endGrace) {
		v.strikeUnbooted(m)
		v.end(m, fmt.Sprintf("its agent powers it off (%s), grace of %s is over", m.report.Reason, endGrace), false)
	}
}

// strikeUnbooted remembers a machine that could not run a runner, as its agent
// said, against its template. One that we ended ourselves is judged already.
func (v *view) strikeUnbooted(m *machineView) {
	if !m.over() || !m.EndedAt.IsZero() || !m.ReadyAt.IsZero() || m.job != nil {
		return
	}
	switch m.report.Outcome {
	case OutcomeBroken, OutcomeRefused, OutcomeCrashed:
		v.strike(BootKey(m.Pool, m.Template), string(m.ID)+": "+m.report.Reason)
	}
}
