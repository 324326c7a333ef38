package agent

import "github.com/runfleet/runfleet/fleet"

// Effect is something that the machine must do now. Effects of one event are
// done in their order.
type Effect interface{ effect() }

type (
	// Ask asks for the config once, and answers Claimed or NotYet within a
	// minute.
	Ask struct{}

	// Start starts the runner. Its lines become Line, its end Exited, and
	// Broken if it cannot be started. An empty config means the one that an
	// earlier start has stored in the runner's folder.
	Start struct{ Config Secret }

	// AwaitUpdate waits, half a minute at most, until an ended runner has
	// replaced its own files, and answers Updated.
	AwaitUpdate struct{}

	// Interrupt asks the runner to stop, as Ctrl-C does: it fails its job, and
	// says so to GitHub.
	Interrupt struct{}

	// Kill ends the runner and all it started.
	Kill struct{}

	// Tell sends a report. A report that cannot be sent is dropped.
	Tell struct{ Report fleet.Report }

	// PowerOff ends the machine, after what was told is sent or some seconds
	// have passed. It is the last effect, and there always is one.
	PowerOff struct {
		Outcome fleet.Outcome
		Reason  string
	}
)

func (Ask) effect()         {}
func (Start) effect()       {}
func (AwaitUpdate) effect() {}
func (Interrupt) effect()   {}
func (Kill) effect()        {}
func (Tell) effect()        {}
func (PowerOff) effect()    {}
