package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/runfleet/runfleet/fleet"
)

// NewSQS is a client for senders and pollers. It tries a request three times: a
// message that is sent twice is taken in once.
func NewSQS(cfg aws.Config) *sqs.Client {
	return sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.RetryMaxAttempts = 3 })
}

// sendLimit is how long SQS may take for one message: GitHub waits ten seconds
// for its answer.
const sendLimit = 5 * time.Second

// mostDelay is how long SQS keeps a message back at most.
const mostDelay = 15 * time.Minute

// Events is the events' queue, for those who send.
type Events struct {
	SQS SendAPI
	URL string
	Now func() time.Time
}

// Record hands events over to the queue, durably, in order. What it returns with
// no error is sure to reach a ledger; which of it is news, only that knows.
func (q *Events) Record(ctx context.Context, events ...fleet.Event) (fresh []bool, err error) {
	for _, e := range events {
		body, err := EncodeEvent(e)
		if err != nil {
			return nil, err
		}
		if err := send(ctx, q.SQS, &sqs.SendMessageInput{QueueUrl: aws.String(q.URL), MessageBody: aws.String(string(body))}); err != nil {
			return nil, fmt.Errorf("send event %s: %w", e.Kind, err)
		}
	}
	return nil, nil
}

// Later has a wake arrive at an instant, or after the quarter of an hour that
// SQS can keep it back: whoever looks then asks again.
func (q *Events) Later(ctx context.Context, at time.Time) error {
	wait := min(max(at.Sub(q.Now()), 0), mostDelay)
	// Up to a whole second: a look that comes too early changes nothing.
	seconds := int32((wait + time.Second - 1) / time.Second)
	err := send(ctx, q.SQS, &sqs.SendMessageInput{
		QueueUrl: aws.String(q.URL), MessageBody: aws.String(wakeBody(kindWake, at)), DelaySeconds: seconds,
	})
	if err != nil {
		return fmt.Errorf("send wake for %s: %w", at.UTC().Format(time.TimeOnly), err)
	}
	return nil
}

func wakeBody(kind string, at time.Time) string {
	data, err := json.Marshal(message{V: EventProtocol, Kind: kind, At: at.UTC()})
	if err != nil {
		panic(err) // a number, a word and a time of this age
	}
	return string(data)
}

func send(ctx context.Context, api SendAPI, in *sqs.SendMessageInput) error {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	_, err := api.SendMessage(ctx, in)
	return err
}
