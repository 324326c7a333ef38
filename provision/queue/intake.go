package queue

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Recorder remembers events. A ledger does.
type Recorder interface {
	// Record applies events durably. After an error some may be recorded: a
	// repeat applies the rest.
	Record(ctx context.Context, events ...fleet.Event) (fresh []bool, err error)
}

// Received is a message as SQS handed it over.
type Received struct {
	ID      string // SQS's number of the message
	Body    string
	Sender  string // who sent it, as SQS says: of a machine, ROLE-ID:INSTANCE-ID
	Times   int    // received so far, this time included
	Reports bool   // it came by the reports' queue
}

// Intake takes messages in. It is safe for concurrent use.
type Intake struct {
	Recorder Recorder
	Now      func() time.Time
	Log      *slog.Logger
}

// Taken is what became of a batch.
type Taken struct {
	// Failed is the messages that stay in their queue: those that could not be
	// recorded now, and those that are set aside.
	Failed []string
	// Wake: something was recorded, or asked for a look.
	Wake bool
	// Wakes are the messages that only asked for one.
	Wakes []string
	// Counts is how many messages came to what: recorded, known, wake, unrecorded,
	// or a cause for setting aside. Its keys are a closed list.
	Counts map[string]int
}

// told is a message that was decoded.
type told struct {
	Received
	event fleet.Event
}

// Take decodes and records a batch. No message keeps another back.
func (in *Intake) Take(ctx context.Context, batch []Received) Taken {
	t := Taken{Counts: map[string]int{}}
	var all []told
	for _, m := range batch {
		e, what, err := in.decode(ctx, m)
		switch {
		case err != nil:
			t.Failed = append(t.Failed, m.ID)
		case e != nil:
			all = append(all, told{m, *e})
			continue
		case what == kindWake:
			t.Wake, t.Wakes = true, append(t.Wakes, m.ID)
		}
		t.Counts[what]++
	}
	in.record(ctx, all, &t)
	return t
}

// decode is what a message says. One that is set aside is told of each time that
// it comes, never with its text: that may be anybody's.
func (in *Intake) decode(ctx context.Context, m Received) (e *fleet.Event, what string, err error) {
	if m.Reports {
		e, err = in.report(ctx, m)
	} else {
		var got Message
		got, err = Decode([]byte(m.Body), m.ID, in.Now())
		e, what = got.Event, kindWake
	}
	if why, ok := errors.AsType[*AsideError](err); ok {
		what = string(why.Cause)
		in.Log.WarnContext(ctx, "message left to be set aside", "message", m.ID, "reports", m.Reports, "times", m.Times, "error", why.Error())
	}
	return e, what, err
}

// report is what a machine told. That it asks for a config is known before its
// pool's boot estimate has passed, that it powers off before a look sees it.
func (in *Intake) report(ctx context.Context, m Received) (*fleet.Event, error) {
	r, err := DecodeReport([]byte(m.Body))
	if err != nil {
		return nil, err
	}
	if _, machine, _ := strings.Cut(m.Sender, ":"); machine != string(r.Machine) {
		return nil, aside(Forged, "about %q, by %q", r.Machine, m.Sender)
	}
	log := in.Log.With("machine", r.Machine, "kind", r.Kind)
	if n, ok := r.Notice(); ok {
		n.At, n.Deadline = n.At.UTC(), n.Deadline.UTC()
		log.InfoContext(ctx, "report", "busy", r.Busy)
		return noticed(n, m.ID, in.Now()), nil
	}
	at := in.Now()
	switch r.Kind {
	case fleet.ReportReady:
		log.InfoContext(ctx, "report", "age", at.Sub(r.At))
	case fleet.ReportEnded:
		log.InfoContext(ctx, "report", "outcome", r.Outcome, "reason", r.Reason, "exit_code", r.ExitCode)
	default:
		return nil, aside(UnknownKind, "report %q", r.Kind)
	}
	if r.At = r.At.UTC(); r.At.After(at) {
		r.At = at // its clock is not right yet
	}
	r.JobFrom, r.JobUntil = r.JobFrom.UTC(), r.JobUntil.UTC()
	r.Outcome, r.Reason, r.Result = fleet.Outcome(cut(string(r.Outcome))), cut(r.Reason), cut(r.Result)
	return &fleet.Event{ID: "sqs-" + m.ID, Kind: "report." + string(r.Kind), At: at, Report: &r}, nil
}

// record records events together. If that fails, each is tried by itself, so that
// none returns for another's sake.
func (in *Intake) record(ctx context.Context, all []told, t *Taken) {
	if len(all) == 0 {
		return
	}
	events := make([]fleet.Event, len(all))
	for i, m := range all {
		events[i] = m.event
	}
	fresh, err := in.Recorder.Record(ctx, events...)
	if err == nil {
		t.Wake = true
		for i := range all {
			t.Counts[newsOf(fresh, i)]++
		}
		return
	}
	in.Log.WarnContext(ctx, "batch not recorded whole, its messages are taken one by one", "messages", len(all), "error", err)
	type result struct {
		what string
		err  error
	}
	results := make([]result, len(all))
	var wait sync.WaitGroup
	for i, m := range all {
		wait.Go(func() {
			fresh, err := in.Recorder.Record(ctx, m.event)
			results[i] = result{newsOf(fresh, 0), err}
		})
	}
	wait.Wait()
	for i, m := range all {
		if err := results[i].err; err != nil {
			t.Failed = append(t.Failed, m.ID)
			t.Counts["unrecorded"]++
			in.Log.WarnContext(ctx, "message not recorded, it comes again", "message", m.ID, "kind", m.event.Kind, "times", m.Times, "error", err)
			continue
		}
		t.Wake = true
		t.Counts[results[i].what]++
	}
}

func newsOf(fresh []bool, i int) string {
	if i < len(fresh) && !fresh[i] {
		return "known"
	}
	return "recorded"
}

// Log is a batch's counts as attributes, in order of their names.
func (t Taken) Log() []slog.Attr {
	attrs := make([]slog.Attr, 0, len(t.Counts))
	for _, k := range slices.Sorted(maps.Keys(t.Counts)) {
		attrs = append(attrs, slog.Int(strings.ReplaceAll(k, " ", "_"), t.Counts[k]))
	}
	return attrs
}

// mostText bounds what is kept of a text of a machine's.
const mostText = 200

func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), mostText)], "") }
