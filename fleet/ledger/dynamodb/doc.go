// Package dynamodb is the ledger in one DynamoDB table: for a manager that runs
// as functions, of which several may be awake at once.
//
// # The table
//
// Its key is pk and sk, both strings; ttl is its TTL attribute, a number of
// seconds. It has no index and no stream, and is paid on demand. MakeTable makes
// it so; a deployment makes the same. Beside the key a row has a body, which is
// JSON (B, compressed, where that is smaller), a row that events write its stamp
// v, an intent's in v when it was sent, and the fleet's row the plan number n.
//
//	pk             sk                   what                          ttl
//	alive          fleet                whose it is, its form, n
//	alive          intent#ID            reserved, not settled
//	alive          interrupted#JOB
//	alive          job#ID#ATTEMPT       not closed, and its story     no pool fits: 3 days
//	alive          machine#ID
//	alive          mark#NAME
//	alive          notice#MACHINE
//	alive          order#ID                                           its end
//	alive          report#MACHINE
//	alive          runner#NAME
//	alive          setback#KIND SUBJECT
//	closed         job#ID#ATTEMPT       closed, and its story         30 days
//	delivery#GUID  delivery             recorded already              3 days
//
// DynamoDB deletes days after a ttl, so every read judges by itself whether a
// row is over. A store's role needs Query, BatchGetItem, BatchWriteItem, PutItem,
// UpdateItem, DeleteItem and ConditionCheckItem on the table.
//
// # Decisions
//
// What is alive is one partition, because only one Query reads it whole and
// strongly consistent. A partition takes 1,000 write units a second, so about
// 500 new jobs or verdicts a second: beyond that writers wait, and then hear
// ledger.ErrBusy.
//
// A Query is no snapshot, so order does what isolation does not. The number is
// read first: a plan made of pages between which another was committed is
// refused. Intents are read before machines, and what an act made is written
// before its intent goes: a look may count a machine twice, never not at all.
//
// A row that events write is written whole, on the stamp that was read. A job's
// carries its story, of which the newest fifty lines are kept: a row for each
// line would cost three times the units. An event's rows (delivery, job, and the
// place where the job was or might be) are one transaction.
//
// A change of up to 99 rows is one transaction. What is bound to exceed it are
// the verdicts and launch counts of many waiting jobs, the sights of many
// machines, and the machines of a large launch. Commit writes the number, all
// intents and what else fits at once, and the rest behind it, each part only
// while the number is still its own: what is lost of it, the next look decides
// again. Settle writes facts first, then jobs, and removes intents last: if that
// stops half-way, their acts are done again, which they bear. It is refused if an
// intent was sent again since: in the same transaction, or right before a change
// that exceeds one.
//
// A transaction is repeated under its token, so a lost answer is no conflict. The
// client retries nothing by itself; the store does, for some three seconds at
// most and never beyond the caller's context.
//
// # Cost
//
// Requests, and units as DynamoDB bills them, held by a test:
//
//	                                      requests  read units  write units
//	look, 100 jobs alive                         1       8 - 12
//	look, 1,000 jobs alive                       1     75 - 110
//	plan: a launch for 100 jobs                  2                      206
//	plan: a launch for 1,000 jobs               11                    2,024
//	plan: one mint, one verdict                  1                        6
//	outcome of it                                1                        4
//	job queued; running or done; closed    1; 2; 1     0; 3; 0      6; 4; 4
//	machine ready; ended                      1; 2        0; 2         4; 4
package dynamodb
