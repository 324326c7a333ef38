package fleet

import "time"

// NoticeKind is what Spot says of a machine.
type NoticeKind string

// The kinds of notice.
const (
	// Rebalance recommends to leave the machine; often nothing follows.
	Rebalance NoticeKind = "rebalance"
	// Interruption takes the machine back at a deadline.
	Interruption NoticeKind = "interruption"
)

// Notice is Spot's word about a machine, as EventBridge or the machine's own
// agent told it. Either alone suffices, and both may come, in any order. It
// is a row of its own, because events write it and plans write machines.
type Notice struct {
	Machine  MachineID
	Kind     NoticeKind
	At       time.Time // when Spot said so
	Deadline time.Time // when it takes the machine; zero if it did not say
}

// Heed is the notice that stays when another comes about the same machine: an
// interruption stays one, with the deadline that was known first.
func (n Notice) Heed(newer Notice) (Notice, bool) {
	switch {
	case n.Kind == newer.Kind && n.Deadline.IsZero() && !newer.Deadline.IsZero():
		n.Deadline = newer.Deadline
		return n, true
	case n.Kind != Interruption && newer.Kind == Interruption:
		return newer, true
	}
	return n, false
}

// noticeKept is how long a notice of a machine that nobody knows is kept: the
// account may have machines that are not the fleet's, and a new one of the
// fleet's may be known later.
const noticeKept = 10 * time.Minute

// settleNotices ties notices to their machines.
func (v *view) settleNotices() {
	for i := range v.State.Notices {
		n := &v.State.Notices[i]
		if at, ok := v.byID[n.Machine]; ok {
			v.machines[at].notice = n
		} else if v.past(n.At, noticeKept) {
			v.plan.Forget = append(v.plan.Forget, n.Machine)
		}
	}
}

// leaves reports whether Spot takes the machine back.
func (m *machineView) leaves() bool { return m.notice != nil && m.notice.Kind == Interruption }
