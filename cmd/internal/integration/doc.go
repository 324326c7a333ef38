// Package integration owns the tests of the built program as operators and the
// outer world meet it: processes, signals, signed webhooks over HTTP, a
// simulated GitHub that is a process of its own, and a moto server as AWS.
//
// # Decisions
//
// What is claimed is checked from outside: with the SDK, GitHub's API and the
// verbs, never by reading the ledger's file or calling the product's packages.
// So the agents of these tests take their configs with the SDK too.
//
// The tests need a server, which "make integration" starts and names in
// RUNFLEET_MOTO. They never reset it: each test has a fleet of its own.
package integration
