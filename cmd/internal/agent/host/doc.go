// Package host gives the agent its machine: the metadata service, the config
// in SSM, the runner's process, the queue for reports, the power switch.
//
// # Decisions
//
// The listener is started itself, not the run.sh around it: that one hides the
// exit code and forwards no signal. What else run.sh does (waiting for an
// update's files) the agent does.
//
// The config goes to the runner in its environment, where neither ps nor other
// users see it; the runner removes it from what its jobs inherit. Nothing else
// of the agent's own environment goes there.
//
// Whether a machine stands is a tag that its launch gave it, and whether it is
// configured is what its runner's folder holds: the user data is the same for
// all machines of a pool, and runs at the first boot alone.
//
// Credentials come from the machine's role and from nowhere else, by a chain
// of one: the SDK's whole configuration would double the program.
//
// A report that is slow or refused holds nothing up but the last seconds.
package host
