// Package bootstrap owns the user data that a machine boots with, and the form
// of the settings that it leaves for the agent. It is pure: values in, bytes
// out.
//
// # Decisions
//
// One script serves Ubuntu and Amazon Linux 2023 on both architectures: it
// looks for what is missing and installs that, so an image that holds agent
// and runner already is only checked, and started in a moment.
//
// The script and the agent end with a power-off, whatever happens: the launch
// template makes that the machine's end. A machine that hangs costs money and
// helps nobody.
//
// What the user data says is readable on the machine by everybody, and in EC2
// by many: it holds no secret, and nothing that a workflow's author wrote. Its
// values are checked against narrow alphabets, because they become part of a
// shell script.
//
// The metadata service is closed to the runner's user by a routing rule for
// its uid, because iproute2 is on every image and a firewall is not. A job
// that may become root, by sudo or by a container of its own making, is root:
// the user gets neither.
package bootstrap
