// Package stacks owns what a fleet needs in AWS, as two CloudFormation stacks.
// Network makes all that a fleet file names: subnets, a security group, the
// machines' instance profile, the role of drills. Manager is the fleet's manager
// as functions: the ledger's table, the queues, four functions of one program,
// their rules and alarms.
//
//	GitHub ──> webhook ──> events ─────> events ──> looks.fifo ──> look ──> EC2, SSM, GitHub
//	EventBridge ─────────> (standard)      │        (one group)     │
//	machines ────────────> reports ────────┘            ^           └─> a timed wake, delayed,
//	each minute ─────────> tick ────────────────────────┘               to events
//
// # Decisions
//
// Two stacks, because the fleet file stands between them: it names what the
// first one made, and the second one carries it. serve needs the first alone.
//
// The fleet file is an asset under the hash of its content. It is read by its own
// rules before anything is deployed, a change of it changes the functions'
// environment, so that no sandbox goes on with the old one, and a role can name
// the one object that it may read. An object that is edited in place would be
// quicker to change; then nothing would check it, or say which is in force.
//
// Roles are written out, statement by statement. The CDK's grants allow more
// than the program calls, and its basic role for logs allows all log groups.
//
// A queue's name is fixed only where the other stack must know it: reports.
package stacks
