package fleet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MachineID is EC2's instance id.
type MachineID string

// MachineState is the state as EC2 last showed it.
type MachineState string

// EC2's states. Unseen is ours: launched, but no full look showed it yet.
const (
	Unseen       MachineState = ""
	Pending      MachineState = "pending"
	Up           MachineState = "running"
	ShuttingDown MachineState = "shutting-down"
	Terminated   MachineState = "terminated"
	Stopping     MachineState = "stopping"
	Stopped      MachineState = "stopped"
)

// PendingFor is how long EC2 may not show a new machine. Until then its absence
// says nothing, so no look counts it.
const PendingFor = 2 * time.Minute

// Machine is an EC2 instance as the ledger knows it: what we did, and what the
// full looks saw.
type Machine struct {
	ID         MachineID
	Pool       string // of the fleet file; the pool may have left it since
	Intent     IntentID
	Ledger     string // that launched it, as its tag says; empty: not known
	EC2Fleet   string // id of the instant fleet that launched it
	Template   string
	Standing   bool // it is not ephemeral: it serves many jobs, and may be stopped and started
	Offer      Offer
	LaunchedAt time.Time // EC2's launch time
	State      MachineState
	SeenAt     time.Time // the last full look that showed it; zero before
	Missed     int       // full looks in a row, after PendingFor, that did not show it
	Scope      Scope     // where it is registered; zero while it is generic
	Try        int       // registrations tried; the last one's number
	MintedAt   time.Time // of the last try; zero while generic
	RunnerID   int64     // of the last try; 0 while unknown
	Taken      bool      // the agent has its config: withdrawing found nothing; of one without a registration: nothing is left to withdraw
	ResentAt   time.Time `json:",omitzero"` // when its mint was sent again: a config may be stored that nobody takes, or its agent has the first; zero: nothing is in doubt
	ReadyAt    time.Time // its runner was first seen online or busy, since its last start
	StartedAt  time.Time // when EC2 accepted to start it, the last time; zero: it was only launched
	StoppedAt  time.Time // when EC2 accepted to stop it, or it was seen stopped; zero while it is to run
	Unasked    bool      `json:",omitempty"` // it is stopped, and EC2 was not asked for that: the machine did it, or a person
	AdoptedAt  time.Time // first seen by a look, not launched by this ledger; zero otherwise
	TriedAt    time.Time // last end, stop or start that GitHub or EC2 refused
	EndedAt    time.Time // when EC2 accepted to end it; zero before
	EndReason  string
}

// Gone reports whether EC2 ends or ended the machine, or we asked it to.
func (m Machine) Gone() bool {
	return !m.EndedAt.IsZero() || m.State == ShuttingDown || m.State == Terminated
}

// Sighted is the machine after a full look at an instant showed it. A standing
// machine may stop or be started without us: the guest, or a person, did it.
func (m Machine) Sighted(sight Machine, at time.Time) Machine {
	m.State, m.SeenAt, m.Missed = sight.State, at, 0
	if !m.Standing || at.Sub(later(m.StartedAt, m.StoppedAt)) < PendingFor {
		return m // EC2 may still show the state before the change
	}
	switch {
	case m.State == Stopping || m.State == Stopped:
		if m.StoppedAt.IsZero() {
			m.StoppedAt, m.Unasked = at, true
		}
	case !m.StoppedAt.IsZero():
		m.StartedAt, m.StoppedAt, m.ReadyAt, m.Unasked = at, time.Time{}, time.Time{}, false
	}
	return m
}

// Pends reports whether EC2 may not know the machine yet at an instant: no full
// look showed it, and it is new. That EC2 does not know it is no end then.
func (m Machine) Pends(at time.Time) bool {
	return m.SeenAt.IsZero() && at.Sub(m.LaunchedAt) < PendingFor
}

// Minted reports whether a registration was minted for the machine.
func (m Machine) Minted() bool { return !m.MintedAt.IsZero() }

// RunnerName is the name of a machine's registration. The try is in it,
// because GitHub may register a runner and lose the reply, and then refuses
// the name (409). At most 64 characters: a fleet's name has at most 32.
func RunnerName(fleet string, m MachineID, try int) string {
	return fmt.Sprintf("rf-%s-%s-%d", fleet, m, try)
}

// ParseRunnerName takes a registration's name apart. It is false for a name
// that this fleet did not give.
func ParseRunnerName(fleet, name string) (m MachineID, try int, ok bool) {
	// Without allocation: it is asked of every job and registration, each look.
	rest, ok := strings.CutPrefix(name, "rf-")
	if !ok {
		return "", 0, false
	}
	if rest, ok = strings.CutPrefix(rest, fleet); !ok || !strings.HasPrefix(rest, "-i-") {
		return "", 0, false
	}
	rest = rest[1:]
	dash := strings.LastIndexByte(rest, '-')
	id, number := rest[:dash], rest[dash+1:]
	if len(id) < len("i-0") || strings.IndexByte(id[2:], '-') >= 0 {
		return "", 0, false
	}
	try, err := strconv.Atoi(number)
	if err != nil || try < 1 || number[0] < '1' || number[0] > '9' {
		return "", 0, false
	}
	return MachineID(id), try, true
}
