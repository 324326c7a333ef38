package fleet

import (
	"strconv"
	"time"
)

// SetbackKind says what a remembered failure is about.
type SetbackKind string

// The kinds of setback. All but the first alert.
const (
	OfferEmpty    SetbackKind = "offer"  // no capacity for type, zone and market
	BootsFailed   SetbackKind = "boot"   // three boots of a template without a ready machine
	ClassIdled    SetbackKind = "class"  // two runners idled out while their job stayed queued
	LaunchRefused SetbackKind = "launch" // EC2 refuses a pool's launches as they are configured
	MintRefused   SetbackKind = "mint"   // GitHub refuses a pool's registrations in a scope
	StayFailed    SetbackKind = "stay"   // a standing machine stopped by itself soon after it came up
	// DeliveriesLost holds nothing back: it only tells people, until it expires.
	DeliveriesLost SetbackKind = "deliveries" // GitHub has some of the webhook deliveries no more
	// So do these.
	GroupOpen  SetbackKind = "group"  // a pool's runner group lets public repositories in
	RunnerEnds SetbackKind = "runner" // GitHub serves the runner's version no more, or soon

	InstallationShut SetbackKind = "installation" // the App is suspended on an account, or gone from it
)

// Warns reports whether a setback of the kind only tells people of something
// and stops no launch.
func (k SetbackKind) Warns() bool { return k == DeliveriesLost || k == GroupOpen || k == RunnerEnds }

// SetbackKey names what a setback is about.
type SetbackKey struct {
	Kind    SetbackKind
	Subject string
}

// OfferKey is the key of an empty offer. Spot of a type and zone does not
// block on-demand of the same.
func OfferKey(o Offer) SetbackKey {
	return SetbackKey{OfferEmpty, o.Type + "/" + o.Zone + "/" + string(o.Market)}
}

// BootKey is the key of a pool's launch template that does not boot.
func BootKey(pool, template string) SetbackKey {
	return SetbackKey{BootsFailed, pool + "/" + template}
}

// ClassKey is the key of a class whose jobs GitHub does not assign.
func ClassKey(c Class) SetbackKey { return SetbackKey{ClassIdled, c.String()} }

// LaunchKey is the key of a pool's launch template whose launches EC2 refuses.
func LaunchKey(pool, template string) SetbackKey {
	return SetbackKey{LaunchRefused, pool + "/" + template}
}

// MintKey is the key of a pool whose registrations GitHub refuses in a scope.
func MintKey(pool string, s Scope) SetbackKey {
	return SetbackKey{MintRefused, pool + "/" + s.String()}
}

// StayKey is the key of a pool's standing machine that does not stay up.
func StayKey(pool string, m MachineID) SetbackKey {
	return SetbackKey{StayFailed, pool + "/" + string(m)}
}

// DeliveriesKey is the key of an App's webhook deliveries that were lost for good.
func DeliveriesKey(app int64) SetbackKey {
	return SetbackKey{DeliveriesLost, strconv.FormatInt(app, 10)}
}

// GroupKey is the key of a pool whose runner group in a scope is open.
func GroupKey(pool string, s Scope) SetbackKey { return SetbackKey{GroupOpen, pool + "/" + s.String()} }

// RunnerKey is the key of a version of the runner that ends.
func RunnerKey(version string) SetbackKey { return SetbackKey{RunnerEnds, version} }

// InstallationKey is the key of an installation that GitHub shut. While there is
// such a setback nothing is done for its account, expired or not: it takes a look
// that finds the installation open to clear it.
func InstallationKey(id int64) SetbackKey {
	return SetbackKey{InstallationShut, strconv.FormatInt(id, 10)}
}

// strikes is how many failures of a kind make a setback.
func (k SetbackKey) strikes() int {
	switch k.Kind {
	case BootsFailed:
		return 3
	case ClassIdled:
		return 2
	}
	return 1
}

// Setback is a remembered failure that expires.
type Setback struct {
	Key     SetbackKey
	Strikes int       // failures in a row
	At      time.Time // of the last one
	Until   time.Time // zero while there are too few strikes
	Detail  string    // the last failure, in the words of whoever refused
}

// Holds reports whether the setback forbids a launch or start at an instant.
func (s Setback) Holds(at time.Time) bool { return at.Before(s.Until) }

// Probation reports whether the setback has expired but was not cleared by a
// success: the first launch after it is a single machine.
func (s Setback) Probation(at time.Time) bool { return !s.Until.IsZero() && !at.Before(s.Until) }

// setbackSpans is how long a setback holds: the first, second, third, and
// every later one in a row.
var setbackSpans = []time.Duration{3 * time.Minute, 6 * time.Minute, 12 * time.Minute, 30 * time.Minute}

// Strike is the setback after one more failure at an instant. Failures while
// it holds already do not lengthen it: they belong to launches made before.
func (s Setback) Strike(at time.Time, detail string) Setback {
	if s.Holds(at) {
		return s
	}
	s.Strikes, s.At, s.Detail = s.Strikes+1, at, detail
	if over := s.Strikes - s.Key.strikes(); over >= 0 {
		s.Until = at.Add(setbackSpans[min(over, len(setbackSpans)-1)])
	}
	return s
}
