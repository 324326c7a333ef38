package queue

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Protocol is the number of the reports that this package writes.
const Protocol = 1

// oldest is the least number that it reads. There is none before the first.
const oldest = 1

// report is a report on the wire. Times are RFC 3339 in UTC, absent if zero.
type report struct {
	V        int       `json:"v"`
	Kind     string    `json:"kind"`
	Machine  string    `json:"machine"`
	At       time.Time `json:"at"`
	Busy     bool      `json:"busy,omitempty"`
	Deadline time.Time `json:"deadline,omitzero"`
	Outcome  string    `json:"outcome,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	ExitCode int       `json:"exit_code,omitempty"`
	JobFrom  time.Time `json:"job_from,omitzero"`
	JobUntil time.Time `json:"job_until,omitzero"`
	Result   string    `json:"result,omitempty"`
}

// EncodeReport is a report as it is sent.
func EncodeReport(r fleet.Report) ([]byte, error) {
	data, err := json.Marshal(report{
		V: Protocol, Kind: string(r.Kind), Machine: string(r.Machine), At: r.At.UTC(), Busy: r.Busy, Deadline: r.Deadline.UTC(),
		Outcome: string(r.Outcome), Reason: r.Reason, ExitCode: r.ExitCode,
		JobFrom: r.JobFrom.UTC(), JobUntil: r.JobUntil.UTC(), Result: r.Result,
	})
	if err != nil {
		return nil, fmt.Errorf("encode report of %s: %w", r.Machine, err)
	}
	return data, nil
}

// DecodeReport reads a message. A kind or an outcome that this version does
// not know comes through as it is; a protocol that it does not, or no machine
// or kind, is an error, with an *AsideError in it.
func DecodeReport(message []byte) (fleet.Report, error) {
	var w report
	if err := json.Unmarshal(message, &w); err != nil {
		return fleet.Report{}, fmt.Errorf("decode report: %w", aside(Malformed, "%s", err))
	}
	if w.V < oldest || w.V > Protocol {
		return fleet.Report{}, fmt.Errorf("decode report: %w", aside(UnknownVersion, "protocol %d, this version reads %d to %d", w.V, oldest, Protocol))
	}
	if w.Kind == "" || w.Machine == "" {
		return fleet.Report{}, fmt.Errorf("decode report: %w", aside(Malformed, "no kind or no machine"))
	}
	return fleet.Report{
		Machine: fleet.MachineID(w.Machine), At: w.At, Kind: fleet.ReportKind(w.Kind), Busy: w.Busy, Deadline: w.Deadline,
		Outcome: fleet.Outcome(w.Outcome), Reason: w.Reason, ExitCode: w.ExitCode,
		JobFrom: w.JobFrom, JobUntil: w.JobUntil, Result: w.Result,
	}, nil
}
