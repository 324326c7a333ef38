// Package provision launches and ends machines on EC2, in the fleet's words.
// It owns the requests, the launch templates, the tags and what EC2's errors
// mean; no type of the SDK leaves it.
//
// # Decisions
//
// A launch is one CreateFleet call of type instant. Its answer is final,
// partial success is normal, and it takes several types and zones at once.
// RunInstances was refused: its client token counts per zone, so a request
// that is re-sent elsewhere launches twice, and its bucket holds five calls.
//
// A launch template is named by its content and has one version. To change a
// pool makes another template, so a template never changes under an intent
// that holds its id, and two managers agree on a name without talking.
//
// The clients retry nothing. Throttled and unknown outcome are meanings which
// the reconciler handles, the same in a simulation and in production.
//
// A check asks for everything by filters and in batches, and judges the answers
// by pure functions. What only EC2 knows, the instance profile and the manager's
// permissions, a dry run of RunInstances tells: IAM itself would take one more
// part of the SDK and one more permission.
//
// EC2 shows an instant fleet only to who names it, so nobody can list them.
// We know them by the tag that EC2 puts on their machines and by our own
// launches; one that launched nothing and was forgotten by a restart is
// removed by EC2 itself.
package provision
