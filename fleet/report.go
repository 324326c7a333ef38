package fleet

import "time"

// Report is what the agent on a machine tells of it. Reports are hints: the
// fleet works without them, and believes one only about the machine that sent
// it.
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
