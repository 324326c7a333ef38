package lambda

import (
	"context"
	"log/slog"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/provision/queue"
)

// events is the function that takes in what comes by queues.
type events struct {
	parts *parts[*queue.Intake]
	wakes waker
	trust string // the queue where machines may not send, as wire.QueueName has it
	log   *slog.Logger
}

// waker asks for looks. The queue of looks does.
type waker interface {
	Wake(context.Context) error
	Full(context.Context) error
}

func (f *events) handle(ctx context.Context, payload []byte) (any, error) {
	b, err := batchOf(payload)
	if err != nil {
		return nil, err
	}
	all := make([]queue.Received, len(b.Records))
	for i, m := range b.Records {
		all[i] = queue.Received{
			ID: m.ID, Body: m.Body, Sender: m.Attributes["SenderId"], Times: times(m.Attributes),
			// Of a queue that is not the one that is known, no more is believed than
			// of the one where machines may send.
			Reports: wire.QueueName(m.Source) != f.trust,
		}
	}
	taken := f.parts.get(ctx).Take(ctx, all)
	f.log.LogAttrs(ctx, slog.LevelInfo, "messages", taken.Log()...)
	if taken.Wake {
		if err := f.wakes.Wake(ctx); err != nil {
			// What is recorded is seen within a minute all the same.
			f.log.WarnContext(ctx, "no look was asked for", "error", err)
			taken.Failed = append(taken.Failed, taken.Wakes...)
		}
	}
	return leave(taken.Failed), nil
}

// tick is the function that is called each minute.
type tick struct{ wakes waker }

func (f tick) handle(ctx context.Context, _ []byte) (any, error) {
	return nil, f.wakes.Full(ctx)
}
