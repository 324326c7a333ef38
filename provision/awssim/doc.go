// Package awssim is a small EC2 and SSM behind the SDK's method sets, with
// capacity, limits, lag and faults, for the demo and the simulated world.
//
// # Decisions
//
// It has no clock and no goroutine: the time comes from Now, what happens
// later goes through After, so a world's event queue drives it. Every draw is
// a function of the seed, the kind, the entity and its ordinal, never of a
// shared stream, so one more call changes no other draw.
package awssim
