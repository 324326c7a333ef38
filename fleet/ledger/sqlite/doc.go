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
package sqlite
