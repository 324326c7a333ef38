// Package fleet decides what a fleet of GitHub Actions runners on EC2 should
// do next. It owns the words of the house and the judgement, and nothing else:
// no effects, no clock, no I/O. The time is a value that somebody saw.
//
// The words, one for one thing, everywhere:
//
//   - a job is a workflow job that waits or runs; a class is what demand is
//     counted by (scope and label set); a run is the job's workflow run;
//   - a runner is a registration at GitHub, a machine is an EC2 instance;
//   - a pool is the recipe of identical machines, the fleet is all pools of
//     one deployment; an offer is instance type, zone and market;
//   - machines are launched, started, stopped and ended;
//   - hours are the windows in which a pool is open; outside it is closed;
//   - the ledger holds what must outlive a process; a snapshot is what a look
//     saw, a plan is what Decide answers to it, an intent is an action of a
//     plan that was reserved in the ledger;
//   - every action has a reason, every job that waits has a verdict, every
//     remembered failure is a setback that expires, every wish of an operator
//     is an order.
//
// # Decisions
//
// Decide counts, it does not bind: GitHub gives a queued job to any idle
// runner that holds its labels, so demand is counted per class and covered by
// whatever machine could take it. Binding a machine to a job was considered
// and refused: a stolen runner, a cancelled job and a re-queued job would each
// need a special case, and counting needs none.
//
// Phases are derived from what is seen and never stored, so nothing can
// disagree with EC2 and GitHub.
//
// GitHub's `queued` event names no runner group, so a class is scope and label
// set; the group belongs to the pool and to the registration.
package fleet
