// Package sqlite is the ledger in one SQLite file: for an operator with one
// machine, for the demo, and for the simulated world.
//
// # Decisions
//
// One connection writes; deliveries that arrive together share one
// transaction, led by whoever came first, so one fsync serves many and no
// goroutine needs an owner. Jobs are columns, because there are many and they
// are read at every look; everything else is a JSON body under kind and id,
// because there is little of it and it changes shape.
package sqlite
