// Package lambda owns the program as functions of AWS Lambda: the loop with
// Lambda's Runtime API, and what each function does with what it is handed.
//
//	webhook   a function URL: checks a delivery as serve does, hands the event
//	          to the events' queue, answers 202
//	events    the queues of events and reports: records, then sends one wake
//	look      the FIFO queue of wakes: looks, decides, reserves, acts, records
//	tick      each minute: asks for a full look
//
// # Decisions
//
// Only look looks, because its queue has one message group: looks are serial
// without a lock. A second sandbox that looks all the same costs a conflict; see
// package reconcile.
//
// A look that was woken goes on while its plan says "now", and has the next
// instant that its plan names sent to it as a wake that the queue keeps back. A
// look that failed is tried again by the same way, ever later. So none of look's
// messages ever returns: in a FIFO queue a returned message holds back all the
// others for as long as it is hidden.
//
// All that a function needs of the fleet file is made once in a sandbox. A
// minute later at the earliest the file is asked for again, and if it says
// something else all is made anew; if that is wrong, the old stays, and people
// are told. A look whose file is old by what the ledger knows reads it at once.
//
// The Runtime API is four requests, which this package makes itself: AWS's
// library for it links the form of Go functions that Lambda no longer runs, and
// with that text/template, unless every build says otherwise. That makes the
// program four times as large.
package lambda
