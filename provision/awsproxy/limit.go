package awsproxy

import (
	"slices"
	"time"
)

// Limit is a token bucket of the account's, full at first. A call that finds no
// token in it is throttled.
type Limit struct {
	Service    string   // such as "ec2"
	Operations []string // that share it, such as "CreateFleet"; none: all of the service
	Size       float64
	Refill     float64 // a second
}

func (l Limit) counts(c Call) bool {
	return l.Service == c.Service && (len(l.Operations) == 0 || slices.Contains(l.Operations, c.Operation))
}

// limited is a limit and what it holds.
type limited struct {
	Limit
	left float64
	at   time.Time
}

// SetLimits replaces the limits from now on.
func (p *Proxy) SetLimits(list ...Limit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limits = nil
	for _, l := range list {
		p.limits = append(p.limits, &limited{Limit: l, left: l.Size, at: time.Now()})
	}
}

// Exceeded counts the calls that limits throttled so far.
func (p *Proxy) Exceeded() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exceeded
}

// within takes a call's tokens; false if there are too few. The caller holds
// the lock.
func (p *Proxy) within(c Call) bool {
	now := time.Now()
	for _, l := range p.limits {
		if !l.counts(c) {
			continue
		}
		l.left = min(l.Size, l.left+l.Refill*now.Sub(l.at).Seconds())
		l.at = now
		if l.left < 1 {
			p.exceeded++
			return false
		}
		l.left--
	}
	return true
}
