// Package queue owns what travels by SQS: so far the reports of machines, their
// form on the wire and their sending.
//
// # Decisions
//
// A message is JSON with the protocol's number in "v". A reader takes its own
// number and the one before it, and ignores fields that it does not know, so
// that machines with an older image and a newer manager understand each other.
// What a message means to a reader of another number is nobody's guess: it is
// refused, and set aside by whoever received it.
package queue
