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
// It serves both lifetimes too: a machine's tags tell its agent whether it
// stays. cloud-init runs user data at the first boot alone, so a unit of
// systemd starts the agent, then and at every later boot.
//
// The script and the agent end with a power-off, whatever happens: the launch
// template makes that the machine's end, or the stop of one that stays. A
// machine that hangs costs money and helps nobody.
//
// What the user data says is readable on the machine by everybody, and in EC2
// by many: it holds no secret, and nothing that a workflow's author wrote. Its
// values are checked against narrow alphabets, because they become part of a
// shell script.
//
// The metadata service is closed to the runner's user by a routing rule for
// its uid, because iproute2 is on every image and a firewall is not. It is
// the first rule, because one by a source address before it would be a way
// around, and bears the kernel's protocol number, because systemd-networkd
// removes all others that are not its own when it starts, as an upgrade has it
// do. A job
// that may become root, by sudo or by a container of its own making, is root:
// the user gets neither.
package bootstrap
