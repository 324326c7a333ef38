// Package githubsim is a small GitHub behind its HTTP API: one App, its installations, runners, jobs and webhooks.
//
// It keeps everything in memory, behind one mutex, and starts nothing: the time comes from Config.Now and whatever
// happens later goes through Config.After, so the event queue of a simulated world drives it as well as
// time.AfterFunc does. Hooks (Deliver, OnAssign, OnRelease) are called from such a later happening, never under the
// mutex, so they may call back.
//
// # Decisions
//
// Every random draw is a function of (seed, kind, entity, ordinal). A shared stream would make one more call
// anywhere change the whole day.
//
// Faults are data in Config.Faults, and the limits of GitHub are always on: a client that only works without them
// does not work.
//
// Payloads of webhooks are rendered when they are sent, from a copy of what was true when the event happened: a day
// of deliveries is kept for re-sending, at a few hundred bytes each instead of nine kilobytes.
//
// What GitHub answers is checked against GitHub's own OpenAPI by this package's tests. That check needs a library,
// so it stays out of the package itself.
package githubsim
