package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/notices"
)

// EventProtocol is the number of the events and wakes that this package writes.
const EventProtocol = 1

// oldestEvent is the least number that it reads. There is none before the first.
const oldestEvent = 1

// Kinds of messages that are no events.
const (
	kindWake = "wake" // look now
	kindFull = "full" // look now, and at all that EC2 and GitHub have
)

// message is an event or a wake on the wire. Times are RFC 3339 in UTC.
type message struct {
	V    int       `json:"v"`
	Kind string    `json:"kind"` // of an event: GitHub's event and action
	ID   string    `json:"id,omitempty"`
	At   time.Time `json:"at"`
	Job  *job      `json:"job,omitempty"`
}

// job is a job as an event shows it.
type job struct {
	ID           int64     `json:"id"`
	Attempt      int       `json:"attempt"`
	Run          int64     `json:"run,omitempty"`
	Installation int64     `json:"installation"`
	Owner        string    `json:"owner"`
	OwnerID      int64     `json:"owner_id,omitempty"`
	ScopeRepo    string    `json:"scope_repo,omitempty"`
	Labels       []string  `json:"labels"`
	Repo         string    `json:"repo"`
	Public       bool      `json:"public,omitempty"`
	Name         string    `json:"name,omitempty"`
	Workflow     string    `json:"workflow,omitempty"`
	Status       string    `json:"status"`
	Conclusion   string    `json:"conclusion,omitempty"`
	Runner       string    `json:"runner,omitempty"`
	QueuedAt     time.Time `json:"queued_at,omitzero"`
	StartedAt    time.Time `json:"started_at,omitzero"`
	DoneAt       time.Time `json:"done_at,omitzero"`
}

// EncodeEvent is an event about a job as it is sent.
func EncodeEvent(e fleet.Event) ([]byte, error) {
	if e.Job == nil || e.Notice != nil {
		return nil, fmt.Errorf("encode event %s: it is about no job", e.Kind)
	}
	j := e.Job
	data, err := json.Marshal(message{V: EventProtocol, Kind: e.Kind, ID: e.ID, At: e.At.UTC(), Job: &job{
		ID: int64(j.Key.ID), Attempt: j.Key.Attempt, Run: int64(j.Run),
		Installation: j.Class.Scope.Installation, Owner: j.Class.Scope.Owner, OwnerID: j.OwnerID, ScopeRepo: j.Class.Scope.Repo,
		Labels: j.Class.Labels.List(), Repo: j.Repo, Public: j.Public, Name: j.Name, Workflow: j.Workflow,
		Status: j.Status.String(), Conclusion: j.Conclusion, Runner: j.Runner,
		QueuedAt: j.QueuedAt.UTC(), StartedAt: j.StartedAt.UTC(), DoneAt: j.DoneAt.UTC(),
	}})
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.Kind, err)
	}
	return data, nil
}

// statusOf is the status that a word of the wire stands for.
func statusOf(word string) (fleet.JobStatus, bool) {
	for _, s := range []fleet.JobStatus{fleet.Waiting, fleet.Queued, fleet.Running, fleet.Done} {
		if s.String() == word {
			return s, true
		}
	}
	return 0, false
}

// Message is what a message of the events' queue says: an event, or that it is
// time to look.
type Message struct {
	Event *fleet.Event // nil: it is a wake
	Wake  Wake
}

// Wake says "look now".
type Wake struct {
	At   time.Time // when it was sent, or is due
	Full bool      // at all that EC2 and GitHub have
}

// Decode reads a message of the events' queue; id is SQS's number of it, and at
// when it arrived. An error is an *AsideError.
func Decode(body []byte, id string, at time.Time) (Message, error) {
	var form struct {
		V *json.RawMessage `json:"v"`
	}
	if err := json.Unmarshal(body, &form); err != nil {
		return Message{}, aside(Malformed, "%s", err)
	}
	if form.V == nil {
		return noticeOf(body, id, at)
	}
	m, err := messageOf(body)
	switch {
	case err != nil:
		return Message{}, err
	case m.Kind == kindWake, m.Kind == kindFull:
		return Message{Wake: Wake{At: m.At, Full: m.Kind == kindFull}}, nil
	case m.Job == nil:
		return Message{}, aside(UnknownKind, "%q", m.Kind)
	}
	j, err := m.Job.job()
	if err != nil {
		return Message{}, err
	}
	return Message{Event: &fleet.Event{ID: m.ID, Kind: m.Kind, At: m.At, Job: &j}}, nil
}

// messageOf reads what is common to our messages.
func messageOf(body []byte) (message, error) {
	var head struct{ V int }
	if err := json.Unmarshal(body, &head); err != nil {
		return message{}, aside(Malformed, "%s", err)
	}
	if head.V < oldestEvent || head.V > EventProtocol {
		return message{}, aside(UnknownVersion, "protocol %d, this version reads %d to %d", head.V, oldestEvent, EventProtocol)
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return message{}, aside(Malformed, "%s", err)
	}
	if m.Kind == "" || m.At.IsZero() {
		return message{}, aside(Malformed, "no kind or no time")
	}
	m.At = m.At.UTC()
	return m, nil
}

func (j job) job() (fleet.Job, error) {
	status, ok := statusOf(j.Status)
	switch {
	case !ok:
		return fleet.Job{}, aside(UnknownKind, "a job that is %q", j.Status)
	case j.ID <= 0 || j.Attempt <= 0 || j.Owner == "" || j.Repo == "":
		return fleet.Job{}, aside(Malformed, "a job without its number, attempt or repository")
	}
	return fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(j.ID), Attempt: j.Attempt}, Run: fleet.RunID(j.Run),
		Class:   fleet.Class{Scope: fleet.Scope{Installation: j.Installation, Owner: j.Owner, Repo: j.ScopeRepo}, Labels: fleet.NewLabels(j.Labels...)},
		OwnerID: j.OwnerID, Repo: j.Repo, Public: j.Public, Name: j.Name, Workflow: j.Workflow,
		Status: status, Conclusion: j.Conclusion, Runner: j.Runner,
		QueuedAt: j.QueuedAt.UTC(), StartedAt: j.StartedAt.UTC(), DoneAt: j.DoneAt.UTC(),
	}, nil
}

// noticeOf reads a message of EventBridge.
func noticeOf(body []byte, id string, at time.Time) (Message, error) {
	n, err := notices.Decode(body)
	if why, ok := errors.AsType[*notices.AsideError](err); ok {
		return Message{}, aside(Cause(why.Cause), "%s", why.Detail)
	}
	return Message{Event: noticed(n, id, at)}, err
}

func noticed(n fleet.Notice, id string, at time.Time) *fleet.Event {
	return &fleet.Event{ID: "sqs-" + id, Kind: "spot." + string(n.Kind), At: at, Notice: &n}
}
