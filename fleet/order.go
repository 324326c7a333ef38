package fleet

import "time"

// OrderKind is what an operator asked for.
type OrderKind string

// The kinds of order.
const (
	Drain OrderKind = "drain" // machine: take no new job, end when idle
	Hold  OrderKind = "hold"  // machine: do not end, for people to look at
	Pause OrderKind = "pause" // pool, or the whole fleet: launch nothing
	Halt  OrderKind = "end"   // machine: end now, even if its job runs

	Inject OrderKind = "drill" // pool: have Spot take some of its machines back

	KeepOpen   OrderKind = "keep-open"   // pool with hours, or all of them: open, whatever the hours say
	KeepClosed OrderKind = "keep-closed" // pool with hours, or all of them: closed, whatever the hours say
)

// ofMachine reports whether orders of the kind are about one machine. They end
// with its row.
func (k OrderKind) ofMachine() bool { return k == Drain || k == Hold || k == Halt }

// Order is a row in the ledger: who asked for what, why and until when. The
// next look obeys it.
type Order struct {
	ID      string
	Kind    OrderKind
	Subject string // machine id or pool name; empty for the whole fleet
	By      string
	Reason  string
	At      time.Time
	Until   time.Time // zero: until it is lifted
	Drill   *Drill    `json:",omitempty"` // of Inject; its id is the order's
}

// Holds reports whether the order is in force at an instant.
func (o Order) Holds(at time.Time) bool { return o.Until.IsZero() || at.Before(o.Until) }
