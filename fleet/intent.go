package fleet

import "time"

// IntentID names an intent. It is the launch's client token and tag, so a
// repeated request makes its machines once. At most 64 ASCII characters.
type IntentID string

// ResendAfter is how long only the process that reserved an intent may execute
// it. Then any may reserve it again, under the plan number.
const ResendAfter = 30 * time.Second

// Intent is an action that was reserved in the ledger. It holds the whole
// request, counts against every cap until it is settled, and is the only
// thing that the shell executes. Exactly one of its parts is set.
type Intent struct {
	ID         IntentID // set when it is reserved
	ReservedAt time.Time
	SentAt     time.Time // when a process last began to execute it; zero before
	Tries      int       // executions begun
	Reason     string    // in words that an operator understands

	Launch   *Launch    `json:",omitempty"`
	Mint     *Mint      `json:",omitempty"`
	End      *End       `json:",omitempty"`
	Withdraw *Withdraw  `json:",omitempty"`
	Remove   *Remove    `json:",omitempty"`
	Sweep    *Sweep     `json:",omitempty"`
	Rerun    *Rerun     `json:",omitempty"`
	Drill    *DrillStep `json:",omitempty"`
	Start    *Start     `json:",omitempty"`
	Stop     *Stop      `json:",omitempty"`
}

// Launch asks for machines of one pool on one market, in one request.
type Launch struct {
	Pool     string
	Template string // launch template's id and version: lt-0abc:1
	Market   Market
	Offers   []Offer // in order of preference
	Count    int
	Standing bool `json:",omitempty"` // the machines are
}

// Mint registers a runner for a machine and stores its config.
type Mint struct {
	Machine MachineID
	Scope   Scope
	Group   string
	Labels  Labels // all of the pool's
	Try     int    // part of the runner's name
	// Registration is how it comes to GitHub; empty is JIT.
	Registration Registration `json:",omitempty"`
	Standing     bool         `json:",omitempty"` // the runner is not ephemeral
}

// End ends a machine: first its registration at GitHub, which must agree
// unless the job is known to be over, then the machine, then its parameter.
type End struct {
	Machine  MachineID
	Scope    Scope
	RunnerID int64 // 0: no registration is known
	// Name is that of a registration whose number is not known yet: the
	// machine makes it itself.
	Name string `json:",omitempty"`
	// Force ends the machine without GitHub's agreement: its job is known to
	// be over, it is past its own limit, or an operator said so.
	Force bool
	// Absent: EC2 no longer has it; only what it left behind is cleared.
	Absent bool
}

// Withdraw takes back a config that no agent came for. The delete is the
// claim: if nothing was there, the agent has it.
type Withdraw struct {
	Machine  MachineID
	Scope    Scope
	RunnerID int64
	Name     string `json:",omitempty"` // likewise
}

// Remove deletes a registration at GitHub that no machine of ours can use.
type Remove struct {
	Scope    Scope
	RunnerID int64
	Name     string
}

// Sweep deletes what machines left behind in AWS.
type Sweep struct {
	Parameters []MachineID // configs of machines that are gone
	EC2Fleets  []string    // instant fleets whose machines are all gone
	Templates  []string    // launch templates that no pool uses any more
}

// Rerun has GitHub run a workflow run's failed jobs again, one attempt further.
type Rerun struct {
	Job   JobKey // that was interrupted; its attempt is the one to be followed
	Run   RunID
	Scope Scope
	Repo  string
}

// DrillStep starts a drill, or takes away what it made at AWS.
type DrillStep struct {
	Drill Drill
	Clean bool
}

// Start starts a standing machine that is stopped.
type Start struct {
	Machine MachineID
	Offer   Offer // EC2 may have no room for it
}

// Stop stops a standing machine, unless GitHub's list shows its runner busy
// right before.
type Stop struct {
	Machine MachineID
	Scope   Scope
	Name    string // of its registration, which stays
}

// Kind is the intent's verb, for logs and tables.
func (i Intent) Kind() string {
	switch {
	case i.Launch != nil:
		return "launch"
	case i.Mint != nil:
		return "mint"
	case i.End != nil:
		return "end"
	case i.Withdraw != nil:
		return "withdraw"
	case i.Remove != nil:
		return "remove"
	case i.Sweep != nil:
		return "sweep"
	case i.Rerun != nil:
		return "rerun"
	case i.Drill != nil:
		return "drill"
	case i.Start != nil:
		return "start"
	case i.Stop != nil:
		return "stop"
	}
	return "empty"
}

// Machine is the machine that the intent is about, if it is about one.
func (i Intent) Machine() MachineID {
	switch {
	case i.Mint != nil:
		return i.Mint.Machine
	case i.End != nil:
		return i.End.Machine
	case i.Withdraw != nil:
		return i.Withdraw.Machine
	case i.Start != nil:
		return i.Start.Machine
	case i.Stop != nil:
		return i.Stop.Machine
	}
	return ""
}
