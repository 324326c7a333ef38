// Package queue owns what travels by SQS: its form on the wire, how it is sent,
// and how it is taken in. There are three queues:
//
//	events   standard   deliveries that were decoded, EventBridge's messages
//	                    about machines as they come, and wakes for later
//	reports  standard   what agents tell; the only one where a machine may send
//	looks    FIFO       wakes: "look now", in one message group
//
// # Decisions
//
// A message of ours is JSON with the protocol's number in "v". A reader takes
// its own number and the one before it, and ignores fields that it does not
// know, so that machines with an older image and a newer manager understand each
// other. What this version makes nothing of is not deleted: the queue's redrive
// sets it aside, whole, after some tries, and each try is counted and logged with
// its cause. So nothing is lost that a newer version could read.
//
// Which queue a message came by says what it may be. A report is believed only
// about the machine that SQS names as its sender, and nothing that looks like
// an event is one where machines may send.
//
// A message is deleted when the ledger has recorded it, not before. All that
// is taken in bears being taken in twice: an event is known by its ID, a notice or
// a report by its machine.
//
// Wakes carry nothing but their instant. Those of a quarter of a second are one
// message, and the look for them waits until that quarter is over: what was
// recorded before any of them was sent, it sees. So 256 jobs of a matrix are a
// few looks, not 256, and none is forgotten because its wake was the second of
// two.
package queue
