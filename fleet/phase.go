package fleet

import (
	"fmt"
	"strings"
)

// Phase is where a machine stands in its life. It is derived from what is
// seen; nothing stores it.
type Phase int

// The phases of an ephemeral machine.
const (
	Booting     Phase = iota // launched; too young to be given a registration
	Ready                    // could be registered, for whatever scope needs it
	Registering              // a registration was minted; no sign of its runner yet
	Idle                     // its runner listens for a job
	Busy                     // its runner has a job
	Finished                 // its job is done; it powers itself off
	Lost                     // EC2 or GitHub no longer shows what should be there
	Ending                   // EC2 was asked to end it, or ends it by itself
	Gone                     // terminated, or absent twice; only its traces are left
)

// phases is the life of a machine as a table: name, what leads on from it.
var phases = []struct {
	name string
	next []Phase
	why  string
}{
	Booting:     {"booting", []Phase{Ready, Ending}, "boot estimate passed, or image prepared; not needed"},
	Ready:       {"ready", []Phase{Registering, Ending}, "a job needs it; not needed, pool retired"},
	Registering: {"registering", []Phase{Ready, Idle, Busy, Ending}, "config withdrawn; runner online; job began; boot limit"},
	Idle:        {"idle", []Phase{Busy, Lost, Ending}, "job began; registration dropped; idle limit"},
	Busy:        {"busy", []Phase{Finished, Lost, Ending}, "job done; machine absent; job limit"},
	Finished:    {"finished", []Phase{Gone, Ending}, "powered off; grace passed"},
	Lost:        {"lost", []Phase{Gone, Ending}, "absent twice; registration absent twice"},
	Ending:      {"ending", []Phase{Gone}, "terminated"},
	Gone:        {"gone", nil, ""},
}

// String is the phase as people read it.
func (p Phase) String() string {
	if p < 0 || int(p) >= len(phases) {
		return "unknown"
	}
	return phases[p].name
}

// PhaseDiagram draws the phases and what leads from one to the next, for the
// README. A golden test holds it.
func PhaseDiagram() string {
	var b strings.Builder
	for _, p := range phases {
		if len(p.next) == 0 {
			fmt.Fprintf(&b, "%-12s (its rows are forgotten)\n", p.name)
			continue
		}
		names := make([]string, len(p.next))
		for i, n := range p.next {
			names[i] = n.String()
		}
		fmt.Fprintf(&b, "%-12s -> %-34s %s\n", p.name, strings.Join(names, ", "), p.why)
	}
	return b.String()
}
