// Package sqlite is the ledger in one SQLite file: for an operator with one
// machine, for the demo, and for the simulated world.
//
// # Decisions
//
// One connection writes; deliveries that arrive together share one
// transaction, so one fsync serves many. Whoever comes first starts the
// goroutine that commits, and it ends when nobody waits. Jobs are columns,
// because there are many and they are read at every look; everything else is a
// JSON body under kind and id, because there is little of it and it changes
// shape. A mirror in memory makes a look cost what changed.
//
// What is at a path is looked at before anything is written there: a wrong path
// leaves no trace. A ledger that is opened is not written to, so that a full
// disk or a right to read is enough for people to look. Every error says what
// is wrong, where, and what to do.
package sqlite
