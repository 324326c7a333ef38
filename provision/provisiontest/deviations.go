package provisiontest

import (
	"slices"
	"testing"
)

// Deviation is a way in which a stand-in for AWS is known not to do as AWS does.
// A test that meets one says so, and leaves out what hangs on it.
type Deviation string

// What is known. An account has none of them.
const (
	// FleetsForgotten: machines carry no tag of their instant fleet, and a fleet
	// whose machines are gone cannot be deleted.
	FleetsForgotten Deviation = "instant fleets are neither tagged nor deleted"
	// DoneAtOnce: a stop is never under way, and a start wants no capacity.
	DoneAtOnce Deviation = "machines stop at once, and start anywhere"
	// NobodyInterrupted: an experiment completes without having picked anybody,
	// also when nobody has the tags; nobody gets a notice, and nobody goes.
	NobodyInterrupted Deviation = "an experiment of FIS touches no machine"
	// OldTemplates: a client token of FIS with another request gives the old
	// template, where FIS refuses it, and lists show a template without lag.
	OldTemplates Deviation = "FIS takes a client token with another request"
	// AnySize: a tier of parameters takes a value of any size.
	AnySize Deviation = "a parameter may have any size"
	// TypesChange: to overwrite a parameter may change its type.
	TypesChange Deviation = "a parameter may change its type"
	// SendersAlike: the sender of every message is one and the same, no machine.
	SendersAlike Deviation = "all messages have one sender"
	// OldReceipts: a message can be deleted by a receipt of an earlier time.
	OldReceipts Deviation = "an old receipt deletes a message"
	// DeletedForgotten: a FIFO queue takes a message again whose twin, of less than
	// five minutes ago, was deleted.
	DeletedForgotten Deviation = "a FIFO queue knows repeats only of what is still there"
)

// right says whether a cloud is right in something, and tells where it is not.
func (e Env) right(t *testing.T, d Deviation) bool {
	t.Helper()
	if slices.Contains(e.Deviations, d) {
		t.Logf("%s is known to be wrong here: %s", e.Name, d)
		return false
	}
	return true
}

// mustBeRight skips a test of nothing but what a cloud is wrong in.
func (e Env) mustBeRight(t *testing.T, d Deviation) {
	t.Helper()
	if !e.right(t, d) {
		t.Skip("nothing is left to be tested")
	}
}

// need skips a test whose fault nobody can play here.
func need(t *testing.T, plays bool, what string) {
	t.Helper()
	if !plays {
		t.Skipf("nobody can play it here: %s", what)
	}
}

// cheap skips a test that needs hundreds of machines or hours where machines are
// paid for and time is real.
func (e Env) cheap(t *testing.T) {
	t.Helper()
	need(t, !e.Paid, "hundreds of machines, or of waits")
}
