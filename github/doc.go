// Package github is GitHub's API in the fleet's words: it signs in as a GitHub
// App, mints and removes just-in-time runners, lists registrations, asks for
// jobs, runs, runner groups and versions of the runner, and reads back webhook
// deliveries that did not reach us.
//
// # Decisions
//
// Nothing is tried again of which something may have come. Throttled and unknown
// outcome are meanings that the reconciler handles, so the same rule holds in the
// simulated world and in production. What was refused at the door is sent once
// more where that may help: with a new token after a 401, with the other private
// key, or by the next App.
//
// go-github v57 remembers limits in its client and then refuses calls by the
// process's real clock, for the wrong caller and the wrong time. So each
// installation and the App itself have a client of their own, and a
// RoundTripper below takes every limit out of the answers before v57 sees it.
//
// Lost deliveries are read from GitHub's store and decoded here. Asking GitHub
// to send them again was considered: it costs a request too, and comes back
// through the door that was closed a minute ago.
package github
