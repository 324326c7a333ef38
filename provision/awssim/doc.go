// Package awssim is a small EC2, SSM, SQS and FIS behind the SDK's method sets,
// with capacity, limits, lag and faults, for the demo and the simulated world.
//
// # Decisions
//
// It has no clock and no goroutine: the time comes from Now, what happens
// later goes through After, so a world's event queue drives it; a long poll of
// SQS alone blocks who makes it. Every draw is a function of the seed, the kind,
// the entity and its ordinal, never of a shared stream, so one more launch changes
// neither the ids nor the lives of others.
//
// What a request asks for and this package does not know is refused, never
// ignored: a simulation that launches what nobody asked for proves nothing.
//
// The classes of EC2's request limits have one bucket each. EC2 may give some
// calls a bucket of their own, so this is the stricter reading.
//
// FIS says little about some of what it does. Where its documentation is open,
// this package does what needs most care: an experiment may find fewer victims
// than it counts, its client tokens are forgotten with the template, and the
// limit of a hundred is on those it picked. When the notice comes is as AWS's
// own tool and its article show it: two minutes before the end, when the
// experiment completes.
package awssim
