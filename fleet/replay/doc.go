// Package replay plays a trace of jobs against a fleet file: the same
// fleet.Decide as in service, in virtual time, without GitHub or AWS. It owns
// traces, what happens between two looks, and the report that comes of it; and,
// beside Decide, closed forms of policies whose answer is known exactly.
//
// It is pure but for the reader that a trace comes from. Prices, hours and what
// pools may launch are values that the caller brings.
//
// # Decisions
//
// What the world does is kept as simple as it can be and said openly: a machine
// boots after a given or drawn time, EC2 always has room, GitHub gives a job to
// the runner that waits longest and knows of everything at once. What the fleet
// does is not simplified. Looks come as in service: a little after what woke them,
// at the instant that the last plan named, again after each act, and full looks
// each minute. Playing whole days through the simulated GitHub and AWS was
// considered; that holds more truth and is a hundred times slower, and there are
// tests and a demo for it.
//
// A full look that would see nothing new is left out: Decide's answer depends on
// nothing but its snapshot, and the plan's Wake says when time alone changes it.
//
// With a constant boot and looks without delay, a replay comes to the closed
// forms to the second. Tests hold it there.
package replay
