// Package pace owns how fast the fleet calls EC2 and SSM: a share of the token
// buckets by which AWS limits an account in a region.
//
// # Decisions
//
// A Pacer sits in the SDK's stack, so that one place paces every call of every
// adapter, and an adapter knows nothing of it. A call that finds no token waits
// for one; a wait that is long, or leaves no time for an answer, is refused at
// once by the code with which AWS refuses: nothing was done, and the next plan
// decides again. What is scarce for longer, machines and stored configs, the
// plan is told of before it is made: see Left. So a pool that waits holds up the
// plan of no other.
//
// To slow down by AWS's refusals alone was considered: AWS counts the refused
// calls too, in a bucket that others in the account draw on, and a config that is
// refused costs a registration at GitHub.
package pace
