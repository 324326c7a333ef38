// Package cost owns what machines cost: rates, and the bill of a machine's life
// by what the time was spent on. It is pure: rates are values that the caller
// brings.
//
// # Decisions
//
// A bill is an estimate by list prices. It holds what machines alone cost: their
// time, their volumes and their public addresses. Data transfer depends on what
// jobs download, and calls to AWS cost thousandths of a cent a job: both are
// left out rather than guessed.
package cost
