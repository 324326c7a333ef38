// Package agent owns what a machine does, from its boot to its end: wait for a
// config, run the runner for one job, heed Spot's notices and its own limits,
// report, power off. It is a pure state machine: events with their times go
// in, effects come out. Package host has the real effects, the simulated world
// its own, and both run this code.
//
// # Decisions
//
// Whatever happens, the last effect is PowerOff. Every state has a time at
// which it ends by itself (Wake), so an agent that is told the time always
// comes to its end; a standing one alone waits for a job as long as it takes.
//
// A runner that ends with a retryable error is not started again: a runner for
// one job has lost its registration by then. Only one that updated itself is,
// three times at most, without its config: it stored that in its folder.
//
// A machine that stands differs in this: its runner is for many jobs, so none of
// them ends it, nor does time while it waits for one. Its runner keeps its
// registration and is started again when it crashes, five times without a job in
// between; then the machine powers off, which stops it, and the manager sees
// whether it comes up again. At a later boot the runner is started with the
// config that the first one stored, and nothing is asked for.
//
// A runner that GitHub does not register, or no longer knows, ends its machine's
// life like a crash, with another reason: the manager makes a new machine, and
// nothing on this one could mend it.
//
// At a notice an idle runner is interrupted at once. A busy one keeps its time
// until shortly before the deadline, because many jobs end within it, and is
// interrupted then, because a runner that is asked to stop tells GitHub within
// seconds, and one that vanishes leaves its job hanging for ten minutes.
//
// There is no jitter in the pace of asking: machines boot at different times.
package agent
