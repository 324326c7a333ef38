package bootstrap

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Protocol is the number of the settings that this package writes.
const Protocol = 1

// oldest is the least number that it reads. There is none before the first.
const oldest = 1

// Settings are what a machine's agent is told. A duration of zero is the
// agent's own default.
type Settings struct {
	Poll    time.Duration // from one asking for the config to the next: the fleet's pace, shared by all machines
	Wait    time.Duration // without a config for so long, the machine powers off
	Idle    time.Duration // a runner without a job for so long is stopped
	Job     time.Duration // a job that runs so long is stopped
	Margin  time.Duration // a busy runner is interrupted so long before Spot takes the machine
	Grace   time.Duration // from the interruption of a runner to its kill
	Watch   time.Duration // from one look for Spot's notices to the next
	Reports string        // URL of the queue for reports; empty: they are not sent
	Runner  string        // folder of the runner
	User    string        // who runs it
}

// settings is the form on disk. Durations are Go's, such as 1m30s.
type settings struct {
	V       int    `json:"v"`
	Poll    span   `json:"poll,omitzero"`
	Wait    span   `json:"wait,omitzero"`
	Idle    span   `json:"idle,omitzero"`
	Job     span   `json:"job,omitzero"`
	Margin  span   `json:"margin,omitzero"`
	Grace   span   `json:"grace,omitzero"`
	Watch   span   `json:"watch,omitzero"`
	Reports string `json:"reports,omitempty"`
	Runner  string `json:"runner"`
	User    string `json:"user"`
}

type span time.Duration

// MarshalText writes it as Go does.
func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// UnmarshalText reads it, and refuses a negative one.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return err
	}
	if d < 0 {
		return fmt.Errorf("duration %s is negative", d)
	}
	*s = span(d)
	return nil
}

// EncodeSettings is the settings as the agent reads them.
func EncodeSettings(s Settings) ([]byte, error) {
	data, err := json.Marshal(settings{
		Protocol, span(s.Poll), span(s.Wait), span(s.Idle), span(s.Job), span(s.Margin), span(s.Grace), span(s.Watch),
		s.Reports, s.Runner, s.User,
	})
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	return data, nil
}

// DecodeSettings reads settings. Fields that it does not know are ignored, so
// that an image may be older than the manager.
func DecodeSettings(data []byte) (Settings, error) {
	var w settings
	if err := json.Unmarshal(data, &w); err != nil {
		return Settings{}, fmt.Errorf("decode settings: %w", err)
	}
	if w.V < oldest || w.V > Protocol {
		return Settings{}, fmt.Errorf("decode settings: protocol %d, this version reads %d to %d", w.V, oldest, Protocol)
	}
	if w.Runner == "" || w.User == "" {
		return Settings{}, errors.New("decode settings: no runner or no user")
	}
	return Settings{
		Poll: time.Duration(w.Poll), Wait: time.Duration(w.Wait), Idle: time.Duration(w.Idle), Job: time.Duration(w.Job),
		Margin: time.Duration(w.Margin), Grace: time.Duration(w.Grace), Watch: time.Duration(w.Watch),
		Reports: w.Reports, Runner: w.Runner, User: w.User,
	}, nil
}
