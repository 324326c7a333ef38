package githubsim

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"
)

// Window is a span of time. The zero value is always.
type Window struct {
	From time.Time
	To   time.Time // exclusive; for ever if zero
}

func (w Window) holds(at time.Time) bool {
	return !at.Before(w.From) && (w.To.IsZero() || at.Before(w.To))
}

// Chance is how often a fault happens, and when it can happen at all.
type Chance struct {
	Rate   float64 // 0 never, 1 always
	During Window
}

// Faults is everything that goes wrong, as data. The zero value is a GitHub in perfect health.
type Faults struct {
	DelayMin time.Duration // of a webhook, from the event to the delivery: 200ms
	DelayMax time.Duration // 2s
	Loss     Chance        // a webhook is never delivered; the deliveries API shows it as failed
	Unmade   Chance        // no delivery is ever made of an event: the deliveries API does not know it either
	Double   Chance        // a webhook is delivered twice, under one GUID
	Late     Chance        // a webhook comes up to LateBy later, so others overtake it
	LateBy   time.Duration // 1m

	// JITReplyLost registers the runner and then loses the reply. The next call with that name is a conflict.
	JITReplyLost Chance
	LostStatus   int // what the client gets instead: a broken connection if 0, else this status, such as 502

	Forbidden  Chance        // a call answers 403 for no good reason
	TooMany    Chance        // a call answers 429 as a secondary limit, with Retry-After
	RetryAfter time.Duration // of refusals by TooMany and by the secondary limit: 60s
	Down       []Window      // GitHub answers 503 to every call and assigns nothing

	NeverAssigned Chance // a job that stays queued whatever runners there are
	NotPickedUp   Chance // a job is assigned, but its runner never hears of it
	QueuedAgain   Chance // a job that went back to the queue is announced a second time
}

func (f Faults) withDefaults() Faults {
	f.DelayMin = cmp.Or(f.DelayMin, 200*time.Millisecond)
	f.DelayMax = max(cmp.Or(f.DelayMax, 2*time.Second), f.DelayMin)
	f.LateBy = cmp.Or(f.LateBy, time.Minute)
	f.RetryAfter = cmp.Or(f.RetryAfter, time.Minute)
	return f
}

// SetFaults replaces the faults from now on.
func (s *Server) SetFaults(f Faults) {
	s.do(func() { s.cfg.Faults = f.withDefaults() })
}

func (s *Server) down() bool {
	_, down := s.downUntil()
	return down
}

// downUntil says when GitHub will be up again; never, if that time is zero.
func (s *Server) downUntil() (time.Time, bool) {
	for _, w := range s.cfg.Faults.Down {
		if w.holds(s.cfg.Now()) {
			return w.To, true
		}
	}
	return time.Time{}, false
}

// whenUp runs f now, or when GitHub is up again.
func (s *Server) whenUp(f func()) {
	until, down := s.downUntil()
	switch {
	case !down:
		f()
	case !until.IsZero():
		s.after(until.Sub(s.cfg.Now()), func() { s.whenUp(f) })
	}
}

// hits draws whether a fault happens to an entity now. It draws outside the window too, so that moving a window
// changes no other draw.
func (s *Server) hits(c Chance, kind, entity string) bool {
	drawn := s.draw(kind, entity)
	return drawn < c.Rate && c.During.holds(s.cfg.Now())
}

// between draws a duration from low to high.
func (s *Server) between(low, high time.Duration, what draws) time.Duration {
	return low + time.Duration(s.draw(what.kind, what.entity)*float64(high-low))
}

// draws names a series of draws.
type draws struct{ kind, entity string }

// draw gives the next number in [0, 1) for this kind and entity: a function of the seed, both, and how many were drawn.
func (s *Server) draw(kind, entity string) float64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%s\x00%d", s.cfg.Seed, kind, entity, s.ordinal(kind, entity))
	// The last bytes hardly reach the upper bits of an FNV sum. These two rounds spread them.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

// bytes gives n bytes that look like a secret, as a function of the seed, kind and entity.
func (s *Server) bytes(n int, kind, entity string) []byte {
	key := fmt.Appendf(nil, "%d\x00%s\x00%s\x00%d\x00", s.cfg.Seed, kind, entity, s.ordinal(kind, entity))
	var out []byte
	for block := uint32(0); len(out) < n; block++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(key, block))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// guid gives an identifier in the form that GitHub gives to deliveries.
func (s *Server) guid(kind, entity string) string {
	b := s.bytes(16, kind, entity)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s *Server) ordinal(kind, entity string) int {
	key := draws{kind, entity}
	n := s.ordinals[key]
	s.ordinals[key] = n + 1
	return n
}
