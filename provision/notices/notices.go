// Package notices decodes EventBridge messages about the end of machines into
// the fleet's values. It owns their shapes and nothing else: no effects, no
// clock, no I/O.
//
// # Decisions
//
// Nothing is lost. What this version makes nothing of, be it another version
// of the envelope, a kind it does not know or no message at all, is set aside
// whole, with the reason, for whoever keeps such things, and counted by a closed
// list of reasons.
//
// Only the detail's instance id is believed. The ARN beside it is odd in
// warnings: EC2 puts the zone where the region belongs, and no account.
//
// A message tells of any instance of the account, not only of the fleet's:
// which machines are ours is for the ledger to say. That nobody but EC2 can
// have sent it is EventBridge's promise: it refuses sources that begin with
// "aws." from anybody else.
//
// The agents' reports tell of the same ends by a queue and in a form of their
// own.
package notices

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// The messages that are notices, by detail-type. Source: EC2's user guide,
// rebalance recommendations and Spot Instance interruption notices.
const (
	recommendation = "EC2 Instance Rebalance Recommendation"
	warning        = "EC2 Spot Instance Interruption Warning"
)

// sizeLimit is more than a message of SQS holds: 1 MiB, with room for a change.
const sizeLimit = 2 << 20

// Cause says why a message was set aside. The list is closed.
type Cause string

// The causes.
const (
	Malformed      Cause = "malformed"       // no JSON object of an event's types, or too large
	UnknownVersion Cause = "unknown version" // of the envelope
	UnknownKind    Cause = "unknown kind"    // not from EC2, or about something else
	NoInstance     Cause = "no instance"     // a notice without a valid instance id
	NoTime         Cause = "no time"         // a notice without a time
)

// AsideError is why a message is no notice.
type AsideError struct {
	Cause  Cause
	Detail string // the kind or the version; cut, for it is whatever somebody sent
}

// Error is the cause and its detail.
func (e *AsideError) Error() string {
	if e.Detail == "" {
		return string(e.Cause)
	}
	return fmt.Sprintf("%s: %q", e.Cause, e.Detail)
}

// message is what is read of an event's envelope.
type message struct {
	Version    string    `json:"version"`
	DetailType string    `json:"detail-type"`
	Source     string    `json:"source"`
	Time       time.Time `json:"time"`
	Detail     struct {
		Instance string `json:"instance-id"`
		Action   string `json:"instance-action"`
	} `json:"detail"`
}

// Decode reads one message, as EventBridge hands it to a queue. An error is
// always an *AsideError.
func Decode(body []byte) (fleet.Notice, error) {
	if len(body) > sizeLimit {
		return fleet.Notice{}, &AsideError{Malformed, fmt.Sprintf("%d bytes", len(body))}
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		// A kind whose detail has other types is still a kind we can name.
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && m.DetailType != "" && m.kind() == "" {
			return fleet.Notice{}, &AsideError{UnknownKind, cut(m.DetailType)}
		}
		return fleet.Notice{}, &AsideError{Malformed, cut(err.Error())}
	}
	kind := m.kind()
	switch {
	case m.Version != "" && m.Version != "0": // state changes come without one
		return fleet.Notice{}, &AsideError{UnknownVersion, cut(m.Version)}
	case kind == "":
		return fleet.Notice{}, &AsideError{UnknownKind, cut(m.Source + " " + m.DetailType)}
	case !isInstance(m.Detail.Instance):
		return fleet.Notice{}, &AsideError{NoInstance, cut(m.Detail.Instance)}
	case m.Time.IsZero():
		return fleet.Notice{}, &AsideError{NoTime, ""}
	}
	n := fleet.Notice{Machine: fleet.MachineID(m.Detail.Instance), Kind: kind, At: m.Time.UTC()}
	if kind == fleet.Interruption {
		n.Deadline = n.At.Add(fleet.NoticeTime)
		if m.Detail.Action == "hibernate" {
			n.Deadline = n.At // it begins at once
		}
	}
	return n, nil
}

// kind is what a message says, empty if it is no notice.
func (m message) kind() fleet.NoticeKind {
	switch {
	case m.Source != "aws.ec2":
		return ""
	case m.DetailType == recommendation:
		return fleet.Rebalance
	case m.DetailType == warning:
		return fleet.Interruption
	}
	return ""
}

// isInstance reports whether a text is an EC2 instance id: i- and 8 (of old)
// or 17 hexadecimal digits.
func isInstance(id string) bool {
	if len(id) != 2+8 && len(id) != 2+17 || id[:2] != "i-" {
		return false
	}
	for _, c := range id[2:] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// cut keeps a stranger's text short.
func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), 100)], "") }
