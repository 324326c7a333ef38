// Package world owns the simulated world that the demo and the tests live in:
// a GitHub and an AWS that know each other, machines that boot and run the
// agent's part, and a fleet that is the real one.
//
// # Decisions
//
// One thread and one queue of events: what happens at one instant happens in
// the order in which it was planned, so a seed is a day, exactly. The paced
// demo is the same queue with real sockets in between: it promises outcomes.
package world
