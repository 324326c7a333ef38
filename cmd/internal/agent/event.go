package agent

import "time"

// Secret is a runner's config. It prints as a placeholder; only a conversion
// to string shows it.
type Secret string

// String is a placeholder.
func (Secret) String() string { return "[secret]" }

// GoString is a placeholder.
func (Secret) GoString() string { return "[secret]" }

// Event is something that happened to the machine.
type Event interface{ event() }

type (
	// Claimed is the answer to Ask: the config is the machine's.
	Claimed struct{ Config Secret }

	// NotYet is the answer to Ask: there is no config, or it was withdrawn
	// before the machine could claim it, or nobody knows.
	NotYet struct{}

	// Line is a line that the runner wrote.
	Line struct{ Text string }

	// Exited says that the runner ended. Code is -1 if a signal ended it.
	Exited struct{ Code int }

	// Broken says that the runner could not be started, and why.
	Broken struct{ Reason string }

	// Updated is the answer to AwaitUpdate: the runner's files are in place,
	// or that took too long.
	Updated struct{}

	// Rebalance is Spot's recommendation to leave the machine.
	Rebalance struct{}

	// Notice is Spot's announcement that it takes the machine at the
	// deadline, which is zero if it is not known.
	Notice struct{ Deadline time.Time }

	// Stop says that the system stops the agent.
	Stop struct{}

	// Tick says that time has passed.
	Tick struct{}
)

func (Claimed) event()   {}
func (NotYet) event()    {}
func (Line) event()      {}
func (Exited) event()    {}
func (Broken) event()    {}
func (Updated) event()   {}
func (Rebalance) event() {}
func (Notice) event()    {}
func (Stop) event()      {}
func (Tick) event()      {}
